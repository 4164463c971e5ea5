import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isFailure } from '../../base/kit/errors.ts';
import type { Log } from '../../base/kit/log.ts';
import type { RouteSpec, StreamReply } from '../../contract/route.ts';

/** A finished answer as plain data: what is sent, and what a repetition with the same idempotency key is sent again. */
export interface Answer {
  status: number;
  /** JSON text; undefined for 204. */
  body: string | undefined;
  etag: string | undefined;
}

/** The schema decides what leaves: undeclared fields are dropped, and what does not fit is our error, never an answer. */
export function makeAnswer(name: string, route: RouteSpec, output: unknown): Answer {
  if (typeof route.output === 'string') return { status: 204, body: undefined, etag: undefined };
  const filtered = route.output.safeParse(output);
  if (!filtered.success) {
    const where = filtered.error.issues.map(issue => `${issue.path.join('.')}: ${issue.message}`).join('; ');
    throw new Error(`The answer of ${name} does not fit its schema: ${where}`);
  }
  const body = JSON.stringify(filtered.data);
  const etag = route.etag === undefined ? undefined : etagOf(filtered.data, body);
  return { status: route.status ?? 200, body, etag };
}

/**
 * The version is what If-Match compares. The hash makes the tag true for caches too: what an answer shows may change
 * without its version (my memberships are part of me, and are not changed by me).
 */
function etagOf(data: unknown, body: string): string | undefined {
  const { version } = data as { version?: unknown };
  const hash = createHash('sha1').update(body).digest('base64url').slice(0, 8);
  return typeof version === 'number' ? `"${version}-${hash}"` : undefined;
}

export function sendAnswer(request: FastifyRequest, reply: FastifyReply, answer: Answer): FastifyReply {
  reply.header('cache-control', 'no-store');
  if (answer.etag !== undefined) reply.header('etag', answer.etag);
  if (request.method === 'GET' && isNotModified(request.headers['if-none-match'], answer.etag))
    return reply.code(304).send();
  if (answer.body === undefined) return reply.code(answer.status).send();
  return reply
    .code(answer.status)
    .header('content-type', 'application/json; charset=utf-8')
    .serializer((text: string) => text)
    .send(answer.body);
}

/** The weak comparison of RFC 9110 §13.1.2: a proxy that compressed the answer made its tag weak. */
export function isNotModified(if_none_match: string | undefined, etag: string | undefined): boolean {
  if (if_none_match === undefined || etag === undefined) return false;
  const tags = if_none_match.split(',').map(tag => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}

/** One piece at a time: what a client has not taken yet waits in the source, not in memory. */
const STREAM_BUFFER_BYTES = 16 * 1024;

export function sendStream(
  request: FastifyRequest,
  reply: FastifyReply,
  stream: StreamReply,
  log: Log,
): FastifyReply {
  reply.headers({
    'cache-control': 'no-store',
    'content-type': stream.content_type,
    // nginx would collect a stream until it has a bufferful.
    'x-accel-buffering': 'no',
    // It ends with its stream: a server that stops must not wait for what nobody uses.
    connection: 'close',
  });
  if (stream.file_name !== undefined)
    reply.header(
      'content-disposition',
      `attachment; filename="${stream.file_name.replace(/[^\w.-]/g, '_')}"`,
    );
  const body = Readable.from(stream.body, { objectMode: false, highWaterMark: STREAM_BUFFER_BYTES });
  // The status is long gone: a stream that breaks is cut off, so that nobody takes the part for the whole.
  body.on('error', error => {
    if (!isFailure(error) && !reply.raw.destroyed)
      log.error(
        { request_id: request.id, route: request.routeOptions.config.name, error },
        'A stream broke off',
      );
    reply.raw.destroy();
  });
  stream.cut?.addEventListener('abort', () => reply.raw.destroy(), { once: true });
  return reply.send(body);
}
