import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Failure, fail, isFailure, toProblem } from '../../base/kit/errors.ts';
import type { Log } from '../../base/kit/log.ts';
import { createRedactor } from '../../base/kit/redact.ts';
import { type ErrorParams, errors } from '../../contract/errors.ts';
import type { ServerParts } from './parts.ts';

// Whatever goes wrong, wherever, leaves in the one shape of foundations §9.

export function sendFailure(
  request: FastifyRequest,
  reply: FastifyReply,
  error: unknown,
  { log, redactor }: Pick<ServerParts, 'log' | 'redactor'>,
): FastifyReply {
  const failure = toFailure(error, request) ?? unexpected(error, request, log);
  const problem = toProblem(withoutSecrets(failure, request, redactor), request.id);
  return reply
    .code(problem.status)
    .headers(headersOf(failure))
    .header('content-type', 'application/problem+json; charset=utf-8')
    .serializer((text: string) => text)
    .send(JSON.stringify(problem));
}

/** Knows no secrets, only the form of our tokens. */
const byForm = createRedactor();

/**
 * A refusal may name what another system said, with our secrets in it: those are covered. What the caller sent is only
 * covered by its form (a token in the wrong place, on its way into somebody's log): if a word of theirs came back covered
 * because it is somebody's secret, anybody could try passwords by asking for addresses that do not exist.
 */
function withoutSecrets(
  failure: Failure,
  request: FastifyRequest,
  redactor: ServerParts['redactor'],
): Failure {
  const sent = sentText(request);
  const cover = (value: ErrorParams[string]) => {
    if (typeof value !== 'string') return value;
    return sent.includes(value) ? byForm.redact(value) : redactor.redact(value);
  };
  const params = Object.entries(failure.params).map(([name, value]) => [name, cover(value)]);
  const fields = failure.fields.map(field => ({
    ...field,
    path: byForm.redact(field.path),
    message: byForm.redact(field.message),
  }));
  return fail(failure.code, Object.fromEntries(params), { fields, cause: failure.cause });
}

/** Everything that the caller said, as handlers see it. */
function sentText(request: FastifyRequest): string {
  const { params, query, body, headers, url } = request;
  return [url, ...[params, query, body, headers].flatMap(textsIn)].join('\n');
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** An unexpected error is for the log; the caller gets its number, never its text. */
function unexpected(error: unknown, request: FastifyRequest, log: Log): Failure {
  log.error({ request_id: request.id, route: request.routeOptions.config.name, error }, 'Unexpected error');
  return fail('internal.unexpected', { request_id: request.id });
}

/** Ours as they are; Fastify's own in our words; undefined for what nobody expected. */
export function toFailure(error: unknown, request: FastifyRequest): Failure | undefined {
  if (isFailure(error)) return error;
  if (!(error instanceof Error)) return undefined;
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  switch (code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return fail('request.unsupported_media_type', { received: request.headers['content-type'] ?? '' });
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return fail('request.too_large', { limit: request.routeOptions.bodyLimit ?? null });
    case 'FST_ERR_HANDLER_TIMEOUT':
      return fail('server.too_slow', { seconds: Math.round(request.routeOptions.handlerTimeout / 1000) });
    case 'FST_ERR_BAD_URL':
      return fail('request.malformed', { reason: 'the address is not a valid URL' });
  }
  const isOfClient = typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500;
  return isOfClient ? fail('request.malformed', { reason: lowerFirst(error.message) }) : undefined;
}

function headersOf(failure: Failure): Record<string, string> {
  const { code, params } = failure;
  const entry = errors[code];
  const retry_after = typeof params.seconds === 'number' ? Math.ceil(params.seconds) : 1;
  return {
    'cache-control': 'no-store',
    ...(entry.status === 401 && { 'www-authenticate': 'Bearer' }),
    ...(entry.retry === 'transient' && entry.status !== 500 && { 'retry-after': String(retry_after) }),
    ...(code === 'request.method_not_allowed' && { allow: String(params.allowed) }),
    ...(code === 'version.conflict' && { etag: `"${params.current}"` }),
    // The rest of a body that nobody will read is on its way.
    ...(code === 'request.too_large' && { connection: 'close' }),
  };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
