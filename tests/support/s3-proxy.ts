import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { defer } from './defer.ts';

// Between a client and a real S3 server: what networks, overloaded services and broken ones do to requests and answers.

export type Fault =
  /** An answer of the proxy's own; the server never hears of the request. */
  | { answer: number; code: string }
  /** The connection ends before the server hears of it. */
  | 'refuse'
  /** The server does it, and nobody hears its answer. */
  | 'lose_answer'
  /** Nothing comes any more, and nothing breaks. */
  | 'hang'
  /** So many bytes of the body come; then the connection ends. */
  | { cut_after: number }
  /** So many bytes of the body come; then nothing, for ever. */
  | { stall_after: number }
  /** The length that is announced is this one; the body fits it. */
  | { announce: number }
  /** One byte of the body is another one. */
  | { corrupt: number }
  /** These headers are not passed on. */
  | { without: readonly string[] };

export interface S3Proxy {
  endpoint: string;
  /** `GET /bucket/key`, in the order they came. */
  asked: string[];
  /** Which requests fare how; asked once for each. */
  fault: (request: IncomingMessage, count: number) => Fault | undefined;
}

export async function openS3Proxy(
  t: Pick<TestContext, 'after'>,
  port: number,
  tls?: { cert: string; key: string },
): Promise<S3Proxy> {
  const proxy: S3Proxy = { endpoint: '', asked: [], fault: () => undefined };
  const pass = (request: IncomingMessage, response: ServerResponse): void => {
    proxy.asked.push(`${request.method} ${request.url?.split('?')[0]}`);
    const fault = proxy.fault(request, proxy.asked.length);
    request.on('error', () => {});
    response.on('error', () => {});
    if (fault === 'hang') request.resume();
    else if (fault === 'refuse') request.socket.destroy();
    else if (typeof fault === 'object' && 'answer' in fault) answer(request, response, fault);
    else forward(request, response, { port, fault });
  };
  const server = tls ? https.createServer(tls, pass) : http.createServer(pass);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  defer(t, () => {
    server.closeAllConnections();
    server.close();
  });
  const { port: own } = server.address() as AddressInfo;
  proxy.endpoint = tls ? `https://localhost:${own}` : `http://127.0.0.1:${own}`;
  return proxy;
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  fault: { answer: number; code: string },
): void {
  request.resume();
  request.on('end', () => {
    const body = `<?xml version="1.0"?><Error><Code>${fault.code}</Code><Message>said the proxy</Message></Error>`;
    response.writeHead(fault.answer, { 'content-type': 'application/xml' });
    response.end(request.method === 'HEAD' ? undefined : body);
  });
}

function forward(
  request: IncomingMessage,
  response: ServerResponse,
  { port, fault }: { port: number; fault: Exclude<Fault, 'refuse' | 'hang'> | undefined },
): void {
  const { method, url, headers } = request;
  const upstream = http.request({ host: '127.0.0.1', port, method, path: url, headers }, async reply => {
    if (fault === 'lose_answer') {
      reply.resume();
      reply.on('end', () => request.socket.destroy());
      return;
    }
    const sent = { ...reply.headers };
    if (fault && 'without' in fault) for (const name of fault.without) delete sent[name];
    if (fault && 'announce' in fault) sent['content-length'] = String(fault.announce);
    response.writeHead(reply.statusCode ?? 502, sent);
    if (fault === undefined || 'without' in fault) reply.pipe(response);
    else await passBody(reply, response, fault);
  });
  upstream.on('error', () => response.destroy());
  request.pipe(upstream);
}

async function passBody(
  reply: IncomingMessage,
  response: ServerResponse,
  fault: Extract<Fault, object>,
): Promise<void> {
  const body = Buffer.concat(await reply.toArray());
  if ('corrupt' in fault) {
    body[fault.corrupt] = (body[fault.corrupt] ?? 0) ^ 0xff;
    response.end(body);
  } else if ('announce' in fault) {
    response.end(body.subarray(0, fault.announce));
  } else if ('cut_after' in fault) {
    response.write(body.subarray(0, fault.cut_after), () => response.destroy());
  } else if ('stall_after' in fault) {
    response.write(body.subarray(0, fault.stall_after));
  }
}
