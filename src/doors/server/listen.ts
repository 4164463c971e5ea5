import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { fail } from '../../base/kit/errors.ts';
import { isLoopbackHost } from './origin.ts';
import type { ServerConfig, ServerLimits } from './parts.ts';
import { answerBrokenRequest } from './raw-errors.ts';

/** Foundations §9: what leaves this machine is encrypted, by us or by a proxy, or somebody said that it need not be. */
export function checkBinding({ host, tls, trusted_proxies, insecure_http }: ServerConfig): void {
  const is_loopback = isLoopbackHost(host.includes(':') ? `[${host}]` : host);
  if (!is_loopback && tls.cert === null && trusted_proxies.length === 0 && !insecure_http)
    throw fail('server.insecure_binding', { host });
}

type Listener = (request: http.IncomingMessage, response: http.ServerResponse) => void;

/** The socket side of the server: TLS, sizes, times, and an answer to what is not even HTTP. */
export function makeHttpServer(listener: Listener, config: ServerConfig, limits: ServerLimits): http.Server {
  const options = {
    maxHeaderSize: limits.header_bytes,
    headersTimeout: limits.headers_ms,
    requestTimeout: limits.request_ms,
    // Node's own 30 s would let slow senders stay that much longer.
    connectionsCheckingInterval: limits.check_ms,
  };
  const certificate = readCertificate(config.tls);
  const server = certificate
    ? https.createServer({ ...options, ...certificate, minVersion: 'TLSv1.2' }, listener)
    : http.createServer(options, listener);
  server.maxConnections = limits.connections;
  // Also for an answer that nobody takes: after this long without a byte the connection ends.
  server.timeout = limits.idle_ms;
  server.keepAliveTimeout = Math.min(65_000, limits.idle_ms);
  server.on('clientError', (error, socket) => answerBrokenRequest(error, socket as Socket, limits));
  return server;
}

function readCertificate(tls: ServerConfig['tls']): { cert: Buffer; key: Buffer } | undefined {
  if (tls.cert === null && tls.key === null) return undefined;
  try {
    if (tls.cert === null || tls.key === null) throw new Error('one of the two is not set');
    const pair = { cert: readFileSync(tls.cert), key: readFileSync(tls.key) };
    createSecureContext(pair);
    return pair;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw fail('server.tls_unreadable', { cert: tls.cert, key: tls.key, reason }, { cause: error });
  }
}

/** Answers the port, which the system chose when it was 0. A taken port is the caller's to explain (EADDRINUSE). */
export async function listen(app: FastifyInstance, config: ServerConfig, port: number): Promise<number> {
  checkBinding(config);
  await app.listen({ host: config.host, port });
  const address = app.server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}
