import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { defer } from './defer.ts';

// A network between an engine and the catalog that loses answers: what engines do then decides whether a table stays whole.

export type Fault =
  /** Not passed on; the answer is a 409, as if another writer had been faster. */
  | 'conflict'
  /** Passed on and done; the answer is a 503. */
  | 'unavailable_after'
  /** Passed on and done; the connection breaks before the answer. */
  | 'cut_after';

export interface CatalogProxy {
  url: string;
  /** What happens to the next commit, once. */
  break(fault: Fault): void;
  /** Commits that arrived here, with what the client was answered; 0: nothing. */
  commits: { path: string; status: number }[];
}

const CONFLICT = { error: { message: 'Requirement failed', type: 'CommitFailedException', code: 409 } };
const UNAVAILABLE = { error: { message: 'Slow down', type: 'ServiceUnavailableException', code: 503 } };

export async function openCatalogProxy(t: Pick<TestContext, 'after'>, target: string): Promise<CatalogProxy> {
  const commits: CatalogProxy['commits'] = [];
  let fault: Fault | undefined;

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await bodyOf(request);
    const is_commit = isCommit(request);
    const now = is_commit ? fault : undefined;
    if (is_commit) fault = undefined;
    const status = await reply(request, response, body, now);
    if (is_commit) commits.push({ path: request.url ?? '', status });
  };
  const reply = async (request: IncomingMessage, response: ServerResponse, body: Buffer, now?: Fault) => {
    if (now === 'conflict') return send(response, 409, CONFLICT);
    const answered = await passOn(target, request, body);
    if (now === 'unavailable_after') return send(response, 503, UNAVAILABLE);
    if (now === 'cut_after') {
      request.socket.destroy();
      return 0;
    }
    response.writeHead(answered.status, answered.headers);
    response.end(answered.body);
    return answered.status;
  };

  const server = createServer((request, response) => {
    answer(request, response).catch(() => request.socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  defer(t, () => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    commits,
    break(next) {
      fault = next;
    },
  };
}

function isCommit({ method, url = '' }: IncomingMessage): boolean {
  const path = url.split('?')[0] ?? '';
  return (
    method === 'POST' &&
    /\/transactions\/commit$|\/tables\/[^/]+$/.test(path) &&
    !path.endsWith('/tables/rename')
  );
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function passOn(target: string, { method, url, headers }: IncomingMessage, body: Buffer) {
  const { host: _, connection: __, 'content-length': ___, 'transfer-encoding': ____, ...kept } = headers;
  const answer = await fetch(target + (url ?? ''), {
    method,
    headers: Object.entries(kept).map(([name, value]): [string, string] => [name, String(value)]),
    body: body.length > 0 ? new Uint8Array(body) : undefined,
  });
  const bytes = Buffer.from(await answer.arrayBuffer());
  const dropped = new Set([
    'connection',
    'keep-alive',
    'transfer-encoding',
    'content-length',
    'content-encoding',
  ]);
  const passed = [...answer.headers].filter(([name]) => !dropped.has(name));
  return { status: answer.status, headers: Object.fromEntries(passed), body: bytes };
}

function send(response: ServerResponse, status: number, body: object): number {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
  return status;
}
