import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../src/contract/errors.ts';
import {
  INSTANCE_RIGHTS,
  type InstanceRight,
  type Permission,
  ROLES,
  type Role,
  SCOPES,
  type Scope,
  WORKSPACE_PERMISSIONS,
  type WorkspacePermission,
} from '../../src/contract/permissions.ts';
import type { RouteSpec } from '../../src/contract/route.ts';
import { API_PREFIX, type RouteName, routeEntries } from '../../src/contract/routes.ts';
import { openWorld, type Person, type World } from './world.ts';

/**
 * Every route × everybody who may come: each role, each instance right, each token scope, nobody, a wrong credential,
 * another tenant. It walks the tables, so a new route, role, right or scope is in it without anyone thinking of it.
 *
 * A cell asks only whether the caller is let in. What changes something is sent a body that cannot be read: whoever is
 * let in hears that (`request.malformed`), and nothing is changed; whoever is not, hears it before anything is read.
 */
test('every route lets in exactly those whom the permission table says', async t => {
  const world = await openWorld(t);
  const callers = await makeCallers(world);
  assert(callers.length >= 2 * ROLES.length + SCOPES.length + INSTANCE_RIGHTS.length + 8);
  const cells = routeEntries.flatMap(([name, route]) => callers.map(caller => ({ name, route, caller })));
  const wrong: string[] = [];
  const seen = new Map<string, number>();
  for (const { name, route, caller } of cells) {
    const expected = expectation(route.permission, caller);
    const found = await ask(world, route, caller);
    seen.set(found, (seen.get(found) ?? 0) + 1);
    if (found !== expected) wrong.push(`${name} × ${caller.who}: ${found} instead of ${expected}`);
  }
  assert.deepEqual(wrong, []);
  // A matrix of one colour would prove nothing.
  for (const outcome of ['allowed', 'auth.required', 'auth.invalid', 'auth.forbidden', 'object.not_found'])
    assert((seen.get(outcome) ?? 0) > 20, `${outcome}: ${JSON.stringify([...seen])}`);
  t.diagnostic(`${cells.length} cells: ${[...seen].map(pair => pair.join(' ')).join(', ')}`);
});

type Outcome = 'allowed' | ErrorCode;

interface Caller {
  who: string;
  credential: 'none' | 'wrong' | 'good';
  /** Towards `main`: belongs to it, does not, or does not name it. */
  place: 'inside' | 'foreign' | 'unnamed';
  role?: Role;
  rights: readonly InstanceRight[];
  scopes: readonly Scope[];
  headers: Record<string, string>;
}

// ── What the table says ─────────────────────────────────────────────────────────────────────────────

/** Written again from the table's words, on purpose not with the functions that the server uses. */
function expectation(permission: Permission, caller: Caller): Outcome {
  if (permission === 'public') return 'allowed';
  if (caller.credential === 'none') return 'auth.required';
  if (caller.credential === 'wrong') return 'auth.invalid';
  if (permission === 'signed_in') return 'allowed';
  const named = caller.scopes.includes(permission);
  if (permission in WORKSPACE_PERMISSIONS) {
    if (caller.place === 'foreign') return 'object.not_found';
    if (caller.place === 'unnamed') return 'workspace.required';
    const holders: readonly Role[] = WORKSPACE_PERMISSIONS[permission as WorkspacePermission];
    const holds = caller.role !== undefined && holders.includes(caller.role);
    return holds && (named || caller.scopes.includes('*')) ? 'allowed' : 'auth.forbidden';
  }
  return caller.rights.includes(permission as InstanceRight) && named ? 'allowed' : 'auth.forbidden';
}

// ── What the server does ────────────────────────────────────────────────────────────────────────────

const DENIALS: readonly string[] = ['auth.required', 'auth.invalid', 'auth.forbidden', 'workspace.required'];

async function ask(world: World, route: RouteSpec, caller: Caller): Promise<Outcome> {
  const reads = route.method === 'GET';
  const answer = await world.server.inject({
    method: route.method,
    url: API_PREFIX + route.path.replace(/\{\w+\}/g, 'x') + (reads ? unreadableQuery(route) : ''),
    headers: {
      host: 'localhost',
      ...(!reads && { 'content-type': route.bytes ? 'application/octet-stream' : 'application/json' }),
      ...caller.headers,
    },
    ...(!reads && { payload: '{' }),
  });
  assert(answer.statusCode < 500, `${route.path}: ${answer.payload}`);
  const code: string = answer.statusCode < 400 ? 'allowed' : answer.json().code;
  if (DENIALS.includes(code)) return code as Outcome;
  // Only a workspace is looked for before the caller is let in.
  if (code === 'object.not_found' && answer.json().params.kind === 'workspace') return code;
  // Behind the door a read does its work, or answers one of its own errors.
  // Bytes can always be read: what is missing then is what they are called.
  const refused = route.bytes ? 'request.invalid' : 'request.malformed';
  const behind = reads ? ['allowed', 'request.invalid', ...(route.errors ?? [])] : [refused];
  assert(behind.includes(code), `${route.path} answered ${code}: ${answer.payload}`);
  return 'allowed';
}

/** Lists are read in earnest; a stream, which would not end, is asked for in a way that is refused once one is let in. */
function unreadableQuery(route: RouteSpec): string {
  if (route.output !== 'stream') return '';
  // The door itself reads `workspace`, before it lets anybody in.
  const key = Object.keys(route.query?.shape ?? {}).find(name => name !== 'workspace');
  return key === undefined ? '' : `?${key}=%00`;
}

// ── Who comes ───────────────────────────────────────────────────────────────────────────────────────

const ALL_RIGHTS: readonly Scope[] = ['*', ...INSTANCE_RIGHTS];

async function makeCallers(world: World): Promise<Caller[]> {
  const strangers = [
    { who: 'nobody', credential: 'none', ...inMain({}) },
    {
      who: 'a wrong token',
      credential: 'wrong',
      ...inMain({ authorization: `Bearer moulin_${'a'.repeat(12)}_${'b'.repeat(43)}` }),
    },
    { who: 'an ended session', credential: 'wrong', ...inMain(await endedSession(world)) },
  ] as const;
  const local = inMain({ authorization: `Bearer ${world.local_secret}` });
  return [
    ...strangers.map(one => ({ ...one, place: 'inside', rights: [], scopes: [] }) as const),
    good({ who: 'the local command line', role: 'owner', rights: INSTANCE_RIGHTS, ...local }),
    ...(await people(world)),
    ...(await tokens(world)),
    ...(await otherTenants(world)),
  ];
}

const good = (caller: Partial<Caller> & Pick<Caller, 'who' | 'headers'>): Caller => ({
  credential: 'good',
  place: 'inside',
  rights: [],
  scopes: ALL_RIGHTS,
  ...caller,
});

function inMain(headers: Record<string, string>) {
  return { headers: { ...headers, 'moulin-workspace': 'main' } };
}

function sessionOf({ cookies }: Person): Record<string, string> {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  return { cookie, 'sec-fetch-site': 'same-origin' };
}

async function endedSession(world: World): Promise<Record<string, string>> {
  const person = await world.person('owner');
  const headers = sessionOf(person);
  await person.client.sign_out();
  return headers;
}

async function giveRights(world: World, { id }: Person, instance_rights: InstanceRight[]): Promise<void> {
  const { version } = await world.local['users.show']({ params: { id } });
  await world.local['users.edit']({ params: { id }, body: { instance_rights }, version });
}

/** Each role, without and with all instance rights; each right alone; a member of main who does not name it. */
async function people(world: World): Promise<Caller[]> {
  const callers: Caller[] = [];
  for (const role of ROLES) {
    const plain = await world.person(role);
    callers.push(good({ who: role, role, ...inMain(sessionOf(plain)) }));
    callers.push(
      good({ who: `${role} who names no workspace`, role, place: 'unnamed', headers: sessionOf(plain) }),
    );
    const mighty = await world.person(role);
    await giveRights(world, mighty, [...INSTANCE_RIGHTS]);
    callers.push(
      good({ who: `${role} with all rights`, role, rights: INSTANCE_RIGHTS, ...inMain(sessionOf(mighty)) }),
    );
  }
  for (const right of INSTANCE_RIGHTS) {
    const person = await world.person('viewer');
    await giveRights(world, person, [right]);
    callers.push(
      good({ who: `viewer with ${right}`, role: 'viewer', rights: [right], ...inMain(sessionOf(person)) }),
    );
  }
  return callers;
}

/** Of the mightiest owner, each scope alone; of each role, everything; a right that is held and not in the scopes. */
async function tokens(world: World): Promise<Caller[]> {
  const mighty = await world.person('owner');
  await giveRights(world, mighty, [...INSTANCE_RIGHTS]);
  const callers: Caller[] = [];
  for (const scope of SCOPES) {
    const body = { name: scope, workspace: 'main', scopes: [scope] };
    const { token } = await mighty.client['my_tokens.create']({ body });
    const headers = { authorization: `Bearer ${token}` };
    callers.push(
      good({
        who: `owner's token for ${scope}`,
        role: 'owner',
        rights: INSTANCE_RIGHTS,
        scopes: [scope],
        headers,
      }),
    );
  }
  for (const role of ROLES) {
    const { headers } = await serviceAccount(world, role, []);
    callers.push(good({ who: `service account ${role}`, role, headers }));
  }
  for (const right of INSTANCE_RIGHTS) {
    const { headers } = await serviceAccount(world, 'viewer', [right]);
    callers.push(good({ who: `service account with ${right}`, role: 'viewer', rights: [right], headers }));
  }
  return callers;
}

async function serviceAccount(
  world: World,
  role: Role,
  instance_rights: InstanceRight[],
  workspace = 'main',
) {
  const account = await world.local['service_accounts.create']({
    body: { name: `${role} ${instance_rights}`, role, instance_rights },
    workspace,
  });
  const { token } = await world.local['tokens.create']({
    params: { id: account.id },
    body: { name: 'matrix', scopes: [...ALL_RIGHTS] },
    workspace,
  });
  return { headers: { authorization: `Bearer ${token}` } };
}

/** Owners of another workspace, with a session and with a token, who name `main`; and somebody who belongs nowhere. */
async function otherTenants(world: World): Promise<Caller[]> {
  await world.local['workspaces.create']({ body: { name: 'Other' } });
  const owner = await world.person('owner', { workspace: 'other' });
  const mighty = await world.person('owner', { workspace: 'other' });
  await giveRights(world, mighty, [...INSTANCE_RIGHTS]);
  const homeless = await world.person('viewer');
  await world.local['members.delete']({ params: { id: homeless.id }, workspace: 'main' });
  const service = await serviceAccount(world, 'owner', [], 'other');
  const foreign = (who: string, headers: Record<string, string>, rights: readonly InstanceRight[] = []) =>
    good({ who, place: 'foreign', role: 'owner', rights, ...inMain(headers) });
  return [
    foreign('owner of another workspace', sessionOf(owner)),
    foreign('owner of another workspace with all rights', sessionOf(mighty), INSTANCE_RIGHTS),
    foreign('token of another workspace', service.headers),
    foreign('somebody of no workspace', sessionOf(homeless)),
  ];
}

test('a name of the table is asked for by nobody twice: method and address are unique', () => {
  const addresses = routeEntries.map(
    ([, route]) => `${route.method} ${route.path.replace(/\{\w+\}/g, '{}')}`,
  );
  assert.equal(new Set(addresses).size, addresses.length);
  const names: RouteName[] = routeEntries.map(([name]) => name);
  assert.equal(new Set(names).size, names.length);
});
