import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { fail, isFailure } from '../../base/kit/errors.ts';
import { createRedactor } from '../../base/kit/redact.ts';
import type { Permission } from '../../contract/permissions.ts';
import type { Catalog, CatalogAnswer, CatalogCall, Endpoint } from '../../domains/lakehouse/index.ts';
import { isNotModified } from './answer.ts';
import { authorise, type Caller, originOf, tellDenied } from './caller.ts';
import { answerOnce } from './idempotency.ts';
import type { ServerParts } from './parts.ts';
import { toFailure } from './problems.ts';
import { toFastifyPath } from './table.ts';

// The Iceberg REST catalog at /iceberg: another language than the API's (its own errors, integers of 63 bits, forms at one
// address), through the same door: same host check, same tokens, same rights, same log. Cookies are not looked at, so no page
// of a stranger can use somebody's session here.

const PREFIX = '/iceberg';

/** Metadata of ten thousand columns; a commit of a few thousand snapshots. */
const BODY_BYTES = 32 * 1024 * 1024;

/** What a client without a token sends in place of one (PyIceberg): nothing, and no attack. */
const NO_TOKEN = 'None';

export function isCatalogPath(path: string): boolean {
  return path === PREFIX || path.startsWith(`${PREFIX}/`);
}

export async function mountCatalog(
  app: FastifyInstance,
  catalog: Catalog,
  parts: ServerParts,
): Promise<void> {
  await app.register(
    async scope => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser(
        ['application/json', 'application/x-www-form-urlencoded'],
        { parseAs: 'string', bodyLimit: BODY_BYTES },
        (_request, body, done) => done(null, String(body)),
      );
      scope.setErrorHandler((error, request, reply) =>
        sendCatalogFailure(catalog, request, reply, error, parts),
      );
      scope.setNotFoundHandler((request, reply) =>
        sendCatalogFailure(
          catalog,
          request,
          reply,
          fail('route.not_found', { method: request.method, path: request.url.slice(0, 200) }),
          parts,
        ),
      );
      mountSignIn(scope, catalog);
      for (const endpoint of catalog.endpoints) mountEndpoint(scope, endpoint, parts);
    },
    { prefix: PREFIX },
  );
}

function mountSignIn(scope: FastifyInstance, catalog: Catalog): void {
  scope.post('/v1/oauth/tokens', { config: { name: 'iceberg.sign_in' } }, async (request, reply) => {
    const { authorization } = request.headers;
    return send(reply, await catalog.signIn({ text: textOf(request), authorization }));
  });
}

function mountEndpoint(scope: FastifyInstance, endpoint: Endpoint, parts: ServerParts): void {
  const name = `iceberg.${endpoint.name}`;
  scope.route({
    method: endpoint.method,
    url: toFastifyPath(endpoint.path),
    config: { name },
    bodyLimit: BODY_BYTES,
    exposeHeadRoute: false,
    // No time limit: a commit that is given up by its clock may still be made, and 503 would say that it was not.
    onRequest: async request => {
      request.caller = await admit(name, endpoint, request, parts);
    },
    handler: async (request, reply) => {
      const call = callOf(request);
      const answer = await perform(name, endpoint, request, call, parts);
      if (answer.etag !== undefined) reply.header('etag', answer.etag);
      if (request.method === 'GET' && isNotModified(request.headers['if-none-match'], answer.etag))
        return reply.code(304).send();
      return send(reply, answer);
    },
  });
}

/** Like the API's, except that the workspace is in the address: the prefix, or what `warehouse` asks the configuration of. */
async function admit(
  name: string,
  { permission }: { permission: Permission },
  request: FastifyRequest,
  parts: ServerParts,
): Promise<Caller> {
  const bearer = bearerOf(request.headers.authorization);
  if (bearer === undefined) throw fail('auth.required');
  const workspace_ref = workspaceOf(request);
  const credentials = { bearer, workspace_ref };
  const { principal, workspace_id = '' } = await parts.identify(credentials);
  const caller: Caller = { principal, workspace_id, credentials };
  try {
    authorise({ permission }, caller);
  } catch (error) {
    if (isFailure(error, 'auth.forbidden')) await tellDenied(name, { permission }, request, caller, parts);
    throw error;
  }
  return caller;
}

function bearerOf(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  const bearer = /^Bearer +([\x21-\x7e]{1,1000})$/i.exec(authorization)?.[1];
  if (bearer === undefined) throw fail('auth.invalid');
  return bearer === NO_TOKEN ? undefined : bearer;
}

function workspaceOf(request: FastifyRequest): string | undefined {
  const { prefix } = request.params as { prefix?: string };
  const named = prefix ?? queryOf(request).get('warehouse') ?? '';
  return named === '' ? undefined : named;
}

function queryOf({ url }: FastifyRequest): URLSearchParams {
  return new URLSearchParams(url.split('?').slice(1).join('?'));
}

function callOf(request: FastifyRequest): CatalogCall {
  const { caller } = request;
  if (caller?.principal === undefined)
    throw new Error('The catalog was reached by nobody that was admitted.');
  return {
    params: request.params as Record<string, string>,
    query: queryOf(request),
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(', ') : value,
      ]),
    ),
    text: textOf(request),
    principal: caller.principal,
    workspace_id: caller.workspace_id,
    origin: originOf(request),
  };
}

function textOf({ body }: FastifyRequest): string {
  return typeof body === 'string' ? body : '';
}

/**
 * A repetition of what succeeded gets the same answer, or the present state where answers are large. While the first is at work
 * the answer is 503 and not 409: on a 409 a client deletes what it staged, which the first may be committing right now.
 * Of a first one that ended in the dark nothing is known: it is done again, and the catalog recognises commits that are in.
 */
async function perform(
  name: string,
  endpoint: Endpoint,
  request: FastifyRequest,
  call: CatalogCall,
  parts: ServerParts,
): Promise<CatalogAnswer> {
  const key = keyOf(endpoint, request);
  const credential = request.caller?.credentials.bearer;
  if (key === undefined || credential === undefined) return endpoint.handle(call);
  const { params, query, text, workspace_id } = call;
  const input = { params, query: query.toString(), body: text };
  const { again } = endpoint;
  let first: CatalogAnswer | undefined;
  const work = async () => {
    first = await endpoint.handle(call);
    return { status: first.status, body: again ? undefined : first.body, etag: undefined };
  };
  try {
    const { answer } = await answerOnce({ name, workspace_id, credential, key, input }, parts, work);
    return first ?? (again ? await again(call) : answer);
  } catch (error) {
    if (isFailure(error, 'idempotency.interrupted')) return endpoint.handle(call);
    if (isFailure(error, 'idempotency.in_progress'))
      throw fail('server.unavailable', { part: `The answer to the first request with the key ${key}` });
    if (isFailure(error, 'idempotency.conflict')) throw fail('request.malformed', { reason: error.message });
    throw error;
  }
}

function keyOf({ method }: Endpoint, request: FastifyRequest): string | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined || method === 'GET' || method === 'HEAD') return undefined;
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(key))
    throw fail('request.malformed', { reason: 'an Idempotency-Key is 1 to 200 visible ASCII characters' });
  return key;
}

function send(reply: FastifyReply, { status, body }: CatalogAnswer): FastifyReply {
  reply.code(status).header('cache-control', 'no-store');
  if (body === undefined) return reply.send();
  return reply
    .header('content-type', 'application/json')
    .serializer((text: string) => text)
    .send(body);
}

/** Knows no secrets, only the form of our tokens. */
const byForm = createRedactor();

export function sendCatalogFailure(
  catalog: Catalog,
  request: FastifyRequest,
  reply: FastifyReply,
  error: unknown,
  { log, redactor }: Pick<ServerParts, 'log' | 'redactor'>,
): FastifyReply {
  const known = catalog.problem(toFailure(error, request) ?? error);
  const { status, body } = known ?? unexpected(catalog, request, error, log);
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  if (status === 503) reply.header('retry-after', '1');
  // What a storage said may have its secrets in it; what the caller said is only covered by its form (see problems.ts).
  return send(reply, { status, body: status >= 500 ? redactor.redact(body) : byForm.redact(body) });
}

function unexpected(catalog: Catalog, request: FastifyRequest, error: unknown, log: ServerParts['log']) {
  log.error({ request_id: request.id, route: request.routeOptions.config.name, error }, 'Unexpected error');
  const failure = fail('internal.unexpected', { request_id: request.id });
  const problem = catalog.problem(failure);
  if (problem === undefined) throw failure;
  return problem;
}
