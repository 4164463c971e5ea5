import { once } from 'node:events';
import http from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { TestContext } from 'node:test';
import { defer } from './defer.ts';

export interface ForwardProxy {
  url: string;
  /** What it was asked for: `host:port` of each CONNECT, and each absolute URL. */
  asked: string[];
}

/** A proxy as companies have them, that sends every CONNECT to one place and answers every absolute URL itself. */
export async function openForwardProxy(
  t: Pick<TestContext, 'after'>,
  target_port: number,
): Promise<ForwardProxy> {
  const asked: string[] = [];
  const server = http.createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end('through the proxy');
  });
  server.on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    const upstream = connect(target_port, '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    upstream.pipe(socket).pipe(upstream);
    for (const end of [upstream, socket]) end.on('error', () => upstream.destroy());
    defer(t, () => void upstream.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  defer(t, () => {
    server.closeAllConnections();
    server.close();
  });
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
