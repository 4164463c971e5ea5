import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { sql } from 'kysely';
import { appendEvents } from '../../src/base/db/index.ts';
import { newId } from '../../src/base/kit/ids.ts';
import { openLog } from '../../src/base/kit/log.ts';
import { openOutbound } from '../../src/base/kit/outbound.ts';
import { createRedactor } from '../../src/base/kit/redact.ts';
import type { Delivery } from '../../src/contract/alerts.ts';
import { deliverDue } from '../../src/domains/alerts/deliver.ts';
import { openAlerts } from '../../src/domains/alerts/index.ts';
import { takeIn } from '../../src/domains/alerts/take-in.ts';
import { refused } from '../access/refused.ts';
import { openWorld, type World } from '../access/world.ts';
import { until } from '../support/until.ts';
import { openReceiver } from './receiver.ts';

// Incidents and webhooks with the real store, the real door, the real outbound client and a real receiver.

const URL_HERE = 'https://moulin.example';
const ALLOWED = { outbound_allow: ['127.0.0.1'] };
const SIGNING = 'signing-secret-of-the-receiver';

const SCHEDULE = 'schedule:01987b2c-7f3a-7c1e-9d55-0a4be91c6f20';

interface Ended {
  how: 'failed' | 'lost' | 'late' | 'succeeded' | 'partial';
  run?: string;
  subject?: string;
  message?: string;
}

/** As the queue writes them, in the transaction that ends the run. */
async function tell(world: World, workspace_id: string, ...ended: Ended[]): Promise<void> {
  await world.store.withWorkspace({ workspace_id }, tx =>
    appendEvents(
      tx,
      ended.map(({ how, run = newId(), subject = SCHEDULE, message = 'The disk is full.' }) => ({
        workspace_id,
        type: `run.${how}`,
        subject: `run:${run}`,
        payload: {
          ...{ title: 'Nightly import', kind: 'diagnostic', schedule_id: null, definition_id: null },
          ...{ subject_key: subject, state: how },
          ...(how === 'failed' && { error: { code: 'task.failed', message, hint: 'Read the log.' } }),
        },
      })),
    ),
  );
}

/** Everything that is there, handed on in one go as a consumer would. */
async function takeAll(world: World): Promise<void> {
  while ((await world.events.sequence()) > 0);
  await takeIn(world.store, await world.events.read('0', { limit: 1000 }), URL_HERE);
}

async function start(t: TestContext) {
  const world = await openWorld(t, ALLOWED);
  const owner = await world.firstAdmin();
  const { id: workspace_id } = await owner.client['workspace.show']();
  return { world, owner, workspace_id, client: owner.client };
}

function sendingOf(world: World, overrides: { timeout_ms?: number } = {}) {
  const lines: string[] = [];
  const { redact } = createRedactor();
  const { log } = openLog({
    level: 'debug',
    format: 'json',
    clock: world.clock,
    redact,
    console: line => lines.push(line),
  });
  const { store, secrets, outbound } = world;
  return { parts: { store, secrets, outbound, log, now: world.clock.now, ...overrides }, lines };
}

const makeDue = (world: World) =>
  world.store.withInstance('test', tx =>
    sql`update webhook_deliveries set next_at = now() where state = 'waiting'`.execute(tx),
  );

test('a schedule that keeps failing is one incident; it is over when the schedule goes well', async t => {
  const { world, workspace_id, client } = await start(t);
  const [first, second, third] = [newId(1), newId(2), newId(3)];
  await tell(
    world,
    workspace_id,
    { how: 'failed', run: first },
    { how: 'failed', run: second, message: 'Again.' },
  );
  await takeAll(world);
  const { items, open } = await client['incidents.list']();
  assert.deepEqual(
    items.map(one => [
      one.kind,
      one.count,
      one.first_run_id,
      one.run_id,
      one.error?.message,
      one.recovered_at,
    ]),
    [['failed', 2, first, second, 'Again.', null]],
  );
  assert.equal(open, 1);
  await tell(world, workspace_id, { how: 'partial', run: third });
  await takeAll(world);
  const after = await client['incidents.list']({ query: { open: 'false' } });
  assert.deepEqual(
    after.items.map(one => [one.recovered_run_id, one.recovered_at !== null]),
    [[third, true]],
  );
  assert.deepEqual(
    [after.open, (await client['incidents.list']({ query: { open: 'true' } })).items],
    [0, []],
  );
});

test('events that come twice, to two processes at once, count once', async t => {
  const { world, workspace_id, client } = await start(t);
  await client['webhook.put']({ body: { url: (await openReceiver(t)).url } });
  await tell(world, workspace_id, { how: 'failed' }, { how: 'failed' }, { how: 'lost' });
  await Promise.all([takeAll(world), takeAll(world)]);
  await takeAll(world);
  const { items } = await client['incidents.list']();
  assert.deepEqual(items.map(one => [one.kind, one.count]).sort(), [
    ['failed', 2],
    ['lost', 1],
  ]);
  const { items: deliveries } = await client['webhook.deliveries']();
  assert.deepEqual(deliveries.map(one => one.kind).sort(), ['failed', 'lost']);
});

test('the consumer takes in what is written, and a new process goes on where the last one stopped', async t => {
  const { world, workspace_id, client } = await start(t);
  const receiver = await openReceiver(t);
  await client['webhook.put']({ body: { url: receiver.url } });
  const { log } = sendingOf(world).parts;
  const { store, events, secrets, outbound, clock } = world;
  const open = () => openAlerts({ store, events, secrets, outbound, clock, log, url: () => URL_HERE });
  const alerts = open();
  await tell(world, workspace_id, { how: 'failed', run: newId(1) });
  await until('the webhook was called', () => receiver.received.length === 1);
  await alerts.close();
  await tell(world, workspace_id, { how: 'succeeded', run: newId(2) });
  const again = open();
  await until('the recovery was told', () => receiver.received.length === 2);
  await again.close();
  assert.deepEqual(
    receiver.received.map(({ body }) => JSON.parse(body).kind),
    ['failed', 'recovered'],
  );
  await again.sweep();
  assert.equal((await client['incidents.list']()).items.length, 1, 'what is young stays');
});

test('the bell counts what each person has not seen', async t => {
  const { world, workspace_id, client } = await start(t);
  const viewer = await world.person('viewer');
  await tell(world, workspace_id, { how: 'failed' }, { how: 'failed', subject: 'definition:b' });
  await takeAll(world);
  assert.equal((await client['incidents.list']()).unseen, 2);
  await client['incidents.seen']();
  assert.equal((await client['incidents.list']()).unseen, 0);
  assert.equal((await viewer.client['incidents.list']()).unseen, 2, 'somebody else has not looked');
  await tell(world, workspace_id, { how: 'failed', subject: 'definition:b' });
  await takeAll(world);
  const { items, unseen } = await client['incidents.list']();
  assert.deepEqual(
    [unseen, items.map(one => [one.subject, one.unseen])],
    [
      1,
      [
        ['definition:b', true],
        [SCHEDULE, false],
      ],
    ],
  );
});

test('a workspace that is gone holds nobody up', async t => {
  const { world, workspace_id, client } = await start(t);
  const { id } = await client['workspaces.create']({ body: { name: 'Gone' } });
  await tell(world, id, { how: 'failed' });
  await client['workspace.delete']({ query: { confirm: 'gone' }, workspace: 'gone' });
  await tell(world, workspace_id, { how: 'failed' });
  await takeAll(world);
  assert.equal((await client['incidents.list']()).items.length, 1);
});

test('a message is signed, names its delivery and links to the run; once per incident and kind', async t => {
  const { world, workspace_id, client } = await start(t);
  const receiver = await openReceiver(t);
  await client['webhook.put']({ body: { url: receiver.url, signing_secret: SIGNING } });
  const [run, later] = [newId(1), newId(2)];
  await tell(world, workspace_id, { how: 'failed', run }, { how: 'failed', run: later });
  await takeAll(world);
  const { parts } = sendingOf(world);
  assert.equal(await deliverDue(parts), 1);
  assert.equal(await deliverDue(parts), 0);
  const [{ headers, body } = { headers: {}, body: '' }] = receiver.received;
  const message = JSON.parse(body);
  assert.equal(message.run.url, `${URL_HERE}/w/main/runs/${run}`);
  const [, seconds, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['moulin-signature'])) ?? [];
  assert.equal(mac, createHmac('sha256', SIGNING).update(`${seconds}.${body}`).digest('hex'));
  const { items } = await client['webhook.deliveries']();
  assert.deepEqual(
    items.map(one => [one.id, one.state, one.status, one.attempts]),
    [[headers['moulin-delivery'], 'delivered', 200, 1]],
  );
});

test('who is not told of a kind does not hear that it is well again', async t => {
  const { world, workspace_id, client } = await start(t);
  const receiver = await openReceiver(t);
  await client['webhook.put']({ body: { url: receiver.url, on_kinds: ['lost', 'recovered'] } });
  await tell(world, workspace_id, { how: 'failed', run: newId(1) }, { how: 'lost', run: newId(2) });
  await tell(world, workspace_id, { how: 'succeeded', run: newId(3) });
  await takeAll(world);
  const { items } = await client['webhook.deliveries']();
  assert.deepEqual(items.map(one => one.kind).sort(), ['lost', 'recovered']);
});

test('a receiver in trouble is asked again later, as it says, and given up after six attempts', async t => {
  const { world, workspace_id, client } = await start(t);
  const receiver = await openReceiver(t);
  await client['webhook.put']({ body: { url: receiver.url } });
  await tell(world, workspace_id, { how: 'failed' });
  await takeAll(world);
  const { parts, lines } = sendingOf(world, { timeout_ms: 200 });
  receiver.answer('silence', { status: 429, headers: { 'retry-after': '1800' } });
  receiver.answer({ status: 500 }, { status: 502 }, { status: 503 }, { status: 500 });
  const states: (string | number | null)[][] = [];
  for (let attempt = 1; attempt <= 6; attempt += 1) {
    assert.equal(await deliverDue(parts), 1, `attempt ${attempt}`);
    assert.equal(await deliverDue(parts), 0, 'not again at once');
    const one = await onlyDelivery(client);
    states.push([one.state, one.attempts, one.status]);
    if (attempt === 2) assert(secondsUntil(one.next_at, world) > 1500, 'what the receiver asked for');
    await makeDue(world);
  }
  assert.deepEqual(states, [
    ['waiting', 1, null],
    ['waiting', 2, 429],
    ['waiting', 3, 500],
    ['waiting', 4, 502],
    ['waiting', 5, 503],
    ['failed', 6, 500],
  ]);
  assert.equal(await deliverDue(parts), 0);
  assert.equal((await client['webhook.show']()).webhook?.enabled, true);
  assert(lines.some(line => line.includes('the webhook stays on')));
});

test('a message that never comes to its end is given up, too', async t => {
  const { world, workspace_id, client } = await start(t);
  const receiver = await openReceiver(t);
  await client['webhook.put']({ body: { url: receiver.url } });
  await tell(world, workspace_id, { how: 'failed' });
  await takeAll(world);
  await world.store.withInstance('test', tx =>
    tx.updateTable('webhook_deliveries').set({ attempts: 6 }).execute(),
  );
  assert.equal(await deliverDue(sendingOf(world).parts), 1);
  const one = await onlyDelivery(client);
  assert.deepEqual([one.state, one.status], ['failed', null]);
  assert.match(one.error ?? '', /6 times/);
  assert.equal(receiver.received.length, 0);
});

type Client = World['local'];

async function onlyDelivery(client: Client): Promise<Delivery> {
  const { items } = await client['webhook.deliveries']();
  assert.equal(items.length, 1);
  const [one] = items;
  assert(one);
  return one;
}

function secondsUntil(at: string | null, world: World): number {
  return (Date.parse(at ?? '') - world.clock.now()) / 1000;
}

test('a redirect is not followed, and what the receiver will not have is not sent again', async t => {
  const { world, workspace_id, client } = await start(t);
  const receiver = await openReceiver(t);
  const elsewhere = await openReceiver(t);
  await client['webhook.put']({ body: { url: receiver.url } });
  receiver.answer({ status: 302, headers: { location: elsewhere.url } }, { status: 404 });
  const { parts } = sendingOf(world);
  for (const subject of ['schedule:a', 'schedule:b']) {
    await tell(world, workspace_id, { how: 'failed', subject });
    await takeAll(world);
    assert.equal(await deliverDue(parts), 1);
  }
  const { items } = await client['webhook.deliveries']();
  assert.deepEqual(
    items.map(one => [one.state, one.status, one.attempts]),
    [
      ['failed', 404, 1],
      ['failed', 302, 1],
    ],
  );
  assert.equal(elsewhere.received.length, 0);
});

test('a private address is refused when it is set, and when it is called', async t => {
  const world = await openWorld(t);
  const { client } = await world.firstAdmin();
  const { id: workspace_id } = await client['workspace.show']();
  const receiver = await openReceiver(t);
  for (const url of [receiver.url, 'http://[::1]/x', 'http://169.254.169.254/x', 'http://u:p@example.com/x'])
    await refused(client['webhook.put']({ body: { url } }), 'outbound.refused');
  // Allowed when it was set, and not any more.
  const { secrets, store } = world;
  await store.withWorkspace({ workspace_id }, async tx => {
    const ref = { workspace_id, object_kind: 'webhook', object_id: 'webhook', field: 'url' };
    await secrets.put(tx, ref, receiver.url, 'test');
    await tx
      .insertInto('webhooks')
      .values({ workspace_id, format: 'json', shown_url: receiver.origin })
      .execute();
  });
  await tell(world, workspace_id, { how: 'failed' });
  await takeAll(world);
  assert.equal(await deliverDue(sendingOf(world).parts), 1);
  const one = await onlyDelivery(client);
  assert.deepEqual([one.state, one.attempts, one.status], ['failed', 1, null]);
  assert.match(one.error ?? '', /private address/);
  assert.equal(receiver.received.length, 0);
});

test('a test says what came back, switched on or not', async t => {
  const { client } = await start(t);
  await refused(client['webhook.test'](), 'webhook.missing');
  await refused(client['webhook.put']({ body: {} }), 'webhook.no_url');
  const receiver = await openReceiver(t);
  await client['webhook.put']({ body: { url: receiver.url, format: 'slack', enabled: false } });
  receiver.answer({ status: 403 });
  const bad = await client['webhook.test']();
  assert.deepEqual([bad.kind, bad.state, bad.status], ['test', 'failed', 403]);
  const good = await client['webhook.test']();
  assert.deepEqual([good.state, good.status, good.error], ['delivered', 200, null]);
  assert.match(JSON.parse(receiver.received[1]?.body ?? '').text, /^Test: .*Main/);
  assert(!JSON.stringify(good).includes('never shown'));
});

test('what waits for a webhook that is switched off or deleted is not sent', async t => {
  const { world, workspace_id, client } = await start(t);
  const receiver = await openReceiver(t);
  await client['webhook.put']({ body: { url: receiver.url } });
  await tell(world, workspace_id, { how: 'failed' });
  await takeAll(world);
  await client['webhook.put']({ body: { enabled: false } });
  await deliverDue(sendingOf(world).parts);
  assert.equal((await onlyDelivery(client)).state, 'failed');
  await client['webhook.put']({ body: { enabled: true } });
  await tell(world, workspace_id, { how: 'lost' });
  await takeAll(world);
  await client['webhook.delete']();
  assert.equal(await deliverDue(sendingOf(world).parts), 0);
  assert.equal(receiver.received.length, 0);
  assert.equal((await client['webhook.show']()).webhook, null);
});

test('address and signing secret are in no answer, no log, no audit entry and no event', async t => {
  const { world, workspace_id, client } = await start(t);
  const receiver = await openReceiver(t);
  const shown = await client['webhook.put']({ body: { url: receiver.url, signing_secret: SIGNING } });
  assert.deepEqual([shown.shown_url, shown.has_signing_secret], [receiver.origin, true]);
  await client['webhook.put']({ body: { on_kinds: ['failed'] } });
  await tell(world, workspace_id, { how: 'failed' });
  await takeAll(world);
  receiver.answer({ status: 500 });
  const { parts, lines } = sendingOf(world);
  await deliverDue(parts);
  await client['webhook.test']();
  const unsigned = await client['webhook.put']({ body: { signing_secret: null } });
  assert.equal(unsigned.has_signing_secret, false);
  const said = JSON.stringify([
    shown,
    await client['webhook.show'](),
    await client['webhook.deliveries'](),
    await client['audit.list'](),
    await client['events.list']({ query: { after: '0' } }),
    lines,
    world.lines,
  ]);
  for (const secret of ['very-secret-path', SIGNING]) assert(!said.includes(secret), secret);
  const { items } = await client['audit.list']({ query: { action: 'webhook.changed' } });
  assert.deepEqual(
    items.map(item => Object.keys(item.changes).sort()),
    [
      ['on_kinds', 'signing_secret'],
      ['on_kinds'],
      ['enabled', 'format', 'on_kinds', 'shown_url', 'signing_secret', 'url'],
    ],
  );
});

test('a slow receiver of one workspace does not hold up another', async t => {
  const { world, workspace_id, client } = await start(t);
  const [slow, quick] = [await openReceiver(t), await openReceiver(t)];
  const { id } = await client['workspaces.create']({ body: { name: 'Other' } });
  await client['webhook.put']({ body: { url: slow.url } });
  await client['webhook.put']({ body: { url: quick.url }, workspace: 'other' });
  slow.answer('silence', 'silence', 'silence');
  await tell(world, workspace_id, { how: 'failed' }, { how: 'lost' }, { how: 'late' });
  await tell(world, id, { how: 'failed' });
  await takeAll(world);
  assert.equal(await deliverDue(sendingOf(world, { timeout_ms: 200 }).parts), 2, 'one of each workspace');
  assert.deepEqual([slow.received.length, quick.received.length], [1, 1]);
});

test('the address is checked by whoever sets it, with what the operator allows', async () => {
  const outbound = openOutbound({
    allow: ['10.0.0.0/8'],
    resolve: async host => (host === 'far.example' ? ['10.1.2.3'] : ['192.168.1.1']),
  });
  await outbound.check('https://far.example/x');
  await assert.rejects(outbound.check('https://near.example/x'), /192\.168\.1\.1/);
  await outbound.close();
});
