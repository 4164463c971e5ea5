import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { openFixture } from '../../../tests/support/door.ts';
import type { RouteSpec } from '../../contract/route.ts';
import { routeEntries } from '../../contract/routes.ts';
import { faultsOf, methodsAt } from './table.ts';

const route = {
  method: 'GET',
  path: '/a',
  summary: '',
  tag: '',
  permission: 'signed_in',
  output: 'empty',
} as const;
const handler = () => {};

function faults(spec: object, handlers: Record<string, unknown> = { a: handler }): string[] {
  return faultsOf([['a', { ...route, ...spec } as RouteSpec]], handlers);
}

test('a table in order has no faults, and ours is in order', () => {
  assert.deepEqual(faults({}), []);
  assert.deepEqual(
    faultsOf(routeEntries, Object.fromEntries(routeEntries.map(([name]) => [name, handler]))),
    [],
  );
});

test('a route without a permission, or with one that nobody can hold, is a fault', () => {
  assert.match(faults({ permission: undefined }).join(), /^a declares no permission/);
  assert.match(faults({ permission: 'members:raed' }).join(), /members:raed/);
});

test('what can be read is edited by version only', () => {
  const edits = routeEntries.filter(([, { method }]) => method === 'PATCH' || method === 'PUT');
  assert(edits.length > 4);
  // Replaced whole, and not made from what was read: a secret and the address of a webhook are shown to nobody, a limit is one
  // number that means the same whatever stood there before.
  // A branch or tag says itself at which snapshot it is to be, and the commit is compared with what is there.
  const whole = ['secrets.put', 'webhook.put', 'limits.set', 'lake_tables.ref_put'];
  const blind = edits.filter(([name, { etag }]) => etag !== 'write' && !whole.includes(name));
  assert.deepEqual(
    blind.map(([name]) => name),
    [],
  );
});

test('what makes a thing takes an Idempotency-Key', () => {
  const makers = routeEntries.filter(([name, { status = 200 }]) => name.endsWith('.create') || status > 200);
  assert(makers.length > 4);
  // Another one-time link is as good as the first; a part of an upload that is sent again takes its own place.
  const repeatable = ['users.link', 'lake_files.upload'];
  const unsafe = makers.filter(([name, { idempotent }]) => !idempotent && !repeatable.includes(name));
  assert.deepEqual(
    unsafe.map(([name]) => name),
    [],
  );
});

test('a route without a handler, and a handler without a route, are faults', () => {
  assert.deepEqual(faults({}, {}), ['a has no handler']);
  assert.deepEqual(faults({}, { a: handler, b: handler }), ['the handler b has no route']);
});

test('what a route declares must fit together', () => {
  assert.match(faults({ path: '/a/{id}' }).join(), /path parameters/);
  assert.match(faults({ params: z.object({ id: z.string() }) }).join(), /path parameters/);
  assert.match(faults({ body: z.object({}) }).join(), /only reads/);
  assert.match(
    faults({ method: 'POST', idempotent: true, permission: 'public' }).join(),
    /idempotent and public/,
  );
  assert.match(faults({ method: 'PATCH', idempotent: true }).join(), /no POST/);
  assert.match(faults({ method: 'POST', idempotent: true, output: 'stream' }).join(), /a stream/);
  assert.match(faults({ errors: ['no.such'] }).join(), /catalogue/);
  assert.match(faults({ etag: 'write' }).join(), /only reads/);
});

test('two routes of one address are a fault, whatever their parameters are called', () => {
  const byId = { ...route, path: '/a/{id}', params: z.object({ id: z.string() }) } as const;
  const byName = { ...route, path: '/a/{name}', params: z.object({ name: z.string() }) } as const;
  const found = faultsOf(
    [
      ['one', byId],
      ['two', byName],
    ],
    { one: handler, two: handler },
  );
  assert.deepEqual(found, ['two has the address of one']);
});

test('the server does not start while the table has a fault', async t => {
  const opened = openFixture(t, { parts: { handlers: {} as never } });
  await assert.rejects(opened, /sign_in\.options has no handler; sign_in\.password has no handler/);
});

test('the methods of an address are found with its parameters filled in', () => {
  assert.deepEqual(methodsAt(routeEntries, '/members/123'), ['DELETE', 'GET', 'PATCH']);
  assert.deepEqual(methodsAt(routeEntries, '/members/'), []);
  assert.deepEqual(methodsAt(routeEntries, '/nothing'), []);
});
