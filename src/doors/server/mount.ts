import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { fail } from '../../base/kit/errors.ts';
import type { Call, Handler, Handlers, RouteSpec, StreamReply } from '../../contract/route.ts';
import { API_PREFIX, type Routes, routeEntries } from '../../contract/routes.ts';
import { type Answer, makeAnswer, sendAnswer, sendStream } from './answer.ts';
import { admit, type Caller, originOf, readmit } from './caller.ts';
import { cookiesOf } from './cookies.ts';
import { answerOnce } from './idempotency.ts';
import { type Input, readInput } from './input.ts';
import { DEFAULT_LIMITS, type ServerLimits, type ServerParts } from './parts.ts';
import { faultsOf, toFastifyPath } from './table.ts';

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | null;
  }
  interface FastifyContextConfig {
    /** The route's name in the table: what logs and metrics call it. */
    name?: string;
    /** Takes a body of bytes. */
    bytes?: true;
  }
}

/** Every route of the table, and nothing else, becomes a route of the server. */
export function mountRoutes(
  app: FastifyInstance,
  handlers: Handlers<Routes>,
  parts: ServerParts,
  limits: ServerLimits,
): void {
  const faults = faultsOf(routeEntries, handlers);
  if (faults.length > 0) throw new Error(`The route table is not in order: ${faults.join('; ')}.`);
  app.decorateRequest('caller', null);
  for (const [name, route] of routeEntries)
    mountRoute(app, name, route, handlers[name] as Handler<RouteSpec>, parts, limits);
}

function mountRoute(
  app: FastifyInstance,
  name: string,
  route: RouteSpec,
  handler: Handler<RouteSpec>,
  parts: ServerParts,
  limits: ServerLimits,
): void {
  app.route({
    method: route.method,
    url: API_PREFIX + toFastifyPath(route.path),
    config: { name, ...(route.bytes && { bytes: true }) },
    bodyLimit: route.body_limit ?? limits.body_bytes,
    exposeHeadRoute: route.output !== 'stream',
    // A stream lasts as long as its client; what is idle or stalled ends by other means.
    ...(route.output !== 'stream' && { handlerTimeout: limits.handler_ms }),
    onRequest: async (request, reply) => {
      request.caller = await admit(name, route, request, cookiesOf(request, reply, parts).session(), parts);
    },
    handler: async (request, reply) => {
      const input = readInput(route, request);
      const call = makeCall(route, request, reply, input, parts);
      if (route.output === 'stream') {
        const stream = (await handler(call)) as unknown as StreamReply;
        return sendStream(request, reply, stream, parts.log);
      }
      const work = async () => makeAnswer(name, route, await handler(call));
      const answer = await perform(name, request, reply, input, parts, work);
      // The handler sent the browser elsewhere: the location is the answer.
      return reply.hasHeader('location')
        ? reply.header('cache-control', 'no-store').send()
        : sendAnswer(request, reply, answer);
    },
  });
}

async function perform(
  name: string,
  request: FastifyRequest,
  reply: FastifyReply,
  input: Input,
  parts: ServerParts,
  work: () => Promise<Answer>,
): Promise<Answer> {
  const { credentials, workspace_id } = callerOf(request);
  const credential = credentials.bearer ?? credentials.session_token;
  if (input.idempotency_key === undefined || credential === undefined) return work();
  const asked = { name, workspace_id, credential, key: input.idempotency_key, input };
  const { answer, replayed } = await answerOnce(asked, parts, work);
  if (replayed) reply.header('idempotency-replayed', 'true');
  return answer;
}

function makeCall(
  route: RouteSpec,
  request: FastifyRequest,
  reply: FastifyReply,
  input: Input,
  parts: ServerParts,
): Call {
  const { principal, workspace_id } = callerOf(request);
  const cookies = cookiesOf(request, reply, parts);
  let signal: AbortSignal | undefined;
  const call = {
    params: input.params,
    query: input.query,
    body: input.body,
    bytes: route.bytes ? bytesOf(route, request) : undefined,
    headers: input.headers,
    version: input.version,
    principal,
    workspace_id,
    origin: originOf(request),
    // Made when it is asked for: most handlers are done before anybody could go away.
    get signal() {
      signal ??= signalOf(reply);
      return signal;
    },
    recheck: () => readmit(route, callerOf(request), parts.identify),
    session: { start: cookies.startSession, end: cookies.endSession },
    browser: { recall: cookies.recall, keep: cookies.keep, forget: cookies.forget },
    redirect: (location: string) => void reply.code(302).header('location', location),
  };
  // The one place where the table's types meet the wire's: the schemas just proved them, route by route.
  return call as unknown as Call;
}

/** The parser hands bodies of bytes on unread; a client that names no length, or lies about it, is stopped where it matters. */
async function* bytesOf(route: RouteSpec, request: FastifyRequest): AsyncGenerator<Uint8Array> {
  if (!(request.body instanceof Readable))
    throw fail('request.unsupported_media_type', { received: request.headers['content-type'] ?? '' });
  const limit = route.body_limit ?? request.routeOptions.bodyLimit ?? DEFAULT_LIMITS.body_bytes;
  let bytes = 0;
  for await (const piece of request.body) {
    bytes += piece.length;
    if (bytes > limit) throw fail('request.too_large', { limit });
    yield piece;
  }
}

function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null) throw new Error('A handler was reached by nobody that was admitted.');
  return request.caller;
}

/** Not Fastify's own signal: that one aborts as soon as a request with a body has been read. */
function signalOf(reply: FastifyReply): AbortSignal {
  const ended = new AbortController();
  if (reply.raw.destroyed) ended.abort();
  reply.raw.once('close', () => ended.abort());
  return ended.signal;
}
