import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { defer } from './defer.ts';

// A client of server-sent events on a real socket, as a browser is one.

export interface Message {
  id?: string;
  event?: string;
  data?: string;
  /** The text of a comment; a heartbeat is one. */
  comment?: string;
}

export interface Opened {
  status: number;
  headers: http.IncomingHttpHeaders;
  /** The whole answer, where it is no stream. */
  body: string;
  /** The next message that is no heartbeat; undefined at the end of the stream. */
  next(): Promise<Message | undefined>;
  close(): void;
}

/** The server listens already. */
export async function openEventSource(
  t: Pick<TestContext, 'after'>,
  app: FastifyInstance,
  headers: Record<string, string>,
  query = '',
): Promise<Opened> {
  const { port } = app.server.address() as AddressInfo;
  const request = http.get({ port, path: `/api/v1/events${query}`, headers });
  defer(t, () => request.destroy());
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const messages = messagesOf(response);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: response.statusCode === 200 ? '' : Buffer.concat(await response.toArray()).toString(),
    async next() {
      for (;;) {
        const { value, done } = await messages.next();
        if (done) return undefined;
        if (value.comment === undefined) return value;
      }
    },
    close: () => request.destroy(),
  };
}

/** The types of the next events. */
export async function nextTypes(stream: Opened, count: number): Promise<string[]> {
  const types: string[] = [];
  while (types.length < count) {
    const message = await stream.next();
    if (!message) throw new Error(`the stream ended after ${types.join(', ') || 'nothing'}`);
    types.push(JSON.parse(message.data ?? '{}').type);
  }
  return types;
}

/** Reads on until an event of this type has come; what was told before the stream began may come first. */
export async function untilType(stream: Opened, type: string): Promise<void> {
  for (let seen: string | undefined; seen !== type; [seen] = await nextTypes(stream, 1));
}

/** One by one, heartbeats included, as they come. */
export async function* messagesOf(response: AsyncIterable<unknown>): AsyncGenerator<Message, undefined> {
  let rest = '';
  try {
    for await (const chunk of response) {
      const pieces = (rest + String(chunk)).split('\n\n');
      rest = pieces.pop() ?? '';
      yield* pieces.map(toMessage);
    }
  } catch {
    // The server cut the connection: the end, for a client.
  }
}

function toMessage(text: string): Message {
  const pairs = text.split('\n').map(line => {
    const [name = '', ...value] = line.split(': ');
    return [name === '' ? 'comment' : name, value.join(': ')];
  });
  return Object.fromEntries(pairs);
}
