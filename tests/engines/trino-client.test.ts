import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { runTrino } from './trino-client.ts';

/** Trino's protocol as far as a client sees it: pages, one after the other, given as they are sent. */
async function served(t: TestContext, pages: readonly ((next: string) => string)[]): Promise<string> {
  const server = createServer((request, response) => {
    const at = request.method === 'POST' ? 0 : Number(request.url?.slice(1));
    response.end(pages[at]?.(`http://127.0.0.1:${portOf()}/${at + 1}`));
  });
  const portOf = () => (server.address() as AddressInfo).port;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `http://127.0.0.1:${portOf()}`;
}

test('rows come page by page, and no digit of a number is lost', async t => {
  const columns = '"columns": [{"name": "id"}, {"name": "name"}]';
  const url = await served(t, [
    next => `{"id": "q", "nextUri": "${next}"}`,
    next => `{"id": "q", "nextUri": "${next}", ${columns}, "data": [[9223372036854775807, null]]}`,
    () => `{"id": "q", ${columns}, "data": [[1, "é"]]}`,
  ]);
  assert.deepEqual(await runTrino(url, 'SELECT'), [
    { id: 9223372036854775807n, name: null },
    { id: 1, name: 'é' },
  ]);
});

test('what Trino says is wrong is the error, also when rows have come before', async t => {
  const url = await served(t, [
    next => `{"nextUri": "${next}", "columns": [{"name": "id"}], "data": [[1]]}`,
    () => '{"error": {"errorName": "TABLE_NOT_FOUND", "message": "no such table"}}',
  ]);
  await assert.rejects(runTrino(url, 'SELECT'), /TABLE_NOT_FOUND: no such table/);
});
