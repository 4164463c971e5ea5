import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { z } from 'zod';
import type { Tx } from '../../src/base/db/index.ts';
import { newId } from '../../src/base/kit/ids.ts';
import { isWorkspacePermission } from '../../src/contract/permissions.ts';
import type { RouteSpec } from '../../src/contract/route.ts';
import { API_PREFIX, routeEntries } from '../../src/contract/routes.ts';
import { entriesAfter } from '../../src/domains/access/audit/store.ts';
import {
  invitationById,
  invitationsBefore,
  memberByEmail,
  memberById,
  membersAfter,
  otherOwners,
  withdrawInvitations,
} from '../../src/domains/access/members/store.ts';
import {
  revokeToken,
  serviceAccountById,
  serviceAccountsAfter,
  tokensBefore,
} from '../../src/domains/access/tokens/store.ts';
import { workspaceById } from '../../src/domains/access/workspaces/store.ts';
import { deliveriesBefore, incidentsBefore, webhookOf } from '../../src/domains/alerts/store.ts';
import { graphOf } from '../../src/domains/runs/history/graph.ts';
import { kindsOfRuns, runById, runsBefore, runsById } from '../../src/domains/runs/history/runs.ts';
import { hasRun, taskById, tasksAfter } from '../../src/domains/runs/history/tasks.ts';
import { openBefore } from '../../src/domains/runs/history/waiting-facts.ts';
import { fitting } from '../fuzz/arbitrary.ts';
import { openWorld, type Person, type World } from './world.ts';

/** Everything that somebody else has, by the kind of id or name that an address may hold. */
interface Foreign {
  workspace_id: string;
  owner: Person;
  ids: string[];
  names: string[];
}

async function makeForeign(world: World): Promise<Foreign> {
  const { id: workspace_id } = await world.local['workspaces.create']({ body: { name: 'Foreign' } });
  const owner = await world.person('owner', { workspace: 'foreign', email: 'owner@foreign.example' });
  const { client } = owner;
  const member = await world.person('viewer', { workspace: 'foreign' });
  const account = await client['service_accounts.create']({ body: { name: 'ci', role: 'admin' } });
  const token = await client['tokens.create']({ params: { id: account.id }, body: { name: 'x' } });
  const mine = await client['my_tokens.create']({ body: { name: 'x', workspace: 'foreign' } });
  const invitation = await client['invitations.create']({
    body: { email: 'x@foreign.example', role: 'viewer' },
  });
  const { items } = await client['sessions.list']();
  await client['secrets.put']({ params: { name: 'theirs' }, body: { value: 'a secret value' } });
  const runs = await makeForeignRuns(world, workspace_id, owner);
  const ids = [owner, member, account, token, mine, invitation, ...items, ...runs].map(one => one.id);
  return { workspace_id, owner, ids: [workspace_id, ...ids], names: ['theirs'] };
}

/** A run of two tasks, a schedule, a calendar, and what was told of a failure. */
async function makeForeignRuns({ store }: World, workspace_id: string, { client }: Person) {
  const tasks = [
    { name: 'first', kind: 'note' },
    { name: 'second', kind: 'note', after: ['first'] },
  ];
  const definition = { title: 'theirs', tasks };
  const run = await client['runs.create']({ body: definition });
  const { items } = await client['runs.tasks']({ params: { id: run.id } });
  const schedule = await client['schedules.create']({
    body: { name: 'theirs', cron: '0 3 * * *', definition },
  });
  const calendar = await client['calendars.create']({ body: { name: 'theirs', blackouts: [] } });
  const incident = { id: newId(), workspace_id, subject: `run:${run.id}`, title: 'theirs' };
  const delivery = { id: newId(), workspace_id, incident_id: incident.id, kind: 'failed' } as const;
  await store.withWorkspace({ workspace_id }, async tx => {
    await tx
      .insertInto('incidents')
      .values({ ...incident, kind: 'failed' })
      .execute();
    await tx
      .insertInto('webhooks')
      .values({ workspace_id, format: 'json', shown_url: 'https://theirs' })
      .execute();
    await tx
      .insertInto('webhook_deliveries')
      .values({ ...delivery, state: 'waiting', body: '{}' })
      .execute();
  });
  return [run, ...items, schedule, calendar, incident, delivery];
}

const objectRoutes = routeEntries.filter(
  ([, { params, permission, method }]) =>
    // PUT makes what is not there; it is asked about below.
    params !== undefined &&
    method !== 'PUT' &&
    (isWorkspacePermission(permission) || permission === 'signed_in'),
);

test('a foreign id answers exactly like an unknown one, on every route that takes an id', async t => {
  const world = await openWorld(t);
  const caller = await world.firstAdmin();
  const foreign = await makeForeign(world);
  assert(objectRoutes.length >= 12, String(objectRoutes.length));
  for (const [name, route] of objectRoutes) {
    const [key = ''] = Object.keys(route.params?.shape ?? {});
    const is_id = key.endsWith('id');
    const strangers = is_id ? foreign.ids : foreign.names;
    // As long as a foreign one: the length of the answer must be the same too.
    const unknown = is_id ? newId() : 'nobody';
    const expected = await answerTo(caller, route, key, unknown);
    assert.match(expected, /^404 .*object\.not_found/, `${name}: ${expected}`);
    for (const id of strangers)
      assert.equal(await answerTo(caller, route, key, id), expected, `${name} ${id}`);
  }
  await untouched(foreign);
});

/** Status, headers and body, without what differs from request to request. */
async function answerTo(caller: Person, route: RouteSpec, key: string, id: string): Promise<string> {
  const body = route.body && oneOf(route.body, id);
  const query = route.query && oneOf(route.query, id);
  const search = new URLSearchParams(
    Object.entries(query ?? {}).map(([name, value]): [string, string] => [name, String(value)]),
  );
  const answer = await caller.fetch(`${API_PREFIX}${route.path.replace(`{${key}}`, id)}?${search}`, {
    method: route.method,
    headers: { 'moulin-workspace': 'main', 'content-type': 'application/json', 'if-match': '"1"' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const headers = [...answer.headers].filter(([name]) => !['x-request-id', 'date'].includes(name));
  const text = `${answer.status} ${await answer.text()} ${JSON.stringify(headers)}`;
  return text.replaceAll(id, 'ID').replace(/"request_id":"[\w-]+"/, '');
}

/** The first that the schema takes: not all of its rules can be read from outside. */
function oneOf(schema: z.ZodType, id: string): unknown {
  const samples = fc.sample(fitting(schema, [id]), { numRuns: 200, seed: 7 });
  return samples.find(sample => schema.safeParse(sample).success);
}

/** What was asked for by a stranger is all still there. */
async function untouched({ owner, ids }: Foreign): Promise<void> {
  const { client } = owner;
  const lists = await Promise.all([
    client['members.list'](),
    client['service_accounts.list'](),
    client['tokens.list'](),
    client['invitations.list'](),
    client['sessions.list'](),
    client['runs.list'](),
    client['schedules.list'](),
    client['calendars.list'](),
    client['incidents.list'](),
    client['webhook.deliveries'](),
  ]);
  const [run] = (await client['runs.list']()).items;
  assert.deepEqual([run?.state, run?.tasks.open], ['queued', 2]);
  const tasks = await client['runs.tasks']({ params: { id: run?.id ?? '' } });
  const found = [...lists, tasks].flatMap(({ items }) =>
    items.map(item => ('id' in item ? item.id : item.user_id)),
  );
  assert.deepEqual(
    ids.slice(1).filter(id => !found.includes(id)),
    [],
  );
  assert.equal((await client['secrets.list']()).items.length, 1);
}

test('what is made under a name that another workspace uses is another thing', async t => {
  const world = await openWorld(t);
  const caller = await world.firstAdmin();
  const foreign = await makeForeign(world);
  const made = await caller.client['secrets.put']({
    params: { name: 'theirs' },
    body: { value: 'ours, not theirs' },
  });
  assert.equal(made.version, 1);
  await caller.client['service_accounts.create']({ body: { name: 'ci', role: 'viewer' } });
  await caller.client['secrets.delete']({ params: { name: 'theirs' } });
  await untouched(foreign);
});

test('no list shows a line of another workspace, to a session or to a token', async t => {
  const world = await openWorld(t);
  const caller = await world.firstAdmin();
  const foreign = await makeForeign(world);
  const { token } = await caller.client['my_tokens.create']({ body: { name: 'x', workspace: 'main' } });
  const lists = routeEntries.filter(
    ([, route]) =>
      route.method === 'GET' &&
      !route.params &&
      isWorkspacePermission(route.permission) &&
      route.query?.safeParse({}).success !== false,
  );
  assert(lists.length >= 8);
  for (const [name, route] of lists) {
    if (route.output === 'stream' && name === 'events.stream') continue;
    for (const headers of [{ 'moulin-workspace': 'main' }, { authorization: `Bearer ${token}` }]) {
      const answer = await caller.fetch(API_PREFIX + route.path, { headers });
      const text = await answer.text();
      assert.equal(answer.status, 200, `${name}: ${text}`);
      for (const id of [...foreign.ids, 'foreign.example', 'theirs'])
        assert(!text.includes(id), `${name} shows ${id}`);
    }
  }
});

// ── Each wall alone ─────────────────────────────────────────────────────────────────────────────────

/** Every statement of this room that is about one workspace and reads, or changes by a condition. */
function statements(
  workspace_id: string,
  { owner, ids }: Foreign,
): Record<string, (tx: Tx) => Promise<unknown>> {
  const now = new Date().toISOString();
  const anyOf = async <T>(ask: (id: string) => Promise<T | undefined>) =>
    (await Promise.all(ids.map(ask))).filter(Boolean);
  return {
    membersAfter: tx => membersAfter(tx, { workspace_id }, 100),
    memberById: tx => anyOf(id => memberById(tx, workspace_id, id)),
    memberByEmail: tx => memberByEmail(tx, workspace_id, owner.email),
    otherOwners: tx => otherOwners(tx, workspace_id, newId()),
    invitationsBefore: tx => invitationsBefore(tx, { workspace_id, now }, 100),
    invitationById: tx => anyOf(id => invitationById(tx, workspace_id, id, now)),
    withdrawInvitations: tx => withdrawInvitations(tx, { workspace_id, email: 'x@foreign.example', now }),
    tokensBefore: tx => tokensBefore(tx, { workspace_id }, 100),
    revokeToken: tx => anyOf(id => revokeToken(tx, workspace_id, id, now)),
    serviceAccountsAfter: tx => serviceAccountsAfter(tx, { workspace_id }, 100),
    serviceAccountById: tx => anyOf(id => serviceAccountById(tx, workspace_id, id)),
    workspaceById: tx => workspaceById(tx, workspace_id),
    entriesAfter: tx => entriesAfter(tx, { workspace_id }, { order: 'newest' }, 100),
    runsBefore: async tx => (await runsBefore(tx, { workspace_id }, undefined, 100)).rows,
    runsSearched: async tx => (await runsBefore(tx, { workspace_id, text: 'theirs' }, undefined, 100)).rows,
    runsByState: async tx =>
      (await runsBefore(tx, { workspace_id, states: ['queued'] }, undefined, 100)).rows,
    runById: tx => anyOf(id => runById(tx, workspace_id, id)),
    runsById: tx => runsById(tx, workspace_id, ids),
    kindsOfRuns: tx => kindsOfRuns(tx, workspace_id, ids),
    graphOf: tx => anyOf(id => graphOf(tx, workspace_id, id)),
    hasRun: async tx => (await anyOf(async id => (await hasRun(tx, workspace_id, id)) || undefined)).length,
    tasksAfter: async tx =>
      (await Promise.all(ids.map(run_id => tasksAfter(tx, { workspace_id, run_id }, undefined, 100)))).flat(),
    taskById: tx => anyOf(id => taskById(tx, workspace_id, id)),
    openBefore: async tx => [...(await openBefore(tx, workspace_id, ids)).values()].flat(),
    incidentsBefore: tx => incidentsBefore(tx, { workspace_id, user_id: owner.id }, undefined, 100),
    deliveriesBefore: tx => deliveriesBefore(tx, workspace_id, undefined, 100),
    webhookOf: tx => webhookOf(tx, workspace_id),
  };
}

const isNothing = (found: unknown) =>
  found === undefined || found === 0 || (Array.isArray(found) && found.length === 0);

test('row-level security alone: in the door of one workspace a statement about another finds nothing', async t => {
  const world = await openWorld(t);
  await world.firstAdmin();
  const foreign = await makeForeign(world);
  const { id } = await world.local['workspace.show']();
  for (const [name, statement] of Object.entries(statements(foreign.workspace_id, foreign))) {
    assert(isNothing(await world.store.withWorkspace({ workspace_id: id }, statement)), name);
    // The same statement does find it in the right door.
    const found = await world.store.withWorkspace({ workspace_id: foreign.workspace_id }, statement);
    assert(!isNothing(found), `${name} finds nothing at all`);
  }
});

test('the filter alone: where row-level security lets everything through, a statement finds its own workspace only', async t => {
  const world = await openWorld(t);
  await world.firstAdmin();
  const foreign = await makeForeign(world);
  const empty = await world.local['workspaces.create']({ body: { name: 'Empty' } });
  for (const [name, statement] of Object.entries(statements(empty.id, foreign))) {
    const found = await world.store.withInstance('test', statement);
    const text = JSON.stringify(found) ?? '';
    for (const id of foreign.ids) assert(!text.includes(id), `${name} shows ${id}`);
    // Its own line in the log of workspaces made, and itself, are all that it has.
    if (name !== 'entriesAfter' && name !== 'workspaceById') assert(isNothing(found), `${name}: ${text}`);
  }
});
