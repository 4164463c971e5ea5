import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type CatalogClient, NEW_TABLE, openCatalogWorld, snapshotUpdates } from './catalog.ts';

// A client that sends rubbish: whatever it sends is answered in the form of the specification, is never our error, and never
// damages what is there.

const ACTIONS = [
  'assign-uuid',
  'upgrade-format-version',
  'add-schema',
  'set-current-schema',
  'add-spec',
  'set-default-spec',
  'add-sort-order',
  'set-default-sort-order',
  'add-snapshot',
  'set-snapshot-ref',
  'remove-snapshots',
  'remove-snapshot-ref',
  'set-location',
  'set-properties',
  'remove-properties',
  'set-statistics',
  'remove-statistics',
  'set-partition-statistics',
  'remove-partition-statistics',
  'remove-partition-specs',
  'remove-schemas',
  'add-view-version',
  'set-current-view-version',
  'nonsense',
];
const KEYS = [
  ...[
    'uuid',
    'format-version',
    'schema',
    'last-column-id',
    'schema-id',
    'spec',
    'spec-id',
    'sort-order',
    'sort-order-id',
  ],
  ...[
    'snapshot',
    'ref-name',
    'type',
    'snapshot-id',
    'snapshot-ids',
    'location',
    'updates',
    'removals',
    'statistics',
  ],
  ...[
    'schema-ids',
    'spec-ids',
    'fields',
    'id',
    'name',
    'required',
    'source-id',
    'transform',
    'direction',
    'manifest-list',
  ],
  ...['sequence-number', 'timestamp-ms', 'summary', 'operation', '__proto__', 'constructor'],
];

const scalar = fc.oneof(
  fc.constantFrom(-1, 0, 1, 2, 3, 1e300, 2 ** 31, 2 ** 53, -0.5, 9_223_372_036_854_775_807n, 2n ** 80n),
  fc.constantFrom(
    'main',
    'branch',
    'tag',
    'append',
    'long',
    'decimal(99,1)',
    'bucket[0]',
    'identity',
    'file:///etc/x',
    '',
    '\u0000',
    '🦆',
  ),
  fc.constantFrom(null, true, false),
);
const { json } = fc.letrec<{ json: unknown }>(tie => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie('json'), { maxKeys: 5 }),
  ),
}));
const update = fc
  .tuple(fc.constantFrom(...ACTIONS), fc.dictionary(fc.constantFrom(...KEYS), json, { maxKeys: 5 }))
  .map(([action, rest]) => ({ ...rest, action }));
const commit = fc.record({ requirements: fc.constant([]), updates: fc.array(update, { maxLength: 4 }) });

const FIELD = { id: 3, name: 'extra', required: false, type: 'int' };
const SCHEMA = {
  type: 'struct',
  'schema-id': 0,
  'identifier-field-ids': [],
  fields: [...NEW_TABLE.schema.fields, FIELD],
};
const SORT = { 'source-id': 1, transform: 'identity', direction: 'asc', 'null-order': 'nulls-first' };
const STATISTICS = {
  'snapshot-id': 5,
  'statistics-path': 'x',
  'file-size-in-bytes': 1,
  'file-footer-size-in-bytes': 1,
  'blob-metadata': [],
};
/** Updates as they should be; each run takes one and spoils one place of it, so that it comes as far as it can. */
const RIGHT: readonly Readonly<Record<string, unknown>>[] = [
  { action: 'add-schema', schema: SCHEMA, 'last-column-id': 3 },
  { action: 'set-current-schema', 'schema-id': 0 },
  {
    action: 'add-spec',
    spec: { 'spec-id': 1, fields: [{ 'source-id': 1, 'field-id': 1000, name: 'p', transform: 'bucket[4]' }] },
  },
  { action: 'set-default-spec', 'spec-id': 0 },
  { action: 'add-sort-order', 'sort-order': { 'order-id': 1, fields: [SORT] } },
  { action: 'set-default-sort-order', 'sort-order-id': 0 },
  ...snapshotUpdates({ location: 'x' }, { id: 6n, parent: 5n }),
  { action: 'set-snapshot-ref', 'ref-name': 'b', type: 'branch', 'snapshot-id': 5, 'max-snapshot-age-ms': 1 },
  { action: 'remove-snapshots', 'snapshot-ids': [5] },
  { action: 'remove-snapshot-ref', 'ref-name': 'main' },
  { action: 'set-properties', updates: { a: '1' } },
  { action: 'set-statistics', 'snapshot-id': 5, statistics: STATISTICS },
  { action: 'remove-schemas', 'schema-ids': [1] },
  { action: 'remove-partition-specs', 'spec-ids': [1] },
  { action: 'upgrade-format-version', 'format-version': 2 },
];

const spoiled = fc
  .tuple(fc.constantFrom(...RIGHT), fc.nat(), fc.oneof(scalar, json), fc.boolean())
  .map(([right, where, value, spoil]) => (spoil ? spoilt(right, where, value) : right));

/** With `value` at the place that `where` chooses among all that there are. */
function spoilt(right: unknown, where: number, value: unknown): unknown {
  const places = placesIn(right);
  return replaced(right, places[where % places.length] ?? [], value);
}

function placesIn(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]];
  return Object.entries(value).flatMap(([key, inner]) => [
    [...path, key],
    ...placesIn(inner, [...path, key]),
  ]);
}

function replaced(of: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  if (Array.isArray(of))
    return of.map((inner, at) => (String(at) === key ? replaced(inner, rest, value) : inner));
  const entries = Object.entries(of ?? {});
  return Object.fromEntries(
    entries.map(([name, inner]) => [name, name === key ? replaced(inner, rest, value) : inner]),
  );
}

const nearly = fc.record({
  requirements: fc.constant([]),
  updates: fc.array(spoiled, { minLength: 1, maxLength: 4 }),
});
const body = fc.oneof(nearly, commit, json, fc.string());

test('rubbish is refused in the right form, whatever it is and wherever it comes', async t => {
  const { editor, workspace_id, client, token } = await openCatalogWorld(t);
  await editor.ask('POST', 'namespaces', { namespace: ['shop'] });
  const { metadata } = (await editor.ask('POST', 'namespaces/shop/tables', NEW_TABLE)).body;
  await editor.ask('POST', 'namespaces/shop/tables/orders', {
    updates: snapshotUpdates(metadata, { id: 5n }),
  });
  const admin = client(await token('admin'));
  const whole: CatalogClient = {
    ask: (method, path, given) => admin.ask(method, `${workspace_id}/${path}`, given),
  };
  const posts = (await admin.ask('GET', 'config')).body.endpoints
    .filter(endpoint => endpoint.startsWith('POST'))
    .map(endpoint => endpoint.replace('POST /v1/{prefix}/', ''));
  const table = fc.constant('namespaces/shop/tables/orders');
  const anywhere = fc
    .tuple(
      fc.constantFrom(...posts),
      fc.constantFrom('shop', 'none', 'a\x1fb', '..', '%'),
      fc.constantFrom('orders', 'none', 'bad', '%2f', 'x'.repeat(300)),
    )
    .map(([path, namespace, name]) =>
      path
        .replace('{namespace}', encodeURIComponent(namespace))
        .replace(/\{(table|view)\}/, encodeURIComponent(name)),
    );
  const address = fc.oneof(table, anywhere);
  await fc.assert(
    fc.asyncProperty(address, body, async (path, given) => {
      const answer = await whole.ask('POST', path, given);
      assert.ok(answer.status < 500, `${answer.status} ${answer.body.error?.message}`);
      if (answer.status >= 400) {
        assert.equal(answer.body.error.code, answer.status);
        assert.match(answer.body.error.type, /^\w+Exception$/);
        assert.equal(typeof answer.body.error.message, 'string');
      }
    }),
    { numRuns: 300 },
  );
  // What rubbish may have done to it legally is no damage: it can be loaded and written.
  const rows = (await whole.ask('GET', 'namespaces/shop/tables')).body.identifiers;
  for (const { name } of rows) {
    const path = `namespaces/shop/tables/${encodeURIComponent(name)}`;
    assert.equal((await whole.ask('GET', path)).status, 200, name);
    assert.equal(
      (await whole.ask('POST', path, { updates: [{ action: 'set-properties', updates: { a: '1' } }] }))
        .status,
      200,
    );
  }
});

test('twenty writers at once: each commit is in once, or was refused', async t => {
  const { editor } = await openCatalogWorld(t);
  await editor.ask('POST', 'namespaces', { namespace: ['shop'] });
  const { metadata } = (await editor.ask('POST', 'namespaces/shop/tables', NEW_TABLE)).body;
  const path = 'namespaces/shop/tables/orders';
  const commit = async (id: bigint): Promise<number> => {
    for (let tries = 1; ; tries += 1) {
      const { body: now } = await editor.ask('GET', path);
      const parent = now.metadata.snapshots.at(-1)?.['snapshot-id'];
      const { status } = await editor.ask('POST', path, {
        requirements: [{ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': parent ?? null }],
        updates: snapshotUpdates(metadata, {
          id,
          parent: parent === undefined ? undefined : BigInt(parent),
          sequence: now.metadata['last-sequence-number'] + 1,
        }),
      });
      if (status === 200) return tries;
      assert.equal(status, 409);
    }
  };
  const ids = Array.from({ length: 20 }, (_, at) => BigInt(100 + at));
  const tries = await Promise.all(ids.map(commit));
  assert.ok(
    tries.some(count => count > 1),
    'nobody was refused, so nothing was tried',
  );
  const { snapshots } = (await editor.ask('GET', path)).body.metadata;
  assert.deepEqual(snapshots.map(one => BigInt(one['snapshot-id'])).sort(), ids);
  // One line of descent: nobody's commit was lost under another's.
  for (const [at, snapshot] of snapshots.entries())
    assert.equal(snapshot['parent-snapshot-id'], snapshots[at - 1]?.['snapshot-id']);
});
