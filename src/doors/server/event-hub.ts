import type { Clock } from '../../base/kit/clock.ts';
import type { Log } from '../../base/kit/log.ts';
import { oneAtATime } from '../../base/kit/one-at-a-time.ts';
import type { Event } from '../../contract/system.ts';
import { createRing, type EventRing, PAGE_SIZE, type Page, toEntry } from './event-ring.ts';
import type { EventReader } from './parts.ts';

// One reader of the store per process, however many clients: it keeps the last events in a ring that all streams share.
// A stream holds only a position. It takes from the ring when its client is ready for more; one that fell behind the ring,
// or resumes from long ago, reads its pages from the store, two streams at a time.

export interface EventHub {
  /** The newest position seen; reads it from the store the first time. */
  head(): Promise<bigint>;
  /**
   * Where a stream that saw `after` goes on; undefined when that place is not in the stream (any more): a position of the
   * future, as after a restored backup, or one whose followers retention has deleted.
   */
  resume(after: bigint): Promise<bigint | undefined>;
  /** What follows `after`, at most a page; `position` is how far the search came. */
  read(after: bigint, workspace_id: string, types: readonly string[]): Promise<Page>;
  /** Resolves when there is more than `position`, at a beat, when the signal aborts, or when the hub closes. */
  wait(position: bigint, signal: AbortSignal): Promise<Wake>;
  /** Sees every event that passes, of all workspaces. */
  watch(seen: (event: Event) => void): () => void;
  lag(): { position: string; failing_since: number | null };
  close(): void;
}

export type Wake = 'news' | 'beat' | 'end';

const MAX_CATCHING_UP = 2;
const RETRY_MS = 1000;

export interface HubParts {
  events: EventReader;
  clock: Clock;
  log: Log;
  beat_ms: number;
}

export function openEventHub({ events, clock, log, beat_ms }: HubParts): EventHub {
  let ring: EventRing | undefined;
  let closed = false;
  let failing_since: number | null = null;
  const waiters = createWaiters();
  const watchers = new Set<(event: Event) => void>();
  const slots = limitTo(MAX_CATCHING_UP);

  let starting: Promise<EventRing> | undefined;
  /** Once: a second, later beginning would leave out what came between the two. */
  const start = (): Promise<EventRing> => {
    starting ??= begin().catch((error: unknown) => {
      starting = undefined;
      throw error;
    });
    return starting;
  };
  const begin = async () => {
    ring = createRing(BigInt(await events.head()));
    return ring;
  };

  const readNew = async () => {
    const ours = await start();
    const next = () => events.read(String(ours.head()), { limit: PAGE_SIZE });
    for (let page = await next(); page.length > 0; page = await next()) {
      ours.add(page);
      for (const event of page) for (const seen of watchers) seen(event);
      waiters.wake('news');
    }
  };
  /** Reads what is new until nothing is: one at a time, and once more for a hint that came meanwhile. */
  const advance = oneAtATime(async () => {
    if (closed) return;
    try {
      await readNew();
      failing_since = null;
    } catch (error) {
      if (failing_since === null) log.warn({ error }, 'The event stream cannot be read; trying again');
      failing_since ??= clock.now();
    }
  });

  const catchUp = async (ours: EventRing, after: bigint, workspace_id: string, types: readonly string[]) => {
    // Taken before the store is asked: what the ring drops meanwhile is not covered by the answer.
    const known = ours.floor();
    const page = await events.read(String(after), { workspace_id, types, limit: PAGE_SIZE });
    const last = page.at(-1)?.position;
    // An empty page says that nothing lies between `after` and what the ring knows from there on.
    return { entries: page.map(toEntry), position: last === undefined ? known : BigInt(last) };
  };

  const unsubscribe = events.subscribe(() => void advance());
  // A hint may be lost with the connection that brings it; a store that was away is asked again soon.
  const beat = setInterval(() => {
    waiters.wake('beat');
    void advance();
  }, beat_ms).unref();
  const retry = setInterval(() => {
    if (failing_since !== null) void advance();
  }, RETRY_MS).unref();

  return {
    head: async () => (await start()).head(),
    async resume(after) {
      const ours = await start();
      // Another server may have told a position that this one has not read yet.
      if (after > ours.head()) await advance();
      const oldest = BigInt(await events.oldest());
      return after <= ours.head() && after + 1n >= oldest ? after : undefined;
    },
    async read(after, workspace_id, types) {
      const ours = await start();
      if (after >= ours.floor()) return ours.read(after, workspace_id, types);
      return slots(() => catchUp(ours, after, workspace_id, types));
    },
    async wait(position, signal) {
      if (closed || signal.aborted) return 'end';
      // It came between reading and waiting.
      if (headOf(ring) > position) return 'news';
      return waiters.wait(signal);
    },
    watch(seen) {
      watchers.add(seen);
      return () => watchers.delete(seen);
    },
    lag: () => ({ position: String(headOf(ring)), failing_since }),
    close() {
      closed = true;
      unsubscribe();
      clearInterval(beat);
      clearInterval(retry);
      waiters.wake('end');
    },
  };
}

/** 0 until the store was asked. */
function headOf(ring: EventRing | undefined): bigint {
  return ring?.head() ?? 0n;
}

/** Streams that wait for the next thing to happen, whichever it is. */
function createWaiters() {
  let waiting = new Set<(wake: Wake) => void>();
  return {
    wake(wake: Wake) {
      const woken = waiting;
      waiting = new Set();
      for (const wakeOne of woken) wakeOne(wake);
    },
    wait: (signal: AbortSignal) =>
      new Promise<Wake>(resolve => {
        const done = (wake: Wake) => {
          waiting.delete(done);
          signal.removeEventListener('abort', end);
          resolve(wake);
        };
        const end = () => done('end');
        waiting.add(done);
        signal.addEventListener('abort', end, { once: true });
      }),
  };
}

function limitTo(count: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = count;
  const queue: (() => void)[] = [];
  return async work => {
    if (free > 0) free -= 1;
    else await new Promise<void>(resolve => queue.push(resolve));
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next) next();
      else free += 1;
    }
  };
}
