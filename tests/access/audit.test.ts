import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { withClient } from '../../src/base/db/connection.ts';
import { parseUpdates, printMetadata } from '../../src/base/iceberg/index.ts';
import { writeManifestList } from '../../src/base/iceberg/manifest/index.ts';
import { newId } from '../../src/base/kit/ids.ts';
import type { AuditEntry } from '../../src/contract/access.ts';
import type { StreamAnswer } from '../../src/contract/route.ts';
import { routeEntries } from '../../src/contract/routes.ts';
import { SYSTEM } from '../../src/domains/access/index.ts';
import type { Lake, LakeContext } from '../../src/domains/lakehouse/index.ts';
import { registerWorker } from '../../src/domains/runs/queue/index.ts';
import { snapshotUpdates } from '../lake/catalog.ts';
import { otherCatalog } from '../lake/other-catalog.ts';
import { refused } from './refused.ts';
import { openWorld, PASSWORD, tokenIn, type World } from './world.ts';

const textOf = (answer: StreamAnswer) => new Response(answer.body).text();
const actions = (items: readonly AuditEntry[]) => items.map(item => item.action);

/** One successful call of every route that changes something, by name. What is not here fails the test below. */
function changes(world: World): Record<string, () => Promise<unknown>> {
  const { local } = world;
  const workspace = 'main';
  const email = 'bob@example.com';
  const bob = world.browser();
  const kept: Record<string, { id: string; version: number; url: string }> = {};
  const remember = async (name: string, made: Promise<object>) => {
    kept[name] = { id: '', version: 0, url: '', ...(await made) };
  };
  const idOf = (name: string) => kept[name]?.id ?? '';
  const me = () => bob.client['me.show']();
  const newSession = () =>
    world.browser().client['sign_in.password']({ body: { email, password: PASSWORD } });
  return {
    'invitations.create': () =>
      remember('invitation', local['invitations.create']({ body: { email, role: 'admin' }, workspace })),
    'links.use': async () => {
      const token = tokenIn(kept.invitation?.url);
      await remember('bob', bob.client['links.use']({ body: { token, name: 'Bob', password: PASSWORD } }));
    },
    'invitations.delete': async () => {
      const made = await local['invitations.create']({
        body: { email: 'x@example.com', role: 'viewer' },
        workspace,
      });
      await local['invitations.delete']({ params: { id: made.id }, workspace });
    },
    'sign_in.password': newSession,
    'me.edit': async () => bob.client['me.edit']({ body: { name: 'Robert' }, version: (await me()).version }),
    'me.password': () =>
      bob.client['me.password']({ body: { current_password: PASSWORD, new_password: PASSWORD } }),
    'sessions.delete': async () => {
      await newSession();
      const { items } = await bob.client['sessions.list']();
      const other = items.find(item => !item.current);
      await bob.client['sessions.delete']({ params: { id: other?.id ?? '' } });
    },
    'sessions.delete_others': async () => {
      await newSession();
      await bob.client['sessions.delete_others']();
    },
    'my_tokens.create': () =>
      remember('mine', bob.client['my_tokens.create']({ body: { name: 'mine', workspace: 'main' } })),
    'my_tokens.delete': () => bob.client['my_tokens.delete']({ params: { id: idOf('mine') } }),
    'members.edit': async () => {
      const { version } = await local['members.show']({ params: { id: idOf('bob') }, workspace });
      await local['members.edit']({
        params: { id: idOf('bob') },
        body: { role: 'editor' },
        version,
        workspace,
      });
    },
    'members.leave': () => bob.client['members.leave'](),
    'members.delete': async () => {
      const person = await world.person('viewer');
      await local['members.delete']({ params: { id: person.id }, workspace });
    },
    sign_out: () => bob.client.sign_out(),
    'service_accounts.create': () =>
      remember('ci', local['service_accounts.create']({ body: { name: 'ci', role: 'admin' }, workspace })),
    'service_accounts.edit': () =>
      local['service_accounts.edit']({
        params: { id: idOf('ci') },
        body: { name: 'cd' },
        version: 1,
        workspace,
      }),
    'tokens.create': () =>
      remember(
        'token',
        local['tokens.create']({ params: { id: idOf('ci') }, body: { name: 'x' }, workspace }),
      ),
    'tokens.delete': () => local['tokens.delete']({ params: { id: idOf('token') }, workspace }),
    'service_accounts.delete': () =>
      local['service_accounts.delete']({ params: { id: idOf('ci') }, workspace }),
    'secrets.put': () =>
      local['secrets.put']({ params: { name: 'db' }, body: { value: 'a secret value' }, workspace }),
    'secrets.delete': () => local['secrets.delete']({ params: { name: 'db' }, workspace }),
    'workspaces.create': () => local['workspaces.create']({ body: { name: 'Other' } }),
    'workspace.edit': () =>
      local['workspace.edit']({ body: { name: 'Others' }, version: 1, workspace: 'other' }),
    'workspace.delete': () => local['workspace.delete']({ query: { confirm: 'other' }, workspace: 'other' }),
    'users.edit': async () => {
      const { id, version } = await local['users.show']({ params: { id: idOf('bob') } });
      await local['users.edit']({ params: { id }, body: { instance_rights: ['instance:health'] }, version });
    },
    'users.link': () => local['users.link']({ body: { email } }),
    'keys.verify': () => local['keys.verify'](),
    'keys.note_export': () => local['keys.note_export']({ body: { key_ids: ['0123456789abcdef'] } }),
    'keys.rotate': () => local['keys.rotate']({ body: {} }),
    ...changesOfRuns(world),
    ...changesOfSchedules(world),
    'webhook.put': () => local['webhook.put']({ body: { url: 'http://127.0.0.1:9/secret' }, workspace }),
    'webhook.test': () => local['webhook.test']({ workspace }),
    'webhook.delete': () => local['webhook.delete']({ workspace }),
  };
}

/** One run, cancelled and started again in every way. */
function changesOfRuns({ local, store }: World): Record<string, () => Promise<unknown>> {
  const workspace = 'main';
  const definition = { title: 'a run', tasks: [{ name: 'a task', kind: 'note' }] };
  let run = { id: '' };
  const task = async () => {
    const { items } = await local['runs.tasks']({ params: { id: run.id }, workspace });
    return { params: { id: items[0]?.id ?? '' }, workspace };
  };
  const ids = () => ({ body: { ids: [run.id] }, workspace });
  return {
    'runs.create': async () => {
      run = await local['runs.create']({ body: definition, workspace });
    },
    'tasks.cancel': async () => local['tasks.cancel'](await task()),
    'tasks.retry': async () => local['tasks.retry'](await task()),
    'runs.cancel': () => local['runs.cancel']({ params: { id: run.id }, body: {}, workspace }),
    'runs.retry': () => local['runs.retry']({ params: { id: run.id }, body: {}, workspace }),
    'runs.cancel_each': () => local['runs.cancel_each'](ids()),
    'tasks.mark': async () =>
      local['tasks.mark']({ ...(await task()), body: { as: 'failed', reason: 'it did nothing' } }),
    'runs.retry_each': () => local['runs.retry_each'](ids()),
    'limits.set': () => local['limits.set']({ body: { key: 'key:crm', slots: 2 }, workspace }),
    'workers.drain': async () => {
      const worker = { id: newId(), name: 'w', host: 'h', pid: 1, version: '0', tags: [], concurrency: 1 };
      await store.withInstance('test', tx => registerWorker(tx, worker));
      await local['workers.drain']({ params: { id: worker.id }, body: {} });
    },
  };
}

function changesOfSchedules({ local }: World): Record<string, () => Promise<unknown>> {
  const workspace = 'main';
  const definition = { title: 'a run', tasks: [{ name: 'a task', kind: 'note' }] };
  const kept = { schedule: '', calendar: '' };
  const schedule = () => ({ params: { id: kept.schedule }, workspace });
  const calendar = () => ({ params: { id: kept.calendar }, workspace });
  return {
    'calendars.create': async () => {
      const { id } = await local['calendars.create']({ body: { name: 'c', blackouts: [] }, workspace });
      kept.calendar = id;
    },
    'calendars.edit': () => local['calendars.edit']({ ...calendar(), body: { name: 'd' }, version: 1 }),
    'calendars.delete': () => local['calendars.delete'](calendar()),
    'schedules.create': async () => {
      const body = { name: 's', cron: '0 3 * * *', definition };
      kept.schedule = (await local['schedules.create']({ body, workspace })).id;
    },
    'schedules.edit': () => local['schedules.edit']({ ...schedule(), body: { name: 't' }, version: 1 }),
    'schedules.run': () => local['schedules.run'](schedule()),
    'schedules.delete': () => local['schedules.delete'](schedule()),
  };
}

/** Two, one after the other, without a row. */
async function emptySnapshots(lake: Lake, context: LakeContext, table: string): Promise<void> {
  for (const [id, parent] of [[1n], [2n, 1n]] as const) {
    const { metadata } = await lake.tables.load(context, table);
    const list = `${metadata.location}/metadata/snap-${id}.avro`;
    const sequence_number = metadata['last-sequence-number'] + 1;
    const head = { snapshot_id: id, parent_id: parent, sequence_number, format_version: 2 as const };
    await lake.filesOf(context.workspace_id).write(list, writeManifestList(head, []));
    const updates = parseUpdates(
      snapshotUpdates(metadata, { id, sequence: sequence_number, ...(parent !== undefined && { parent }) }),
    );
    await lake.commit(context, [{ table, requirements: [], updates }]);
  }
}

/** In their order: each finds what the ones before have left. */
function changesOfLake(
  { local, lake, workspace_id, storage }: World & { workspace_id: string },
  other: { url: string; token: string },
): Record<string, () => Promise<unknown>> {
  const workspace = 'main';
  const kept = { namespace: '', table: '', upload: '', mount: '' };
  const context: LakeContext = { workspace_id, actor: SYSTEM, via: 'api' };
  const namespace = () => ({ params: { id: kept.namespace }, workspace });
  const table = () => ({ params: { id: kept.table }, workspace });
  const ref = () => ({ params: { id: kept.table, ref: 'v1' }, workspace });
  const mount = () => ({ params: { id: kept.mount }, workspace });
  return {
    'lake_namespaces.create': async () => {
      kept.namespace = (await local['lake_namespaces.create']({ body: { levels: ['shop'] }, workspace })).id;
    },
    'lake_namespaces.edit': async () => {
      const { items } = await local['lake_namespaces.list']({ query: {}, workspace });
      const version = items[0]?.version ?? 0;
      await local['lake_namespaces.edit']({ ...namespace(), body: { description: 'x' }, version });
    },
    'lake_tables.create': async () => {
      const body = { namespace: ['shop'], name: 'orders', fields: [{ name: 'id', type: 'BIGINT' }] };
      kept.table = (await local['lake_tables.create']({ body, workspace })).id;
    },
    'lake_tables.edit': async () => {
      const { version } = await local['lake_tables.show'](table());
      await local['lake_tables.edit']({ ...table(), body: { description: 'x' }, version });
    },
    'lake_tables.evolve': () =>
      local['lake_tables.evolve']({
        ...table(),
        body: { changes: [{ change: 'add', path: 'city', type: 'VARCHAR' }] },
      }),
    'lake_tables.rewrite': () =>
      local['lake_tables.rewrite']({
        ...table(),
        body: { changes: [{ change: 'rename', path: 'city', name: 'town' }] },
      }),
    'lake_tables.partition': () =>
      local['lake_tables.partition']({ ...table(), body: { partition_by: [{ field: 'city' }] } }),
    'lake_tables.rollback': async () => {
      await emptySnapshots(lake, context, kept.table);
      await local['lake_tables.rollback']({ ...table(), body: { snapshot_id: '1' } });
    },
    'lake_tables.ref_put': () =>
      local['lake_tables.ref_put']({ ...ref(), body: { type: 'tag', snapshot_id: '1' } }),
    'lake_tables.ref_delete': () => local['lake_tables.ref_delete'](ref()),
    'lake_tables.maintain': () => local['lake_tables.maintain']({ ...table(), body: { kinds: ['compact'] } }),
    'lake_tables.export': () => local['lake_tables.export']({ ...table(), body: { format: 'csv' } }),
    'lake_files.upload': async () => {
      const sent = { query: { name: 'rows.csv' }, bytes: Buffer.from('id\n1\n'), workspace };
      kept.upload = (await local['lake_files.upload'](sent)).upload_id;
    },
    'lake_tables.import': () =>
      local['lake_tables.import']({
        body: { namespace: ['shop'], name: 'brought', upload_ids: [kept.upload], format: 'csv' },
        workspace,
      }),
    'lake_tables.register': async () => {
      await lake.namespaces.create(context, { levels: ['old'] });
      const location = `${storage.facts.root}/${workspace_id}/import/old`;
      const { metadata } = await lake.tables.draft(context, {
        ...{ namespace: ['old'], name: 'old' },
        schema: {
          type: 'struct',
          'schema-id': 0,
          fields: [{ id: 1, name: 'id', required: true, type: 'long' }],
        },
      });
      const text = printMetadata({ ...metadata, location });
      await lake.filesOf(workspace_id).write(`${location}/metadata/v1.metadata.json`, Buffer.from(text));
      await local['lake_tables.register']({ body: { namespace: ['old'], name: 'old', location }, workspace });
    },
    'lake_mounts.create': async () => {
      const body = { name: 'theirs', url: other.url, auth: 'token' as const, secret: other.token };
      kept.mount = (await local['lake_mounts.create']({ body, workspace })).id;
    },
    'lake_mounts.refresh': () => local['lake_mounts.refresh'](mount()),
    'lake_mounts.delete': () => local['lake_mounts.delete'](mount()),
    'lake_tables.policy_put': async () => {
      const { version } = await local['lake_tables.policy'](table());
      await local['lake_tables.policy_put']({ ...table(), body: { snapshot_days: 3 }, version });
    },
    'lake_policy.put': async () => {
      const { policy, version } = await local['lake_policy.show']({ workspace });
      await local['lake_policy.put']({ body: { ...policy, snapshot_days: 5 }, version, workspace });
    },
    'lake_tables.delete': () => local['lake_tables.delete'](table()),
    'lake_namespaces.delete': () => local['lake_namespaces.delete'](namespace()),
  };
}

/** Changes nothing, or is tested where what it needs is at hand: a provider, a key that can be written. */
const ELSEWHERE = [
  ...['links.show', 'my_identity.link', 'my_identity.delete', 'keys.rewrap', 'schedules.preview'],
  // Where one's own eyes have been is nobody else's business.
  'incidents.seen',
];

test('every route that changes something leaves an entry and an event in the same transaction', async t => {
  const world = await openWorld(t, { outbound_allow: ['127.0.0.1'] });
  await world.firstAdmin();
  const { id: workspace_id } = await world.local['workspace.show']({ workspace: 'main' });
  const lake = changesOfLake({ ...world, workspace_id }, await otherCatalog(t));
  const calls = { ...changes(world), ...lake };
  const writing = routeEntries.filter(([, route]) => route.method !== 'GET').map(([name]) => name as string);
  assert.deepEqual(
    writing.filter(name => !ELSEWHERE.includes(name) && !(name in calls)),
    [],
    'routes without a call here',
  );
  for (const [name, call] of Object.entries(calls)) {
    const before = await written(world);
    await call();
    const after = await written(world);
    assert(after.entries > before.entries, `${name} left no audit entry`);
    assert(after.events > before.events, `${name} left no event`);
  }
});

async function written(world: World) {
  const { rows } = await world.store.withInstance('test', tx =>
    sql<{ entries: number; events: number }>`
      select (select count(*)::int from audit_entries) entries, (select count(*)::int from events) events`.execute(
      tx,
    ),
  );
  return rows[0] ?? { entries: 0, events: 0 };
}

test('an entry says who, from where, what, and before and after; what failed left none', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  const bob = await world.person('viewer');
  await owner.client['members.edit']({ params: { id: bob.id }, body: { role: 'editor' }, version: 1 });
  await refused(owner.client['members.leave'](), 'members.last_owner');
  const { items } = await owner.client['audit.list']({ query: { object_kind: 'member' } });
  assert.deepEqual(actions(items), ['member.role_changed', 'member.added', 'member.added']);
  const [entry] = items;
  assert.deepEqual(
    [entry?.actor_kind, entry?.actor_id, entry?.actor_name, entry?.object_id, entry?.object_name, entry?.ip],
    ['person', owner.id, 'First Admin', bob.id, 'Person 1', '127.0.0.1'],
  );
  assert.deepEqual(entry?.changes, { role: { before: 'viewer', after: 'editor' } });
  assert.match(entry?.at ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
});

test('a workspace sees its own log, the installation the rest, and nobody the log of another workspace', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  await owner.client['workspaces.create']({ body: { name: 'Other' } });
  await owner.client['service_accounts.create']({
    body: { name: 'theirs', role: 'viewer' },
    workspace: 'other',
  });
  const here = await owner.client['audit.list']();
  assert(here.items.every(item => item.object_name !== 'theirs'));
  const there = await owner.client['audit.list']({ workspace: 'other' });
  assert(there.items.some(item => item.object_name === 'theirs'));
  const { items } = await owner.client['instance_audit.list']();
  assert(items.every(item => item.workspace_id === null));
  assert(actions(items).includes('sign_in.succeeded'));
});

test('the log is filtered, and walked both ways without a gap or a double', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  const { id } = await owner.client['workspace.show']();
  // Many entries of one instant: the position keeps them apart.
  await world.store.withWorkspace({ workspace_id: id }, tx =>
    sql`insert into audit_entries (id, workspace_id, actor_kind, actor_name, action, at)
        select gen_random_uuid(), ${id}, 'system', 'n' || n, 'member.renamed', '2026-01-01T00:00:00.123456Z'
        from generate_series(1, 25) n`.execute(tx),
  );
  const walk = async (query: object) => {
    const seen: AuditEntry[] = [];
    let cursor: string | undefined;
    do {
      const page = await owner.client['audit.list']({ query: { ...query, limit: 10, cursor } });
      seen.push(...page.items);
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    return seen;
  };
  const renamed = await walk({ action: 'member.renamed' });
  assert.deepEqual(
    renamed.map(item => item.actor_name),
    Array.from({ length: 25 }, (_, at) => `n${25 - at}`),
  );
  const oldest_first = await walk({ action: 'member.renamed', sort: 'at' });
  assert.deepEqual(oldest_first, renamed.toReversed());
  const instant = '2026-01-01T00:00:00.123456Z';
  assert.equal((await walk({ from: instant, to: instant })).length, 25);
  assert.equal((await walk({ to: '2026-01-01T01:00:00.123455+01:00' })).length, 0);
  assert.equal((await walk({ from: '2026-01-01T00:00:00.123457Z', action: 'member.renamed' })).length, 0);
  assert((await walk({ actor_id: owner.id })).length > 0);
  const positions = (await walk({})).map(item => item.position);
  assert.equal(new Set(positions).size, positions.length);
  for (const bad of ['0000-01-01T00:00:00Z', '2026-01-01T00:00:00+23:00', 'yesterday'])
    await refused(owner.client['audit.list']({ query: { from: bad } }), 'request.invalid');
  const { next_cursor } = await owner.client['audit.list']({ query: { limit: 1 } });
  const other_order = owner.client['audit.list']({ query: { cursor: next_cursor ?? '', sort: 'at' } });
  await refused(other_order, 'request.invalid');
  for (const key of [
    ['0000-01-01T00:00:00.000000Z', '1'],
    ['2026-01-01T00:00:00.000000Z', '9'.repeat(30)],
    ['x'],
  ]) {
    const cursor = Buffer.from(JSON.stringify(['-at', key])).toString('base64url');
    await refused(owner.client['audit.list']({ query: { cursor } }), 'request.invalid');
  }
});

test('the export holds all of it, as CSV that no spreadsheet runs and as NDJSON, and is itself in the log', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  const { id } = await owner.client['workspace.show']();
  const evil = '=HYPERLINK("http://evil.example","click")';
  await owner.client['service_accounts.create']({ body: { name: evil, role: 'viewer' } });
  await world.store.withWorkspace({ workspace_id: id }, tx =>
    sql`insert into audit_entries (id, workspace_id, actor_kind, actor_name, action)
        select gen_random_uuid(), ${id}, 'system', 'a, "b"', 'member.renamed' from generate_series(1, 1200)`.execute(
      tx,
    ),
  );
  const csv = await owner.client['audit.export']({ query: { format: 'csv' } });
  assert.match(csv.content_type, /text\/csv/);
  assert.equal(csv.file_name, 'audit.csv');
  const lines = (await textOf(csv)).trimEnd().split('\r\n');
  assert(lines.length > 1200);
  assert.match(lines[0] ?? '', /^at,workspace_id,actor_kind/);
  assert.equal(lines.filter(line => line.includes('"a, ""b"""')).length, 1200);
  assert(lines.some(line => line.includes(`"'=HYPERLINK`)));
  assert(!lines.some(line => /(^|,)"?=HYPERLINK/.test(line)));

  const ndjson = await owner.client['audit.export']({
    query: { format: 'ndjson', action: 'member.renamed' },
  });
  const entries: AuditEntry[] = (await textOf(ndjson))
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line));
  assert.equal(entries.length, 1200);
  assert.equal(new Set(entries.map(entry => entry.id)).size, 1200);
  const { items } = await owner.client['audit.list']({ query: { action: 'audit.exported' } });
  assert.deepEqual(
    items.map(item => item.changes.format?.after),
    ['ndjson', 'csv'],
  );
  const installation = await owner.client['instance_audit.export']({ query: { format: 'ndjson' } });
  assert.match(await textOf(installation), /sign_in\.succeeded/);
});

test('nobody changes or deletes an entry, not even who owns the tables', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  const { id } = await owner.client['workspace.show']();
  const attempts = [
    "update audit_entries set actor_name = 'nobody'",
    'delete from audit_entries',
    'truncate audit_entries',
  ];
  for (const attempt of attempts) {
    const statement = sql.raw(attempt);
    await assert.rejects(
      world.store.withInstance('test', tx => statement.execute(tx)),
      /permission|append-only/,
      attempt,
    );
    await assert.rejects(
      world.store.withWorkspace({ workspace_id: id }, tx => statement.execute(tx)),
      /permission|append-only/,
      attempt,
    );
    await assert.rejects(
      withClient(world.owner, 'test', client => client.query(attempt)),
      /append-only/,
      attempt,
    );
  }
  assert((await owner.client['instance_audit.list']()).items.length > 0);
});

test('a failed sign-in is kept, without what was typed when there is no such account', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  const { client } = world.browser({ ip: '192.0.2.7' });
  const fail = (email: string) =>
    refused(client['sign_in.password']({ body: { email, password: 'wrong' } }), 'sign_in.refused');
  await fail(owner.email);
  await fail('my-password-in-the-wrong-field');
  const { items } = await owner.client['instance_audit.list']({ query: { action: 'sign_in.refused' } });
  assert.deepEqual(
    items.map(item => [item.actor_kind, item.object_name, item.ip]),
    [
      ['anonymous', null, '192.0.2.7'],
      ['anonymous', owner.email, '192.0.2.7'],
    ],
  );
  assert(!JSON.stringify(items).includes('wrong-field'));
});

test('a denied request is kept, in the log of the workspace it was about', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  const bob = await world.person('viewer');
  await refused(bob.client['audit.list'](), 'auth.forbidden');
  await refused(bob.client['users.list'](), 'auth.forbidden');
  const { items } = await owner.client['audit.list']({ query: { action: 'access.denied' } });
  assert.deepEqual(
    items.map(item => [item.actor_id, item.object_id, item.changes.permission?.after]),
    [[bob.id, 'audit.list', 'audit:read']],
  );
  const installation = await owner.client['instance_audit.list']({ query: { action: 'access.denied' } });
  assert.deepEqual(
    installation.items.map(item => item.object_id),
    ['users.list'],
  );
});

test('a flood of refusals fills no disk, and what was left out is counted', async t => {
  const world = await openWorld(t, { flood_limits: { per_key: 3, total: 5, window_seconds: 60 } });
  const owner = await world.firstAdmin();
  const bob = await world.person('viewer');
  for (let count = 0; count < 20; count += 1) await refused(bob.client['audit.list'](), 'auth.forbidden');
  const kept = async () => (await owner.client['audit.list']({ query: { action: 'access.denied' } })).items;
  assert.equal((await kept()).length, 3);
  world.clock.advance(61_000);
  await refused(bob.client['audit.list'](), 'auth.forbidden');
  assert.equal((await kept())[0]?.changes.left_out?.after, 17);
});

test('a secret that somebody puts into a name is covered in the log', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  const { token } = await owner.client['my_tokens.create']({ body: { name: 'x', workspace: 'main' } });
  await owner.client['service_accounts.create']({ body: { name: `see ${token}`, role: 'viewer' } });
  const { items } = await owner.client['audit.list']({ query: { action: 'service_account.created' } });
  assert.match(items[0]?.object_name ?? '', /^see moulin_\w+_•••$/);
  assert(!JSON.stringify(items).includes(token));
});

test('the log of one workspace says nothing of the secrets of another: no guess is confirmed there', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  await owner.client['workspaces.create']({ body: { name: 'Other', slug: 'other' } });
  const secret = 'correct-horse-battery';
  const put = (workspace: string) =>
    owner.client['secrets.put']({ workspace, params: { name: 'erp' }, body: { value: secret } });
  const guess = async (name: string) => {
    await owner.client['service_accounts.create']({
      workspace: 'main',
      body: { name: `${name} ${secret}`, role: 'viewer' },
    });
    const query = { action: 'service_account.created' };
    const { items } = await owner.client['audit.list']({ workspace: 'main', query });
    return items[0]?.object_name;
  };
  await put('other');
  assert.equal(await guess('one'), `one ${secret}`);
  await put('main');
  assert.equal(await guess('two'), 'two •••');
});

test('entries hear of each other as events: open pages of the workspace update', async t => {
  const world = await openWorld(t);
  const owner = await world.firstAdmin();
  await owner.client['service_accounts.create']({ body: { name: 'ci', role: 'viewer' } });
  const { id } = await owner.client['workspace.show']();
  const rows = await world.store.withInstance('test', tx =>
    tx.selectFrom('events').selectAll().where('type', '=', 'service_account.created').execute(),
  );
  assert.equal(rows.length, 1);
  assert.equal(rows[0]?.workspace_id, id);
  assert.match(rows[0]?.subject ?? '', /^service_account:[\w-]{36}$/);
  assert.equal(rows[0]?.actor, `person:${owner.id}`);
});
