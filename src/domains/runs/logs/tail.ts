import { setTimeout as delay } from 'node:timers/promises';
import { fail, isFailure } from '../../../base/kit/errors.ts';
import type { Call, StreamReply } from '../../../contract/route.ts';
import type { LogLine, runRoutes } from '../../../contract/runs.ts';
import { toLogLine } from './line.ts';
import { placeOf, type ReaderParts, readPage } from './reader.ts';
import type { LogPlace } from './store.ts';
import type { LogWatch } from './watch.ts';

type TailCall = Call<(typeof runRoutes)['logs.tail']>;

export interface Tails {
  open(call: TailCall): Promise<StreamReply>;
  count(): number;
  close(): void;
}

export interface TailLimits {
  tails: number;
  tails_per_principal: number;
  /** A client that does not read for so long is dropped. */
  stalled_ms: number;
  /** About how often it is asked again whether the caller may see this. */
  recheck_ms: number;
}

const LIMITS: TailLimits = { tails: 500, tails_per_principal: 30, stalled_ms: 60_000, recheck_ms: 30_000 };
/** Lines of one event; the next ones are read when the client has taken these. */
const PAGE_LINES = 2000;
/** A task that has no attempt yet is looked at this often. */
const NO_ATTEMPT_MS = 1000;

interface OpenTail {
  principal_id: string;
  suspended_since: number | undefined;
  recheck_at: number;
  stop: AbortController;
}

export function openTails(parts: ReaderParts & { watch: LogWatch; limits?: Partial<TailLimits> }): Tails {
  const { monotonic, watch } = parts;
  const limits = { ...LIMITS, ...parts.limits };
  const tails = new Set<OpenTail>();
  let closing = false;

  const dropStalled = setInterval(() => {
    const oldest = monotonic() - limits.stalled_ms;
    for (const tail of tails)
      if (tail.suspended_since !== undefined && tail.suspended_since < oldest) tail.stop.abort();
  }, limits.stalled_ms / 3).unref();

  /** Spread out, so that those opened by one restart do not ask in the same second for ever. */
  const nextCheck = () => monotonic() + limits.recheck_ms * (0.5 + Math.random() / 2);

  function register({ principal }: TailCall): OpenTail {
    const mine = [...tails].filter(({ principal_id }) => principal_id === principal.id).length;
    if (closing) throw fail('server.stopping');
    if (mine >= limits.tails_per_principal)
      throw fail('events.too_many_streams', { count: mine, whom: principal.name });
    if (tails.size >= limits.tails)
      throw fail('events.too_many_streams', { count: tails.size, whom: 'this server' });
    const tail: OpenTail = {
      principal_id: principal.id,
      suspended_since: undefined,
      recheck_at: nextCheck(),
      stop: new AbortController(),
    };
    tails.add(tail);
    return tail;
  }

  async function mayRead(tail: OpenTail, call: TailCall): Promise<boolean> {
    if (monotonic() < tail.recheck_at) return true;
    tail.recheck_at = nextCheck();
    return call.recheck().then(
      () => true,
      // While the store is away nothing is shown either; the next turn asks again.
      (error: unknown) => isFailure(error, 'server.unavailable'),
    );
  }

  /** Paused at each `yield` until the client has taken what came before: nothing is read ahead of it. */
  async function* frames(tail: OpenTail, call: TailCall, first: LogPlace): AsyncGenerator<string> {
    const { signal } = tail.stop;
    const give = function* (frame: string) {
      tail.suspended_since = monotonic();
      yield frame;
      tail.suspended_since = undefined;
    };
    let place = first;
    let at = startOf(call);
    yield* give(hello(place, at));
    while (!closing && !signal.aborted) {
      if (!(await mayRead(tail, call))) return yield* give(END_REFUSED);
      const step = await nextStep(call, place, at);
      if (step === 'away') {
        yield* give(BEAT);
        await sleep(NO_ATTEMPT_MS, signal);
        continue;
      }
      place = step.place;
      if (step.at > at) {
        at = step.at;
        yield* give(frameOf(step.lines, at));
        continue;
      }
      if (!place.open) return yield* give(endOf(place));
      const wake = await waitFor(place, at, signal);
      if (wake === 'beat') yield* give(BEAT);
    }
    if (closing) yield* give(END_STOPPING);
  }

  /** What is known of the attempt is read before its lines: those that were written until it ended are then seen. */
  async function nextStep(call: TailCall, known: LogPlace, at: number): Promise<Step | 'away'> {
    try {
      const { workspace_id, params, query } = call;
      const attempt = query.attempt ?? known.attempt ?? undefined;
      const place = await placeOf(parts, { workspace_id, task_id: params.id, attempt });
      const asked = { from: at, limit: PAGE_LINES, back: false, level: query.level, full: false };
      const page = await readPage(parts, workspace_id, place, asked);
      const lines = page.lines.map(line => toLogLine(line, false));
      return { place, lines, at: page.next ?? Math.max(at, place.lines, (lines.at(-1)?.n ?? -1) + 1) };
    } catch (error) {
      if (isFailure(error, 'server.unavailable')) return 'away';
      throw error;
    }
  }

  async function waitFor(place: LogPlace, at: number, signal: AbortSignal): Promise<'news' | 'beat' | 'end'> {
    const { task_id, attempt } = place;
    if (attempt !== null) return watch.wait({ task_id, attempt }, at, signal);
    await sleep(NO_ATTEMPT_MS, signal);
    return 'beat';
  }

  return {
    async open(call) {
      const tail = register(call);
      const release = () => {
        tails.delete(tail);
        tail.stop.abort();
      };
      call.signal.addEventListener('abort', release, { once: true });
      if (call.signal.aborted) release();
      try {
        const { workspace_id, params, query } = call;
        const place = await placeOf(parts, { workspace_id, task_id: params.id, attempt: query.attempt });
        const body = frames(tail, call, place);
        return { content_type: 'text/event-stream; charset=utf-8', body, cut: tail.stop.signal };
      } catch (error) {
        release();
        throw error;
      }
    },
    count: () => tails.size,
    close() {
      closing = true;
      clearInterval(dropStalled);
    },
  };
}

interface Step {
  place: LogPlace;
  lines: LogLine[];
  at: number;
}

/** A browser that reconnects sends the header, and the address of the first time. */
function startOf({ headers, query }: TailCall): number {
  const last = headers['last-event-id'];
  return last !== undefined && /^\d{1,15}$/.test(last) ? Number(last) : query.from;
}

/** The id of each event is the number of the line that comes next. */
function frameOf(items: readonly LogLine[], at: number): string {
  // Lines that the level left out move the place all the same; an event without data does that, and calls nobody.
  return items.length === 0 ? `id: ${at}\n\n` : `id: ${at}\ndata: ${JSON.stringify({ items })}\n\n`;
}

function hello({ attempt, lines }: LogPlace, at: number): string {
  const retry_ms = 1000 + Math.floor(Math.random() * 3000);
  return `retry: ${retry_ms}\nid: ${at}\nevent: hello\ndata: ${JSON.stringify({ attempt, from: at, lines })}\n\n`;
}

function endOf({ attempt, lines, dropped }: LogPlace): string {
  return `event: end\ndata: ${JSON.stringify({ code: null, attempt, lines, dropped })}\n\n`;
}

const BEAT = ': beat\n\n';
const END_REFUSED = 'event: end\ndata: {"code":"auth.invalid"}\n\n';
const END_STOPPING = 'event: end\ndata: {"code":"server.stopping"}\n\n';

/** Shorter when the signal aborts; whoever slept looks at it. */
async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal, ref: false }).catch(() => {});
}
