import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  headers: IncomingHttpHeaders;
  body: string;
}

/** How the next request is answered; `silence`: not at all. */
export type Answer = { status: number; headers?: Record<string, string> } | 'silence';

/** Somebody's chat product: a real server that keeps what it is sent. */
export async function openReceiver(t: { after(undo: () => unknown): unknown }) {
  const received: Received[] = [];
  const answers: Answer[] = [];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    received.push({ headers: request.headers, body });
    const answer = answers.shift() ?? { status: 200 };
    if (answer === 'silence') return;
    response.writeHead(answer.status, answer.headers).end('never shown to anybody');
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    /** The path is the secret, as in most products. */
    url: `http://127.0.0.1:${port}/services/T000/very-secret-path`,
    received,
    /** What follows is answered in this way, then again with 200. */
    answer: (...next: Answer[]) => void answers.push(...next),
  };
}
