import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fail, toProblem } from '../base/kit/errors.ts';
import { ApiError, type ClientOptions, createClient, isApiError, urlOf } from './client.ts';
import { routeIndex } from './route-index.ts';
import { routeEntries } from './routes.ts';

interface Sent {
  url: string;
  method: string;
  headers: Headers;
  body: string | undefined;
}

function clientTo(answer: (sent: Sent) => Response | Promise<Response>, options: ClientOptions = {}) {
  const sent: Sent[] = [];
  const client = createClient({
    ...options,
    async fetch(url, init) {
      const one = {
        url,
        method: String(init.method),
        headers: new Headers(init.headers),
        body: init.body as string | undefined,
      };
      sent.push(one);
      return answer(one);
    },
  });
  return { client, sent };
}

const json = (value: unknown, status = 200) => new Response(JSON.stringify(value), { status });

test('the index names every route of the table, as the table does', () => {
  for (const [name, route] of routeEntries) {
    const { method, path, output, idempotent } = routeIndex[name];
    const declared = typeof route.output === 'string' ? route.output : 'json';
    assert.deepEqual(
      [method, path, output, idempotent],
      [route.method, route.path, declared, route.idempotent],
      name,
    );
  }
  assert.equal(Object.keys(routeIndex).length, routeEntries.length);
});

test('a call fills in the path, the query, the body and the version', async () => {
  const { client, sent } = clientTo(() => json({ version: 4 }));
  const id = 'a/b c';
  assert.equal(
    (await client['members.edit']({ params: { id }, body: { role: 'admin' }, version: 3 })).version,
    4,
  );
  const [call] = sent;
  assert.deepEqual(
    [call?.method, call?.url, call?.body],
    ['PATCH', '/api/v1/members/a%2Fb%20c', '{"role":"admin"}'],
  );
  assert.equal(call?.headers.get('if-match'), '"3"');
  assert.equal(call?.headers.get('content-type'), 'application/json');
  await client['members.list']({ query: { limit: 3, q: 'é&', role: undefined } });
  assert.equal(sent[1]?.url, '/api/v1/members?limit=3&q=%C3%A9%26');
  assert.equal(sent[1]?.headers.get('content-type'), null);
});

test('the workspace is that of the moment, and a call may name another', async () => {
  let workspace: string | undefined = 'one';
  const { client, sent } = clientTo(() => json({}), {
    workspace: () => workspace,
    base_url: 'http://m.example/',
  });
  await client['workspace.show']();
  workspace = 'two';
  await client['workspace.show']();
  await client['workspace.show']({ workspace: 'three' });
  workspace = undefined;
  await client['workspace.show']();
  assert.deepEqual(
    sent.map(call => call.headers.get('moulin-workspace')),
    ['one', 'two', 'three', null],
  );
  assert.equal(sent[0]?.url, 'http://m.example/api/v1/workspace');
});

test('what creates something carries a key, and a broken connection repeats it with the same one', async () => {
  let broken = true;
  const { client, sent } = clientTo(() => {
    if (!broken) return json({ slug: 'x' });
    broken = false;
    throw new TypeError('fetch failed');
  });
  assert.equal((await client['workspaces.create']({ body: { name: 'x' } })).slug, 'x');
  const keys = sent.map(call => call.headers.get('idempotency-key'));
  assert.match(keys[0] ?? '', /^[0-9a-f]{32}$/);
  assert.deepEqual([keys.length, keys[1]], [2, keys[0]]);
  await client['workspaces.create']({ body: { name: 'x' }, idempotency_key: 'mine' });
  assert.equal(sent[2]?.headers.get('idempotency-key'), 'mine');
});

test('a broken connection is told with its reason, and not repeated where that could do something twice', async () => {
  const { client, sent } = clientTo(
    () => {
      throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
    },
    { base_url: 'http://127.0.0.1:4610' },
  );
  await assert.rejects(client['me.password']({ body: { new_password: 'x' } }), error => {
    assert(isApiError(error, 'client.unreachable'));
    const params = { server: 'http://127.0.0.1:4610', reason: 'connect ECONNREFUSED' };
    assert.deepEqual(error.problem, toProblem(fail('client.unreachable', params), ''));
    return true;
  });
  assert.equal(sent.length, 1);
});

test('a refusal is the problem that the server told, with the time to wait', async () => {
  const problem = toProblem(fail('sign_in.throttled', { seconds: 7 }), 'r1');
  const { client } = clientTo(
    () => new Response(JSON.stringify(problem), { status: 429, headers: { 'retry-after': '7' } }),
  );
  await assert.rejects(client['me.show'](), error => {
    assert(error instanceof ApiError);
    assert.deepEqual([error.problem, error.retry_after, error.message], [problem, 7, problem.detail]);
    return true;
  });
});

test('an answer of something between is not taken for one of ours', async () => {
  for (const [status, text] of [
    [502, '<html>Bad gateway</html>'],
    [200, '<html>Sign in to the network</html>'],
    [500, '{"error":"x"}'],
    [503, 'null'],
  ] as const) {
    const { client } = clientTo(() => new Response(text, { status }));
    await assert.rejects(client['me.show'](), error => {
      assert(isApiError(error, 'client.unexpected_answer'));
      assert.deepEqual(error.problem, toProblem(fail('client.unexpected_answer', { status }), ''));
      return true;
    });
  }
});

test('a call that was given up is given up, not explained', async () => {
  const stop = new AbortController();
  const { client } = clientTo(() => {
    stop.abort();
    throw stop.signal.reason;
  });
  await assert.rejects(client['me.show']({ signal: stop.signal }), { name: 'AbortError' });
});

test('a stream is handed on as it comes, with its name', async () => {
  const headers = { 'content-type': 'text/csv', 'content-disposition': 'attachment; filename="audit.csv"' };
  const { client } = clientTo(() => new Response('a,b', { headers }));
  const answer = await client['audit.export']();
  assert.deepEqual([answer.content_type, answer.file_name], ['text/csv', 'audit.csv']);
  assert.equal(await new Response(answer.body).text(), 'a,b');
});

test('nothing comes back from what has nothing to say', async () => {
  const { client } = clientTo(() => new Response(null, { status: 204 }));
  assert.equal(await client.sign_out(), undefined);
});

test('an address can be had without a call', () => {
  assert.equal(
    urlOf('events.stream', { query: { workspace: 'main', after: '3' } }),
    '/api/v1/events?workspace=main&after=3',
  );
});
