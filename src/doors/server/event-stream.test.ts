import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import {
  type Fixture,
  IN_MAIN,
  OTHER_WORKSPACE_ID,
  openFixture,
  TOKEN,
} from '../../../tests/support/door.ts';
import { nextTypes, type Opened, openEventSource } from '../../../tests/support/event-source.ts';
import { until } from '../../../tests/support/until.ts';

async function listening(t: TestContext, options: Parameters<typeof openFixture>[1] = {}): Promise<Fixture> {
  const fixture = await openFixture(t, options);
  await fixture.app.listen({ port: 0 });
  return fixture;
}

function open(
  t: TestContext,
  { app }: Fixture,
  headers: Record<string, string> = {},
  query = '',
): Promise<Opened> {
  return openEventSource(t, app, { ...TOKEN, ...IN_MAIN, ...headers }, query);
}

test('a stream greets with its place, then tells what happens in its workspace', async t => {
  const fixture = await listening(t);
  fixture.events.append('before');
  const stream = await open(t, fixture);
  assert.equal(stream.headers['content-type'], 'text/event-stream; charset=utf-8');
  assert.equal(stream.headers['cache-control'], 'no-store');
  const hello = await stream.next();
  assert.deepEqual([hello?.event, hello?.id], ['hello', '1']);
  assert.deepEqual(JSON.parse(hello?.data ?? ''), { position: '1', resumed: false });
  fixture.events.append('elsewhere', { workspace_id: OTHER_WORKSPACE_ID });
  fixture.events.append('of.nobody', { workspace_id: null });
  fixture.events.append('here', { payload: { text: 'line\nbreak' } });
  const message = await stream.next();
  assert.equal(message?.id, '4');
  assert.deepEqual(JSON.parse(message?.data ?? '').payload, { text: 'line\nbreak' });
});

test('a stream resumes after Last-Event-ID, which wins over the address', async t => {
  const fixture = await listening(t);
  for (const type of ['a', 'b', 'c']) fixture.events.append(type);
  const stream = await open(t, fixture, { 'last-event-id': '1' }, '?after=2');
  assert.deepEqual(JSON.parse((await stream.next())?.data ?? ''), { position: '1', resumed: true });
  assert.deepEqual(await nextTypes(stream, 2), ['b', 'c']);
});

test('from far back it reads pages of its own, then joins the others without a gap or a double', async t => {
  const fixture = await listening(t);
  const expected = Array.from({ length: 1000 }, (_, n) => `e${n}`);
  for (const type of expected.slice(0, 900)) fixture.events.append(type);
  const stream = await open(t, fixture, { 'last-event-id': '0' });
  await stream.next();
  for (const type of expected.slice(900)) fixture.events.append(type);
  assert.deepEqual(await nextTypes(stream, 1000), expected);
});

for (const garbage of ['', 'abc', '-1', '1.5', '99999999999999999999', '1, 1', 'undefined'])
  test(`the garbage id "${garbage}" is no place: the stream starts now, and says so`, async t => {
    const fixture = await listening(t);
    fixture.events.append('a');
    const stream = await open(t, fixture, { 'last-event-id': garbage });
    assert.equal(stream.status, 200);
    assert.deepEqual(JSON.parse((await stream.next())?.data ?? ''), { position: '1', resumed: false });
  });

test('an id of the future, or one whose followers are deleted, starts now and says that it missed something', async t => {
  const fixture = await listening(t);
  for (const type of ['a', 'b', 'c']) fixture.events.append(type);
  fixture.events.forget(2);
  for (const id of ['77', '1', '9223372036854775807']) {
    const stream = await open(t, fixture, { 'last-event-id': id });
    assert.deepEqual(JSON.parse((await stream.next())?.data ?? ''), { position: '3', resumed: false }, id);
    stream.close();
  }
  const stream = await open(t, fixture, { 'last-event-id': '2' });
  assert.deepEqual(JSON.parse((await stream.next())?.data ?? ''), { position: '2', resumed: true });
});

test('types narrow a stream by their beginnings', async t => {
  const fixture = await listening(t);
  const stream = await open(t, fixture, {}, '?types=run.,table.made');
  await stream.next();
  for (const type of ['run.started', 'table.dropped', 'table.made', 'runner']) fixture.events.append(type);
  assert.deepEqual(await nextTypes(stream, 2), ['run.started', 'table.made']);
});

test('EventSource, which cannot send headers, names the workspace in the address', async t => {
  const fixture = await listening(t);
  const stream = await open(t, fixture, { 'moulin-workspace': '' }, '?workspace=other');
  await stream.next();
  fixture.events.append('here', { workspace_id: OTHER_WORKSPACE_ID });
  assert.deepEqual(await nextTypes(stream, 1), ['here']);
});

test('a quiet stream beats', async t => {
  const fixture = await listening(t, { limits: { heartbeat_ms: 5 } });
  const { port } = fixture.app.server.address() as AddressInfo;
  const request = http.get({ port, path: '/api/v1/events', headers: { ...TOKEN, ...IN_MAIN } });
  t.after(() => request.destroy());
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  let text = '';
  for await (const chunk of response) {
    text += chunk;
    if (/(: beat\n\n){2}/.test(text)) break;
  }
});

test('however many streams, the store is read once for an event', async t => {
  const fixture = await listening(t, { limits: { streams_per_principal: 100 } });
  const streams = await Promise.all(Array.from({ length: 50 }, () => open(t, fixture)));
  for (const stream of streams) await stream.next();
  const before = { ...fixture.events.reads };
  fixture.events.append('a');
  assert.deepEqual(
    await Promise.all(streams.map(stream => nextTypes(stream, 1))),
    streams.map(() => ['a']),
  );
  assert(fixture.events.reads.all - before.all <= 3, `${fixture.events.reads.all - before.all} reads`);
  assert.equal(fixture.events.reads.one, before.one);
});

test('a store that is away for a while costs no event', async t => {
  const fixture = await listening(t);
  const stream = await open(t, fixture);
  await stream.next();
  fixture.events.failing = true;
  fixture.events.append('a');
  await until('it is told', () =>
    fixture.lines.some(line => /event stream cannot be read/.test(String(line.message))),
  );
  fixture.events.failing = false;
  fixture.events.append('b');
  assert.deepEqual(await nextTypes(stream, 2), ['a', 'b']);
});

test('one caller may hold so many streams and no more, and a closed one counts no more', async t => {
  const fixture = await listening(t, { limits: { streams_per_principal: 2 } });
  const first = await open(t, fixture);
  await open(t, fixture);
  const third = await open(t, fixture);
  assert.deepEqual([third.status, JSON.parse(third.body).code], [429, 'events.too_many_streams']);
  assert.equal((await open(t, fixture, { authorization: 'Bearer token-of-viewer' })).status, 200);
  first.close();
  await until('a place is free', async () => (await open(t, fixture)).status === 200);
});

test('the right to listen is asked for again, without counting as activity, and its end ends the stream', async t => {
  const fixture = await listening(t, { limits: { heartbeat_ms: 5, recheck_ms: 10 } });
  const stream = await open(t, fixture);
  await stream.next();
  await until('it is asked', () => fixture.asked.passive > 1);
  fixture.revoked.add('token-of-ada');
  assert.deepEqual(await stream.next(), { event: 'end', data: '{"code":"auth.invalid"}' });
  assert.equal(await stream.next(), undefined);
});

test('an event about access makes the question come at once, before anything more is shown', async t => {
  const fixture = await listening(t, { limits: { recheck_ms: 3_600_000 } });
  const stream = await open(t, fixture);
  await stream.next();
  fixture.revoked.add('token-of-ada');
  fixture.events.append('member.removed', { subject: 'user:ada' });
  assert.equal((await stream.next())?.event, 'end');
});

test('stopping says goodbye to streams and ends', async t => {
  const fixture = await listening(t);
  const stream = await open(t, fixture);
  await stream.next();
  const closed = fixture.app.close();
  assert.deepEqual(await stream.next(), { event: 'end', data: '{"code":"server.stopping"}' });
  assert.equal(await stream.next(), undefined);
  await closed;
});

test('a client that never reads is dropped and hurts nobody', async t => {
  const fixture = await listening(t, { limits: { stalled_ms: 1500 } });
  const reader = await open(t, fixture);
  await reader.next();
  const sleeper = await openSleeper(t, fixture);
  const payload = { text: 'x'.repeat(50_000) };
  const big = 400;
  for (let n = 0; n < big; n += 1) fixture.events.append('big', { payload });
  assert.equal((await nextTypes(reader, big)).length, big);
  await until('it is dropped', () =>
    fixture.lines.some(line => /does not read is dropped/.test(String(line.message))),
  );
  await once(sleeper.resume(), 'close');
  // What it got is a part; what was not taken waited in the shared ring, not in its memory.
  assert(sleeper.bytesRead < big * 50_000, `${sleeper.bytesRead} bytes`);
  fixture.events.append('after');
  assert.deepEqual(await nextTypes(reader, 1), ['after']);
});

test('of a thousand streams half never read, and the others hear everything', async t => {
  const fixture = await listening(t, { limits: { streams_per_principal: 1000 } });
  const sockets: Socket[] = [];
  // Not all at once: on a busy machine the last ones would wait longer than a request may take.
  while (sockets.length < 1000)
    sockets.push(...(await Promise.all(Array.from({ length: 50 }, () => openSleeper(t, fixture)))));
  const readers = sockets.filter((_, at) => at % 2 === 0).map(readTypes);
  const told = Array.from({ length: 20 }, (_, n) => `e${n}`);
  for (const type of told) fixture.events.append(type, { payload: { text: 'x'.repeat(2000) } });
  await until('every reader has heard everything', () =>
    readers.every(heard => heard.length === told.length),
  );
  for (const heard of readers) assert.deepEqual(heard, told);
  assert.equal((await fixture.app.inject('/health/live')).statusCode, 200);
});

/** What a stream tells from now on, by bare socket: a thousand HTTP clients would be this process's work, not the server's. */
function readTypes(socket: Socket): string[] {
  const heard: string[] = [];
  let rest = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    const frames = (rest + text).split('\n\n');
    rest = frames.pop() ?? '';
    for (const frame of frames) heard.push(...(/"type":"(\w+)"/.exec(frame)?.slice(1) ?? []));
  });
  return heard;
}

async function openSleeper(t: TestContext, { app }: Fixture): Promise<Socket> {
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  const head = Object.entries({ host: 'localhost', ...TOKEN, ...IN_MAIN }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  socket.write(`GET /api/v1/events HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n`);
  await once(socket, 'readable');
  return socket;
}

test('scripts poll the same events as pages', async t => {
  const fixture = await openFixture(t);
  for (const type of ['a', 'b', 'c']) fixture.events.append(type);
  const list = async (query: string) =>
    (
      await fixture.app.inject({ url: `/api/v1/events/list${query}`, headers: { ...TOKEN, ...IN_MAIN } })
    ).json();
  const first = await list('?limit=2');
  assert.deepEqual([first.items.length, first.next_after], [2, '2']);
  assert.deepEqual((await list('?after=3')).next_after, '3');
});
