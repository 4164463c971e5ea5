import { createHash } from 'node:crypto';
import fastifyCookie from '@fastify/cookie';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Failure, fail } from '../../base/kit/errors.ts';
import { newId } from '../../base/kit/ids.ts';
import { isTooDeep, MAX_JSON_DEPTH } from '../../base/kit/json.ts';
import { openApiDocument } from '../../contract/openapi.ts';
import { API_PREFIX, routeEntries } from '../../contract/routes.ts';
import { isNotModified } from './answer.ts';
import { isCatalogPath, mountCatalog, sendCatalogFailure } from './catalog.ts';
import { drainOnClose } from './drain.ts';
import { openEventHub } from './event-hub.ts';
import { openEventStreams } from './event-stream.ts';
import { setSecurityHeaders } from './headers.ts';
import { eventsCheck, mountHealth, openHealth } from './health.ts';
import { makeHttpServer } from './listen.ts';
import { mountMetrics, openMetrics } from './metrics.ts';
import { mountRoutes } from './mount.ts';
import { checkHost } from './origin.ts';
import { isBuilt, isPageRequest, mountPages, pathOf, sendPage } from './pages.ts';
import { DEFAULT_LIMITS, type ServerLimits, type ServerParts } from './parts.ts';
import { sendFailure } from './problems.ts';
import { systemHandlers } from './system.ts';
import { methodsAt } from './table.ts';

const SWEEP_MS = 3_600_000;

/** The whole HTTP door, not listening yet: `inject` works on it, `listen` opens it. */
export async function buildServer(parts: ServerParts): Promise<FastifyInstance> {
  const limits: ServerLimits = { ...DEFAULT_LIMITS, ...parts.limits };
  const hub = openEventHub({ ...parts, beat_ms: limits.heartbeat_ms });
  const streams = openEventStreams(hub, parts, limits);
  const health = openHealth([...parts.checks, eventsCheck(hub, parts.clock)], parts.clock);
  const metrics = openMetrics({
    streams: streams.count,
    store_connections: parts.store_connections,
    others: parts.metrics,
  });
  const is_built = isBuilt(parts.web_folder);

  const app = makeApp(parts, limits);
  await app.register(fastifyCookie);
  refuseWhatIsNotJson(app);
  const sweep = setInterval(() => void sweepKeys(parts), SWEEP_MS).unref();
  guardEveryRequest(app, parts);
  drainOnClose(app, limits.drain_ms, () => {
    clearInterval(sweep);
    // Streams say goodbye while they still can; they would last as long as their clients.
    streams.close();
    hub.close();
  });
  app.addHook('onResponse', async (request, reply) => {
    metrics.observe(request, reply);
    logRequest(request, reply, parts);
  });
  app.setErrorHandler((error, request, reply) => sendFailure(request, reply, error, parts));
  app.setNotFoundHandler((request, reply) => {
    if (isPageRequest(request)) return sendPage(request, reply, is_built);
    throw nothingAt(request);
  });

  const handlers = { ...parts.handlers, ...systemHandlers({ ...parts, health, streams }) };
  mountRoutes(app, handlers, parts, limits);
  mountHealth(app, health, parts);
  mountMetrics(app, metrics, parts);
  mountOpenApi(app, parts);
  if (parts.catalog) await mountCatalog(app, parts.catalog, parts);
  if (is_built && parts.web_folder !== undefined) await mountPages(app, parts.web_folder);

  await app.ready();
  return app;
}

function makeApp(parts: ServerParts, limits: ServerLimits): FastifyInstance {
  return Fastify({
    logger: false,
    genReqId: () => newId(),
    bodyLimit: limits.body_bytes,
    // Eight levels of a namespace of the lake, of 200 characters each, in one part of an address.
    routerOptions: { maxParamLength: 8 * 200 + 7 },
    trustProxy: parts.config.trusted_proxies.length > 0 ? [...parts.config.trusted_proxies] : false,
    // While closing we answer ourselves, in the one shape.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    serverFactory: listener => makeHttpServer(listener, parts.config, limits),
    // An address that cannot be decoded reaches no route and no hook.
    frameworkErrors: (error, request, reply) => {
      setSecurityHeaders(reply, request);
      if (parts.catalog && isCatalogPath(pathOf(request)))
        sendCatalogFailure(parts.catalog, request, reply, error, parts);
      else sendFailure(request, reply, error, parts);
    },
  });
}

/** JSON is the only language of bodies: no form, no text, nothing that a foreign page could send without asking. */
function refuseWhatIsNotJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const text = String(body);
    if (text === '') return done(null, undefined);
    if (isTooDeep(text))
      return done(fail('request.malformed', { reason: `it is nested deeper than ${MAX_JSON_DEPTH} levels` }));
    return parse(request, text, done);
  });
  // Handed on unread, to the routes that take bytes; every other refuses them. A foreign page has to ask before it may send it.
  app.addContentTypeParser('application/octet-stream', (request, payload, done) =>
    request.routeOptions.config.bytes
      ? done(null, payload)
      : done(fail('request.unsupported_media_type', { received: 'application/octet-stream' })),
  );
}

/** What holds for every answer and every request, known address or not. */
function guardEveryRequest(app: FastifyInstance, { config }: ServerParts): void {
  app.addHook('onRequest', async (request, reply) => {
    setSecurityHeaders(reply, request);
    // Probes come by whatever name the orchestrator has for us, and learn nothing.
    const refusal = pathOf(request).startsWith('/health/') ? undefined : checkHost(request.host, config);
    if (refusal) throw refusal;
  });
}

function nothingAt(request: FastifyRequest): Failure {
  const path = pathOf(request);
  const { method } = request;
  const allowed = path.startsWith(`${API_PREFIX}/`)
    ? methodsAt(routeEntries, path.slice(API_PREFIX.length))
    : [];
  return allowed.length > 0
    ? fail('request.method_not_allowed', { method, path: path.slice(0, 200), allowed: allowed.join(', ') })
    : fail('route.not_found', { method, path: path.slice(0, 200) });
}

/** Made once: the table does not change while the server runs. */
function mountOpenApi(app: FastifyInstance, parts: ServerParts): void {
  const body = JSON.stringify(openApiDocument(parts.version));
  const etag = `"${createHash('sha1').update(body).digest('base64url')}"`;
  app.get(`${API_PREFIX}/openapi.json`, { config: { name: 'openapi' } }, async (request, reply) => {
    reply.header('etag', etag).header('cache-control', 'no-cache');
    if (isNotModified(request.headers['if-none-match'], etag)) return reply.code(304).send();
    return reply.type('application/json; charset=utf-8').send(body);
  });
}

/** The address without its query (it may hold a code or a token), and nothing of bodies and headers. */
function logRequest(request: FastifyRequest, reply: FastifyReply, { log }: ServerParts): void {
  const { name } = request.routeOptions.config;
  // Probes, scrapes and files would drown what people look for.
  const level = name === undefined || /^(health|metrics)/.test(name) ? 'debug' : 'info';
  log[level](
    {
      request_id: request.id,
      method: request.method,
      path: pathOf(request).slice(0, 200),
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      ...(request.caller?.principal && { by: request.caller.principal.id }),
    },
    'Request',
  );
}

async function sweepKeys({ idempotency, log }: ServerParts): Promise<void> {
  await idempotency
    .sweep()
    .catch((error: unknown) => log.warn({ error }, 'Old idempotency keys could not be deleted'));
}
