import type { Clock } from '../../base/kit/clock.ts';
import type { Log } from '../../base/kit/log.ts';
import { oneAtATime } from '../../base/kit/one-at-a-time.ts';
import type { Event } from '../../contract/system.ts';
import type { EventReader } from './parts.ts';

// One reader of the store per process, however many clients: it keeps the last events in a ring that all streams share.
// A stream holds only a position. It takes from the ring when its client is ready for more; one that fell behind the ring,
// or resumes from long ago, reads its pages from the store, two streams at a time.

export interface HubEntry {
  position: bigint;
  workspace_id: string | null;
  type: string;
  /** The event as it is sent: bytes made once, shared by all streams. */
  frame: Buffer;
}

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

export interface Page {
  entries: readonly HubEntry[];
  position: bigint;
}

const RING_SIZE = 4096;
const RING_BYTES = 16 * 1024 * 1024;
const PAGE_SIZE = 200;
const MAX_CATCHING_UP = 2;
const RETRY_MS = 1000;

export interface HubParts {
  events: EventReader;
  clock: Clock;
  log: Log;
  beat_ms: number;
}

export function openEventHub({ events, clock, log, beat_ms }: HubParts): EventHub {
  let ring: HubEntry[] = [];
  let ring_bytes = 0;
  /** Every event after this position, up to `head`, is in the ring. */
  let floor: bigint | undefined;
  let head = 0n;
  let closed = false;
  let failing_since: number | null = null;
  let waiting = new Set<(wake: Wake) => void>();
  const watchers = new Set<(event: Event) => void>();
  const slots = limitTo(MAX_CATCHING_UP);

  const wakeAll = (wake: Wake) => {
    const woken = waiting;
    waiting = new Set();
    for (const wakeOne of woken) wakeOne(wake);
  };

  let started: Promise<void> | undefined;
  /** Once: a second, later beginning would leave out what came between the two. */
  const start = (): Promise<void> => {
    started ??= begin().catch((error: unknown) => {
      started = undefined;
      throw error;
    });
    return started;
  };
  async function begin(): Promise<void> {
    head = BigInt(await events.head());
    floor = head;
  }

  /** Reads what is new until nothing is: one at a time, and once more for a hint that came meanwhile. */
  const advance = oneAtATime(async () => {
    if (closed) return;
    try {
      await start();
      for (let page = await readAfter(head); page.length > 0; page = await readAfter(head)) {
        take(page);
        wakeAll('news');
      }
      failing_since = null;
    } catch (error) {
      if (failing_since === null) log.warn({ error }, 'The event stream cannot be read; trying again');
      failing_since ??= clock.now();
    }
  });

  const readAfter = (position: bigint) => events.read(String(position), { limit: PAGE_SIZE });

  function take(page: readonly Event[]): void {
    for (const event of page) {
      const entry = toEntry(event);
      ring.push(entry);
      ring_bytes += entry.frame.length;
      head = entry.position;
      for (const seen of watchers) seen(event);
    }
    forgetOldest();
  }

  /** By number and by size: a few huge events must not cost what thousands of ordinary ones do. */
  function forgetOldest(): void {
    let count = 0;
    for (; ring.length - count > RING_SIZE || ring_bytes > RING_BYTES; count += 1) {
      const oldest = ring[count];
      if (oldest === undefined) break;
      ring_bytes -= oldest.frame.length;
      floor = oldest.position;
    }
    if (count > 0) ring = ring.slice(count);
  }

  const unsubscribe = events.subscribe(() => void advance());
  // A hint may be lost with the connection that brings it; a store that was away is asked again soon.
  const beat = setInterval(() => {
    wakeAll('beat');
    void advance();
  }, beat_ms).unref();
  const retry = setInterval(() => {
    if (failing_since !== null) void advance();
  }, RETRY_MS).unref();

  return {
    async head() {
      await start();
      return head;
    },
    async resume(after) {
      await start();
      // Another server may have told a position that this one has not read yet.
      if (after > head) await advance();
      const oldest = BigInt(await events.oldest());
      return after <= head && after + 1n >= oldest ? after : undefined;
    },
    async read(after, workspace_id, types) {
      await start();
      if (floor !== undefined && after >= floor) return fromRing(ring, after, head, workspace_id, types);
      return slots(async () => {
        // Taken before the store is asked: what the ring drops meanwhile is not covered by the answer.
        const known = floor ?? after;
        const page = await events.read(String(after), { workspace_id, types, limit: PAGE_SIZE });
        const last = page.at(-1)?.position;
        // An empty page says that nothing lies between `after` and what the ring knows from there on.
        return { entries: page.map(toEntry), position: last === undefined ? known : BigInt(last) };
      });
    },
    wait: (position, signal) =>
      new Promise(resolve => {
        if (closed || signal.aborted) return resolve('end');
        // It came between reading and waiting.
        if (head > position) return resolve('news');
        const done = (wake: Wake) => {
          waiting.delete(done);
          signal.removeEventListener('abort', end);
          resolve(wake);
        };
        const end = () => done('end');
        waiting.add(done);
        signal.addEventListener('abort', end, { once: true });
      }),
    watch(seen) {
      watchers.add(seen);
      return () => watchers.delete(seen);
    },
    lag: () => ({ position: String(head), failing_since }),
    close() {
      closed = true;
      unsubscribe();
      clearInterval(beat);
      clearInterval(retry);
      wakeAll('end');
    },
  };
}

function fromRing(
  ring: readonly HubEntry[],
  after: bigint,
  head: bigint,
  workspace_id: string,
  types: readonly string[],
): Page {
  const start = firstAfter(ring, after);
  const seen = ring.slice(start, start + PAGE_SIZE);
  const is_end = start + seen.length >= ring.length;
  const position = is_end ? maxOf(head, after) : (seen.at(-1)?.position ?? after);
  return { entries: seen.filter(entry => isFor(entry, workspace_id, types)), position };
}

/** The ring is in order of position: a client at its end finds its place in twelve steps. */
function firstAfter(ring: readonly HubEntry[], position: bigint): number {
  let low = 0;
  let high = ring.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const entry = ring[middle];
    if (entry !== undefined && entry.position <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isFor(entry: HubEntry, workspace_id: string, types: readonly string[]): boolean {
  if (entry.workspace_id !== workspace_id) return false;
  return types.length === 0 || types.some(type => entry.type.startsWith(type));
}

/** No `event:` field: EventSource would need a listener per type; the type is in the data. */
function toEntry(event: Event): HubEntry {
  return {
    position: BigInt(event.position),
    workspace_id: event.workspace_id,
    type: event.type,
    frame: Buffer.from(`id: ${event.position}\ndata: ${JSON.stringify(event)}\n\n`),
  };
}

function maxOf(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
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
