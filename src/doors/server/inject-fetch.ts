import { Readable } from 'node:stream';
import type { FastifyInstance, InjectOptions } from 'fastify';

/** `fetch` without a socket: the client of the contract talks to a server in the same process, through all of its doors. */
export function injectFetch(app: FastifyInstance): (url: string, init?: RequestInit) => Promise<Response> {
  return async (url, init = {}) => {
    const { pathname, search } = new URL(url, 'http://localhost');
    const answer = await app.inject({
      method: (init.method ?? 'GET') as InjectOptions['method'],
      url: pathname + search,
      headers: Object.fromEntries(new Headers(init.headers)),
      payload: init.body === null ? undefined : (init.body as string | undefined),
      payloadAsStream: true,
      ...(init.signal && { signal: init.signal }),
    });
    const headers = Object.entries(answer.headers).flatMap(([name, value]) =>
      [value ?? []].flat().map((one): [string, string] => [name, String(one)]),
    );
    const isBodyless = [204, 205, 304].includes(answer.statusCode);
    const body = isBodyless ? null : (Readable.toWeb(answer.stream()) as ReadableStream<Uint8Array>);
    return new Response(body, { status: answer.statusCode, headers });
  };
}
