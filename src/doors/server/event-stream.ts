import type { Clock } from '../../base/kit/clock.ts';
import { fail, isFailure } from '../../base/kit/errors.ts';
import type { Principal } from '../../contract/principal.ts';
import type { Call, StreamReply } from '../../contract/route.ts';
import type { systemRoutes } from '../../contract/system.ts';
import type { EventHub } from './event-hub.ts';
import type { HubEntry } from './event-ring.ts';
import type { ServerLimits, ServerParts } from './parts.ts';

type StreamCall = Call<(typeof systemRoutes)['events.stream']>;

export interface EventStreams {
  open(call: StreamCall): Promise<StreamReply>;
  count(): number;
  close(): void;
}

interface OpenStream {
  principal_id: string;
  workspace_id: string;
  /** Ids of what the right to listen hangs on: person, session, token, workspace. */
  rights_of: readonly string[];
  /** Monotonic; set while the client has not taken what it was given. */
  suspended_since: number | undefined;
  /** Monotonic; when to ask again whether it may listen. */
  recheck_at: number;
  stop: AbortController;
}

/** Events that may end somebody's right to listen: asked at once, not at the next turn. */
const ENDS_RIGHTS =
  /^(session\.|token\.revoked|member\.(removed|role_changed)|user\.(changed|password_)|service_account\.|workspace\.deleted)/;

export function openEventStreams(
  hub: EventHub,
  { clock, log }: Pick<ServerParts, 'clock' | 'log'>,
  limits: ServerLimits,
): EventStreams {
  const streams = new Set<OpenStream>();
  let closing = false;

  const unwatch = hub.watch(event => {
    if (!ENDS_RIGHTS.test(event.type)) return;
    const named = `${event.subject} ${event.actor}`;
    for (const stream of streams)
      if (stream.rights_of.some(id => named.includes(id))) stream.recheck_at = Number.NEGATIVE_INFINITY;
  });

  const dropStalled = setInterval(() => {
    const oldest = clock.monotonic() - limits.stalled_ms;
    for (const stream of streams)
      if (stream.suspended_since !== undefined && stream.suspended_since < oldest) {
        log.debug({ principal_id: stream.principal_id }, 'A stream whose client does not read is dropped');
        stream.stop.abort();
      }
  }, limits.stalled_ms / 3).unref();

  const register = (call: StreamCall): OpenStream => {
    if (closing) throw fail('server.stopping');
    refuseTooMany(streams, call.principal, limits);
    const stream = describeStream(call, nextCheck(clock, limits));
    streams.add(stream);
    return stream;
  };

  return {
    async open(call) {
      const stream = register(call);
      const release = () => {
        streams.delete(stream);
        stream.stop.abort();
      };
      call.signal.addEventListener('abort', release, { once: true });
      if (call.signal.aborted) release();
      try {
        const start = await findStart(hub, call);
        const body = frames({ hub, clock, limits, stream, call, start, isClosing: () => closing });
        return { content_type: 'text/event-stream; charset=utf-8', body, cut: stream.stop.signal };
      } catch (error) {
        release();
        throw error;
      }
    },
    count: () => streams.size,
    close() {
      closing = true;
      clearInterval(dropStalled);
      unwatch();
    },
  };
}

// ── Who may open one, and go on listening ───────────────────────────────────────────────────────────

function refuseTooMany(
  streams: ReadonlySet<OpenStream>,
  { id, name }: Principal,
  limits: ServerLimits,
): void {
  const mine = [...streams].filter(stream => stream.principal_id === id).length;
  if (mine >= limits.streams_per_principal)
    throw fail('events.too_many_streams', { count: mine, whom: name });
  if (streams.size >= limits.streams)
    throw fail('events.too_many_streams', { count: streams.size, whom: 'this server' });
}

function describeStream({ principal, workspace_id }: StreamCall, recheck_at: number): OpenStream {
  const { id, session_id, token_id } = principal;
  return {
    principal_id: id,
    workspace_id,
    rights_of: [id, session_id, token_id, workspace_id].filter(one => one !== undefined),
    suspended_since: undefined,
    recheck_at,
    stop: new AbortController(),
  };
}

/** Spread out: a thousand streams opened by one restart do not ask in the same second for ever. */
function nextCheck(clock: Clock, limits: ServerLimits): number {
  return clock.monotonic() + limits.recheck_ms * (0.5 + Math.random() / 2);
}

async function mayListen({ stream, call, clock, limits }: Telling): Promise<boolean> {
  if (clock.monotonic() < stream.recheck_at) return true;
  stream.recheck_at = nextCheck(clock, limits);
  return call.recheck().then(
    () => true,
    // While the store is away nothing is shown either; the next turn asks again.
    (error: unknown) => isFailure(error, 'server.unavailable'),
  );
}

// ── What it is told ─────────────────────────────────────────────────────────────────────────────────

interface Telling {
  hub: EventHub;
  clock: Clock;
  limits: ServerLimits;
  stream: OpenStream;
  call: StreamCall;
  start: Start;
  isClosing: () => boolean;
}

/** Paused at each `yield` until the client has taken what came before: it buffers nothing, and a client that does not read costs nothing. */
async function* frames(telling: Telling) {
  const { hub, clock, stream, call, start, isClosing } = telling;
  const types = call.query.types?.split(',').filter(type => type !== '') ?? [];
  const give = function* (chunk: string | Uint8Array) {
    stream.suspended_since = clock.monotonic();
    yield chunk;
    stream.suspended_since = undefined;
  };
  let { position } = start;
  yield* give(hello(start));
  while (!isClosing()) {
    const seen = await hub.read(position, stream.workspace_id, types);
    if (!(await mayListen(telling))) return yield* give(END_REFUSED);
    const has_moved = seen.position > position;
    position = seen.position;
    for (const piece of piecesOf(seen.entries)) yield* give(piece);
    if (has_moved) continue;
    const wake = await hub.wait(position, stream.stop.signal);
    if (stream.stop.signal.aborted) return;
    if (wake === 'beat') yield* give(BEAT);
  }
  yield* give(END_STOPPING);
}

async function findStart(hub: EventHub, { headers, query }: StreamCall): Promise<Start> {
  // A browser that reconnects sends the header, and the address of the first time.
  const asked = readPosition(headers['last-event-id']) ?? readPosition(query.after);
  const position = asked === undefined ? undefined : await hub.resume(asked);
  return { position: position ?? (await hub.head()), resumed: position !== undefined };
}

const PIECE_BYTES = 64 * 1024;

/** Few writes for many small events, and no piece so large that a slow line takes long for it and looks stalled. */
function* piecesOf(entries: readonly HubEntry[]): Generator<Buffer> {
  let frames: Buffer[] = [];
  let size = 0;
  for (const { frame } of entries) {
    frames.push(frame);
    size += frame.length;
    if (size < PIECE_BYTES) continue;
    yield Buffer.concat(frames);
    frames = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(frames);
}

interface Start {
  position: bigint;
  resumed: boolean;
}

/** The client knows its place from the first moment on, and whether it missed something that it must read again. */
function hello({ position, resumed }: Start): string {
  // After a restart a thousand tabs come back: not all in the same second.
  const retry_ms = 1000 + Math.floor(Math.random() * 3000);
  const data = JSON.stringify({ position: String(position), resumed });
  return `retry: ${retry_ms}\nid: ${position}\nevent: hello\ndata: ${data}\n\n`;
}

const BEAT = ': beat\n\n';
const END_REFUSED = 'event: end\ndata: {"code":"auth.invalid"}\n\n';
const END_STOPPING = 'event: end\ndata: {"code":"server.stopping"}\n\n';

/** What a client sends back may be anything: a position of ours, or nothing. */
function readPosition(text: string | undefined): bigint | undefined {
  return text !== undefined && /^\d{1,19}$/.test(text) ? BigInt(text) : undefined;
}
