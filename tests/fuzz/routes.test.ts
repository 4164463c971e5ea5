import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc, { type Arbitrary } from 'fast-check';
import type { InjectOptions } from 'fastify';
import { problemSchema } from '../../src/contract/errors.ts';
import { INSTANCE_RIGHTS, isWorkspacePermission } from '../../src/contract/permissions.ts';
import type { RouteSpec } from '../../src/contract/route.ts';
import { API_PREFIX, type RouteName, routeEntries } from '../../src/contract/routes.ts';
import { openWorld, type Person, type World } from '../access/world.ts';
import { broken, fitting } from './arbitrary.ts';

/**
 * Every route of the table, through the real door, access and store, with inputs made from its own schemas: whatever comes
 * in, no answer is our error, and every refusal has the one shape. A new route is in it without anyone thinking of it.
 * A failure prints a seed; `MOULIN_FUZZ_SEED` repeats it, `MOULIN_FUZZ_RUNS` looks longer.
 */
const RUNS = Number(process.env.MOULIN_FUZZ_RUNS ?? 15);
const SEED = process.env.MOULIN_FUZZ_SEED;

test('every route answers whatever it is sent', async t => {
  const world = await openWorld(t);
  await world.firstAdmin();
  const reached = new Set<string>();
  for (const [name, route] of routeEntries)
    await t.test(name, async () => {
      // Anew for each route: the one before may have ended sessions, removed members, deleted accounts.
      const viewer = await world.person('viewer');
      const callers = [await ownerOfAll(world), viewer].map(toCaller);
      const ids = await idsFor(world, name, viewer);
      const inputs = fc.oneof(requestFrom(route, ids, fitting), requestFrom(route, ids, broken));
      await fc.assert(
        fc.asyncProperty(inputs, async input => {
          for (const caller of [...callers, NOBODY]) {
            const status = await sendAndCheck(world, name, route, input, caller);
            if (status < 300) reached.add(name);
          }
        }),
        { numRuns: RUNS, ...(SEED !== undefined && { seed: Number(SEED) }) },
      );
    });
  // Inputs that never get past the door would prove little about what is behind it. (Some need what no schema says: a
  // password, a link, an identity provider; and each run is another one.)
  const untouched = routeEntries.map(([name]) => name).filter(name => !reached.has(name));
  assert(reached.size > untouched.length, `these never did anything: ${untouched.join(', ')}`);
});

interface Input {
  params: unknown;
  query: unknown;
  body: unknown;
  headers: Record<string, string>;
  ip: string;
}

interface Caller {
  who: string;
  headers: Record<string, string>;
}

const NOBODY: Caller = { who: 'nobody', headers: {} };

function toCaller({ email, cookies }: Person): Caller {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  return { who: email, headers: { cookie, 'sec-fetch-site': 'same-origin' } };
}

/** Nobody is refused less. */
async function ownerOfAll({ local, person }: World): Promise<Person> {
  const owner = await person('owner');
  const { version } = await local['users.show']({ params: { id: owner.id } });
  await local['users.edit']({
    params: { id: owner.id },
    version,
    body: { instance_rights: [...INSTANCE_RIGHTS] },
  });
  return owner;
}

/** Things that exist, of the kind that the route is about. */
async function idsFor({ local }: World, name: RouteName, viewer: Person): Promise<string[]> {
  if (/^(members|users)\./.test(name)) return [viewer.id];
  if (/^(runs|tasks|logs)\./.test(name)) return aRun(local);
  const body = { name: `robot for ${name}`, role: 'editor' } as const;
  const account = await local['service_accounts.create']({ workspace: 'main', body });
  const token = await local['tokens.create']({
    workspace: 'main',
    params: { id: account.id },
    body: { name: 't' },
  });
  return name === 'tokens.delete' ? [token.id] : [account.id, token.workspace_id];
}

async function aRun(local: World['local']): Promise<string[]> {
  const body = { title: 'a run', tasks: [{ name: 'a task', kind: 'note' }] };
  const { id } = await local['runs.create']({ workspace: 'main', body });
  const { items } = await local['runs.tasks']({ workspace: 'main', params: { id } });
  return [id, ...items.map(task => task.id)];
}

type Maker = typeof fitting;

function requestFrom(route: RouteSpec, ids: readonly string[], make: Maker): Arbitrary<Input> {
  const part = (schema: RouteSpec['body']) => (schema ? make(schema, ids) : fc.constant(undefined));
  const wrong = fc.constantFrom('"1-abcdefgh"', 'W/"2"', '"0"', '"999999999"', '*', '""', 'x', '"1", "2"');
  const version = fc.oneof(fc.constant('"1"'), wrong);
  const key = fc.constantFrom('k1', 'k2', '', 'é', 'x'.repeat(300));
  return fc.record({
    params: part(route.params),
    query: part(route.query),
    body: part(route.body),
    headers: fc.record(
      { 'if-match': version, 'idempotency-key': key, 'last-event-id': fc.constantFrom('1', '-1', 'x') },
      { requiredKeys: route.etag === 'write' ? ['if-match'] : [] },
    ),
    // Throttling by address must not keep the rest of the route out of reach.
    ip: fc.ipV4(),
  });
}

async function sendAndCheck(
  world: World,
  name: RouteName,
  route: RouteSpec,
  input: Input,
  caller: Caller,
): Promise<number> {
  const request = toRequest(route, input, caller);
  const answer = await world.server.inject({ ...request, payloadAsStream: true });
  const stream = answer.stream();
  const isEndless = answer.headers['content-type']?.toString().startsWith('text/event-stream') === true;
  const text = isEndless ? '' : Buffer.concat(await stream.toArray()).toString();
  if (isEndless) stream.destroy();
  const about = `${caller.who} ${name} ${answer.statusCode}\n${JSON.stringify(request)}\n${text.slice(0, 500)}\n${world.lines.slice(-3).join('')}`;
  assert(answer.statusCode < 500, about);
  if (answer.statusCode < 400) return answer.statusCode;
  assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8', about);
  const problem = problemSchema.strict().parse(JSON.parse(text));
  assert.deepEqual(
    [problem.status, problem.request_id],
    [answer.statusCode, answer.headers['x-request-id']],
    about,
  );
  return answer.statusCode;
}

function toRequest(route: RouteSpec, input: Input, caller: Caller): InjectOptions {
  const changes = route.method !== 'GET';
  return {
    method: route.method,
    url: API_PREFIX + fill(route.path, input.params) + queryOf(input.query),
    remoteAddress: input.ip,
    headers: {
      host: 'localhost',
      ...(changes && { 'content-type': 'application/json' }),
      ...(isWorkspacePermission(route.permission) && { 'moulin-workspace': 'main' }),
      ...onlyHeaders(input.headers),
      ...caller.headers,
    },
    ...(changes && input.body !== undefined && { payload: JSON.stringify(input.body) }),
  };
}

/** What HTTP itself cannot carry never arrives. */
function onlyHeaders(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => /^[\x20-\x7e]*$/.test(value)));
}

function fill(path: string, params: unknown): string {
  const values = new Map<string, unknown>(Object.entries(params ?? {}));
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encode(textOf(values.get(name))) || 'x');
}

function queryOf(query: unknown): string {
  const pairs = Object.entries(query ?? {}).map(
    ([name, value]) => `${encode(name)}=${encode(textOf(value))}`,
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** Half a character cannot be percent-encoded; its bytes can. */
function encode(text: string): string {
  return text.isWellFormed() ? encodeURIComponent(text) : '%ED%A0%80';
}
