import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
} from 'node:http2';
import { connect as connectTcp } from 'node:net';
import type { TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { type Client, createClient } from '../../src/contract/client.ts';
import { defer } from '../support/defer.ts';
import { type Message, messagesOf } from '../support/event-source.ts';
import { type Front, PUBLIC_NAME } from './proxies.ts';

// A browser as a proxy meets it: HTTP/2 over TLS, from another address than the proxy's, with cookies kept.

/** Also of this machine, and not the address at which proxy and Moulin meet. */
export const VISITORS_ADDRESS = '127.0.0.2';

export interface Visitor {
  client: Client;
  /** What the last answer said of its cookies, word by word. */
  set_cookies: readonly string[];
  events(): Promise<{ messages: AsyncIterator<Message>; close(): void }>;
}

/** `claims`: headers that the visitor makes up; `host`: the name that they say they came to. */
export function openVisitor(
  t: TestContext,
  proxy: Front,
  { claims = {}, host = PUBLIC_NAME }: { claims?: Record<string, string>; host?: string } = {},
): Visitor {
  const session = openSession(t, proxy);
  const jar = new Map<string, string>();
  const visitor: Visitor = { client: {} as Client, set_cookies: [], events };

  const request = (path: string, headers: Record<string, string>, method: string): ClientHttp2Stream =>
    session.request({
      ':method': method,
      ':path': path,
      ':authority': host,
      origin: `https://${PUBLIC_NAME}`,
      cookie: [...jar].map(pair => pair.join('=')).join('; '),
      ...headers,
      ...claims,
    });

  async function fetch(url: string, init: RequestInit): Promise<Response> {
    const { pathname, search } = new URL(url, `https://${PUBLIC_NAME}`);
    const headers = Object.fromEntries(new Headers(init.headers));
    const stream = request(pathname + search, headers, init.method ?? 'GET');
    stream.end(init.body);
    const { status, content_type, cookies } = await answerOf(stream);
    visitor.set_cookies = cookies;
    for (const cookie of cookies) keep(jar, cookie);
    const body = Buffer.concat(await stream.toArray());
    return new Response(status === 204 ? null : body, { status, headers: { 'content-type': content_type } });
  }

  async function events() {
    const stream = request('/api/v1/events?workspace=main', { accept: 'text/event-stream' }, 'GET');
    stream.end();
    const { status } = await answerOf(stream);
    if (status !== 200) throw new Error(`the stream answers ${status}`);
    return { messages: messagesOf(stream), close: () => stream.close() };
  }

  visitor.client = createClient({ fetch, workspace: () => 'main' });
  return visitor;
}

function openSession(t: TestContext, { port, ca }: Front): ClientHttp2Session {
  const session = connect(`https://${PUBLIC_NAME}:${port}`, {
    createConnection: () =>
      connectTls({
        socket: connectTcp({ port, host: '127.0.0.1', localAddress: VISITORS_ADDRESS }),
        servername: PUBLIC_NAME,
        ALPNProtocols: ['h2'],
        ca,
      }),
  });
  session.on('error', () => {});
  defer(t, () => session.destroy());
  return session;
}

interface Answer {
  status: number;
  content_type: string;
  cookies: readonly string[];
}

async function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
  const [headers]: IncomingHttpHeaders[] = await once(stream, 'response');
  return {
    status: Number(headers?.[':status']),
    content_type: headers?.['content-type'] ?? '',
    cookies: headers?.['set-cookie'] ?? [],
  };
}

function keep(jar: Map<string, string>, cookie: string): void {
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
  if (value === '') jar.delete(name);
  else jar.set(name, value);
}
