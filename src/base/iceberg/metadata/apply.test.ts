import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type IcebergCode, isIcebergError } from '../errors.ts';
import type { Field, Snapshot, SnapshotId, TableMetadata } from '../model.ts';
import {
  applyUpdates,
  currentSchema,
  currentSnapshot,
  defaultOrder,
  defaultSpec,
  newMetadata,
  parseMetadata,
  parseUpdates,
  parseViewUpdates,
  printMetadata,
  type Update,
} from './index.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const UUID = '9c12d441-03fe-4693-9a96-a0705ddf69c1';

const field = (id: number, name: string, more: Partial<Field> = {}): Field => ({
  id,
  name,
  required: false,
  type: 'int',
  ...more,
});
const empty = newMetadata({
  location: 's3://bucket/t',
  schema: { type: 'struct', 'schema-id': 0, fields: [field(1, 'a'), field(2, 'day', { type: 'date' })] },
  now_ms: NOW,
  uuid: UUID,
});

const apply = (base: TableMetadata | undefined, ...updates: Update[]) =>
  applyUpdates(base, updates, { now_ms: NOW });

function refused(
  base: TableMetadata | undefined,
  updates: Update[],
  pattern: RegExp,
  code: IcebergCode = 'invalid',
) {
  assert.throws(
    () => apply(base, ...updates),
    error => isIcebergError(error, code) && pattern.test(error.message),
    String(pattern),
  );
}

function snapshot(id: SnapshotId, more: Partial<Snapshot> = {}): Snapshot {
  return {
    'snapshot-id': id,
    'sequence-number': Number(id),
    'timestamp-ms': NOW + Number(id),
    'manifest-list': `s3://bucket/t/metadata/${id}.avro`,
    summary: { operation: 'append' },
    'schema-id': 0,
    ...more,
  };
}
const add = (id: SnapshotId, more: Partial<Snapshot> = {}): Update => ({
  action: 'add-snapshot',
  snapshot: snapshot(id, more),
});
const main = (id: SnapshotId): Update => ({
  action: 'set-snapshot-ref',
  'ref-name': 'main',
  type: 'branch',
  'snapshot-id': id,
});
const committed = (base: TableMetadata, id: SnapshotId) => apply(base, add(id), main(id));
const three = [1n, 2n, 3n].reduce(committed, empty);
const logOf = (metadata: TableMetadata) =>
  metadata['snapshot-log'].map(entry => Number(entry['snapshot-id']));

// ── The table ───────────────────────────────────────────────────────────────────────────────────────

const creation: Update[] = [
  { action: 'assign-uuid', uuid: UUID },
  { action: 'upgrade-format-version', 'format-version': 2 },
  { action: 'add-schema', schema: currentSchema(empty), 'last-column-id': 2 },
  { action: 'set-current-schema', 'schema-id': -1 },
  { action: 'add-spec', spec: { 'spec-id': 0, fields: [] } },
  { action: 'set-default-spec', 'spec-id': -1 },
  { action: 'add-sort-order', 'sort-order': { 'order-id': 0, fields: [] } },
  { action: 'set-default-sort-order', 'sort-order-id': -1 },
  { action: 'set-location', location: 's3://bucket/t/' },
  { action: 'set-properties', updates: {} },
];

test('the updates of a creation make the table that was staged', () => {
  assert.deepEqual(apply(undefined, ...creation), empty);
});

test('a creation that lacks something is refused, and says what', () => {
  const without = (...actions: string[]) => creation.filter(update => !actions.includes(update.action));
  refused(undefined, without('assign-uuid'), /needs assign-uuid/);
  refused(undefined, without('set-location'), /needs set-location/);
  refused(undefined, without('add-spec', 'set-default-spec'), /needs add-spec/);
  refused(undefined, without('add-schema'), /-1 is the schema that was just added, but none was/);
  refused(undefined, without('add-sort-order', 'set-default-sort-order'), /default-sort-order-id/);
  refused(undefined, [], /a new table needs/);
  refused(
    undefined,
    [...creation.slice(0, 1), { action: 'upgrade-format-version', 'format-version': 1 }],
    /cannot become 1/,
  );
});

test('nothing that is given is changed, and nothing to do changes nothing', () => {
  const frozen = deepFreeze(structuredClone(three));
  apply(frozen, add(4n), main(4n), { action: 'set-properties', updates: { a: 'b' } });
  assert.equal(apply(frozen), frozen);
});

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const item of Object.values(value)) deepFreeze(item);
  return Object.freeze(value);
}

test('a table has one uuid for life', () => {
  assert.equal(apply(empty, { action: 'assign-uuid', uuid: UUID.toUpperCase() })['table-uuid'], UUID);
  refused(empty, [{ action: 'assign-uuid', uuid: UUID.replace('9', '8') }], /cannot become/);
});

test('the format version rises to 2 and no further', () => {
  const old: TableMetadata = { ...empty, 'format-version': 1 };
  assert.equal(apply(old, { action: 'upgrade-format-version', 'format-version': 2 })['format-version'], 2);
  refused(empty, [{ action: 'upgrade-format-version', 'format-version': 1 }], /2 cannot become 1 again/);
  refused(
    empty,
    [{ action: 'upgrade-format-version', 'format-version': 3 }],
    /version 3 is not supported/,
    'unsupported',
  );
  refused(empty, [{ action: 'add-encryption-key' }], /format version 3/, 'unsupported');
});

test('a schema is added under the next number; one that is there already is meant by -1', () => {
  const schema = { ...currentSchema(empty), fields: [...currentSchema(empty).fields, field(3, 'b')] };
  const current: Update = { action: 'set-current-schema', 'schema-id': -1 };
  const more = apply(empty, { action: 'add-schema', schema, 'last-column-id': 7 }, current);
  assert.deepEqual([more['current-schema-id'], more['last-column-id'], more.schemas.length], [1, 7, 2]);
  const back = apply(more, { action: 'add-schema', schema: currentSchema(empty) }, current);
  assert.deepEqual([back['current-schema-id'], back['last-column-id'], back.schemas.length], [0, 7, 2]);
  // As Trino drops the last column: with the highest id of what is left.
  const less = apply(
    more,
    { action: 'add-schema', schema: currentSchema(empty), 'last-column-id': 2 },
    current,
  );
  assert.deepEqual([less['current-schema-id'], less['last-column-id']], [0, 7]);
  refused(
    empty,
    [{ action: 'set-current-schema', 'schema-id': 5 }],
    /current-schema-id: is 5, which is not there/,
  );
});

test('a schema with two names that differ by case is refused from outside as well', () => {
  const schema = { ...currentSchema(empty), fields: [field(1, 'a'), field(2, 'day'), field(3, 'A')] };
  refused(empty, [{ action: 'add-schema', schema }], /differ only by upper and lower case/);
});

test('the last schema, and those that snapshots were written with, cannot be removed', () => {
  const schema = { ...currentSchema(empty), fields: [...currentSchema(empty).fields, field(3, 'b')] };
  const evolved = apply(
    three,
    { action: 'add-schema', schema },
    { action: 'set-current-schema', 'schema-id': -1 },
  );
  refused(evolved, [{ action: 'remove-schemas', 'schema-ids': [1] }], /current-schema-id: is 1/);
  refused(evolved, [{ action: 'remove-schemas', 'schema-ids': [0] }], /snapshot 1 needs schema 0/);
  const all = three.snapshots.map(each => each['snapshot-id']);
  const rid = apply(
    evolved,
    { action: 'remove-schemas', 'schema-ids': [0] },
    { action: 'remove-snapshot-ref', 'ref-name': 'main' },
    { action: 'remove-snapshots', 'snapshot-ids': all },
  );
  assert.deepEqual(
    rid.schemas.map(each => each['schema-id']),
    [1],
    'together with the snapshots they can',
  );
  refused(three, [add(4n, { 'schema-id': 9 })], /snapshot 4 needs schema 9/);
  const lost = { ...three, snapshots: three.snapshots.map(each => ({ ...each, 'schema-id': 8 })) };
  assert.equal(
    apply(lost, add(4n), main(4n)).snapshots.length,
    4,
    'what others have lost does not stop the table',
  );
});

test('a partition spec gets ids where it has none; the same field as before its id of before', () => {
  const month = { 'source-id': 2, name: 'day_month', transform: 'month' };
  const bucket = { 'source-id': 1, name: 'a_bucket', transform: 'bucket[4]' };
  const by = (...fields: (typeof month)[]): Update[] => [
    { action: 'add-spec', spec: { fields } },
    { action: 'set-default-spec', 'spec-id': -1 },
  ];
  const once = apply(empty, ...by(month));
  const twice = apply(once, ...by(bucket, month));
  assert.deepEqual(defaultSpec(twice), {
    'spec-id': 2,
    fields: [
      { ...bucket, 'field-id': 1001 },
      { ...month, 'field-id': 1000 },
    ],
  });
  assert.equal(twice['last-partition-id'], 1001);
  assert.equal(apply(twice, ...by(month))['default-spec-id'], 1, 'the same spec is the same');
  assert.equal(apply(twice, ...by())['default-spec-id'], 0);
});

test('a partition spec that the schema cannot carry is refused', () => {
  const spec = (more: Record<string, unknown>, ...others: Record<string, unknown>[]): Update[] =>
    parseUpdates([
      {
        action: 'add-spec',
        spec: {
          fields: [more, ...others].map(each => ({
            'source-id': 1,
            name: 'p',
            transform: 'identity',
            ...each,
          })),
        },
      },
    ]);
  refused(empty, spec({ 'source-id': 9 }), /partition field p: the schema has no field 9/);
  refused(empty, spec({}, { transform: 'bucket[2]', name: 'P' }), /there are two of that name/);
  refused(empty, spec({ 'field-id': 1000 }, { name: 'q', 'field-id': 1000 }), /two of id 1000/);
  refused(empty, spec({ 'field-id': 3 }), /its id must be 1000 or more/);
  refused(empty, spec({ name: 'day' }), /the table has a column of that name/);
  refused(empty, spec({ name: 'a', transform: 'bucket[2]' }), /the table has a column of that name/);
  refused(empty, spec({ transform: 'month' }), /partition field p: month of a cannot be: it is int/);
  refused(empty, spec({ transform: 'zorder[2]' }), /transform zorder\[2\] is not known here/, 'unsupported');
  assert.equal(apply(empty, ...spec({ name: 'A' }))['partition-specs'].length, 2, 'the column itself');
  assert.equal(apply(empty, ...spec({ 'source-id': 99, transform: 'void' }))['partition-specs'].length, 2);
});

test('a table of version 1 stays readable for those who know no more', () => {
  const old: TableMetadata = { ...empty, 'format-version': 1 };
  const by = (...fields: { name: string; transform: string; 'field-id'?: number }[]): Update => ({
    action: 'add-spec',
    spec: { fields: fields.map(each => ({ ...each, 'source-id': 2 })) },
  });
  const month = { name: 'm', transform: 'month' };
  const year = { name: 'y', transform: 'year' };
  const divided = apply(old, by(month), add(1n, { 'sequence-number': 4 }), main(1n));
  assert.deepEqual(parseMetadata(printMetadata(divided)), divided);
  assert.equal(divided['last-sequence-number'], 0);
  refused(divided, [by(year)], /partition field y: in version 1 its id must be 1000/);
  const [, spec] = apply(divided, by({ ...month, transform: 'void', 'field-id': 1000 }, year))[
    'partition-specs'
  ].slice(1);
  assert.deepEqual(
    spec?.fields.map(each => each['field-id']),
    [1000, 1001],
  );
});

test('a default spec or order needs its columns in the current schema', () => {
  const divided = apply(
    empty,
    { action: 'add-spec', spec: { fields: [{ 'source-id': 2, name: 'm', transform: 'month' }] } },
    { action: 'set-default-spec', 'spec-id': -1 },
  );
  const schema = { ...currentSchema(empty), fields: [field(1, 'a')] };
  const narrowed: Update[] = [
    { action: 'add-schema', schema },
    { action: 'set-current-schema', 'schema-id': -1 },
  ];
  refused(divided, narrowed, /partition field m: the schema has no field 2/);
  assert.equal(apply(divided, { action: 'set-default-spec', 'spec-id': 0 }, ...narrowed).schemas.length, 2);
  refused(divided, [{ action: 'remove-partition-specs', 'spec-ids': [1] }], /default-spec-id: is 1/);
  assert.equal(
    apply(
      divided,
      { action: 'set-default-spec', 'spec-id': 0 },
      { action: 'remove-partition-specs', 'spec-ids': [1] },
    )['partition-specs'].length,
    1,
  );
});

test('a sort order is numbered from 1; none at all is 0', () => {
  const by = (direction: 'asc' | 'desc'): Update => ({
    action: 'add-sort-order',
    'sort-order': {
      'order-id': 77,
      fields: [{ 'source-id': 1, transform: 'identity', direction, 'null-order': 'nulls-last' }],
    },
  });
  const last: Update = { action: 'set-default-sort-order', 'sort-order-id': -1 };
  const sorted = apply(empty, by('asc'), by('desc'), last);
  assert.deepEqual(
    [defaultOrder(sorted)['order-id'], defaultOrder(sorted).fields[0]?.direction],
    [2, 'desc'],
  );
  assert.equal(apply(sorted, by('asc'), last)['default-sort-order-id'], 1);
  const none: Update = { action: 'add-sort-order', 'sort-order': { fields: [] } };
  assert.equal(apply(sorted, none, last)['default-sort-order-id'], 0);
  refused(
    empty,
    [
      {
        action: 'add-sort-order',
        'sort-order': {
          fields: [{ 'source-id': 9, transform: 'identity', direction: 'asc', 'null-order': 'nulls-last' }],
        },
      },
    ],
    /sort field 1: the schema has no field 9/,
  );
});

test('properties are set and removed, whatever they are called', () => {
  const set = apply(empty, { action: 'set-properties', updates: { a: '1', constructor: '2', ünï: '' } });
  assert.deepEqual(set.properties, { a: '1', constructor: '2', ünï: '' });
  assert.deepEqual(
    apply(set, { action: 'remove-properties', removals: ['a', 'toString', 'nothing'] }).properties,
    {
      constructor: '2',
      ünï: '',
    },
  );
});

// ── Snapshots ───────────────────────────────────────────────────────────────────────────────────────

test('a commit adds a snapshot and moves main', () => {
  assert.deepEqual(logOf(three), [1, 2, 3]);
  assert.equal(currentSnapshot(three)?.['snapshot-id'], 3n);
  assert.equal(three['last-sequence-number'], 3);
  assert.deepEqual(three.refs, { main: { 'snapshot-id': 3n, type: 'branch' } });
});

test('several snapshots in one commit: only the last was ever current', () => {
  const both = apply(
    three,
    add(4n, { 'parent-snapshot-id': 3n }),
    main(4n),
    add(5n, { 'parent-snapshot-id': 4n }),
    main(5n),
  );
  assert.deepEqual(logOf(both), [1, 2, 3, 5]);
  assert.equal(both.snapshots.length, 5);
  const at_end = apply(three, add(4n), add(5n), main(5n));
  assert.deepEqual(logOf(at_end), [1, 2, 3, 5]);
});

test('a snapshot that was made on a state of before is a conflict', () => {
  refused(
    three,
    [add(7n, { 'sequence-number': 3, 'parent-snapshot-id': 2n })],
    /has sequence number 3, and the table is at 3/,
    'conflict',
  );
  assert.equal(
    apply(three, add(7n, { 'sequence-number': 1 }))['last-sequence-number'],
    3,
    'one without a parent begins anew',
  );
  const old: TableMetadata = { ...empty, 'format-version': 1 };
  const first = apply(old, add(1n, { 'sequence-number': 0 }));
  assert.equal(apply(first, add(2n, { 'sequence-number': 0, 'parent-snapshot-id': 1n })).snapshots.length, 2);
});

test('a snapshot that cannot be is refused', () => {
  refused(three, [add(3n)], /snapshot 3 is there already/);
  refused(three, [main(9n)], /main cannot be at snapshot 9/);
  refused(three, [add(4n, { 'timestamp-ms': NOW + 2 * 86_400_000 })], /the clock of its writer/);
  refused(undefined, [add(1n)], /needs a schema before/);
});

test('clocks that disagree never make the history of the table go back', () => {
  const ahead = apply(three, add(4n, { 'timestamp-ms': NOW + 3_600_000 }), main(4n));
  const behind = applyUpdates(ahead, [add(5n, { 'timestamp-ms': NOW - 7_200_000 }), main(5n)], {
    now_ms: NOW - 7_200_000,
  });
  const times = behind['snapshot-log'].map(entry => entry['timestamp-ms']);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
  assert.equal(behind['last-updated-ms'], NOW + 3_600_000);
});

test('main taken away leaves an empty table with its snapshots; set again, it is another', () => {
  const none = apply(three, { action: 'remove-snapshot-ref', 'ref-name': 'main' });
  assert.equal(currentSnapshot(none), undefined);
  assert.ok(!('current-snapshot-id' in none));
  assert.equal(none.snapshots.length, 3);
  assert.match(printMetadata(none), /"current-snapshot-id":-1\b/);
  const replaced = apply(three, { action: 'remove-snapshot-ref', 'ref-name': 'main' }, add(4n), main(4n));
  assert.deepEqual(logOf(replaced), [1, 2, 3, 4]);
});

test('a rollback is an entry of its own in the log', () => {
  const back = apply(three, main(1n));
  assert.deepEqual(logOf(back), [1, 2, 3, 1]);
  assert.equal(currentSnapshot(back)?.['snapshot-id'], 1n);
  assert.deepEqual(logOf(apply(back, main(1n))), [1, 2, 3, 1], 'and none when nothing moves');
});

test('branches and tags carry how long they are kept, and tags only that', () => {
  const ref: Update = {
    action: 'set-snapshot-ref',
    'ref-name': 'audit',
    type: 'branch',
    'snapshot-id': 2n,
    'min-snapshots-to-keep': 2,
    'max-snapshot-age-ms': 5,
    'max-ref-age-ms': 7,
  };
  const kept = apply(three, ref, {
    action: 'set-snapshot-ref',
    'ref-name': 'v1',
    type: 'tag',
    'snapshot-id': 1n,
  });
  assert.deepEqual(kept.refs.audit, {
    type: 'branch',
    'snapshot-id': 2n,
    'min-snapshots-to-keep': 2,
    'max-snapshot-age-ms': 5,
    'max-ref-age-ms': 7,
  });
  assert.deepEqual(kept.refs.v1, { type: 'tag', 'snapshot-id': 1n });
  refused(three, [{ ...ref, type: 'tag' }], /tag audit is one snapshot/);
  refused(
    three,
    [{ action: 'set-snapshot-ref', 'ref-name': 'main', type: 'tag', 'snapshot-id': 1n }],
    /main is a branch/,
  );
  assert.deepEqual(apply(kept, { action: 'remove-snapshot-ref', 'ref-name': 'nobody' }).refs, kept.refs);
});

test('with a snapshot go its statistics and its tags, and the log before it; main stays', () => {
  const about = (id: SnapshotId): Update[] => [
    {
      action: 'set-statistics',
      statistics: { 'snapshot-id': id, 'statistics-path': `s3://s/${id}`, 'file-size-in-bytes': 1 },
    },
    {
      action: 'set-partition-statistics',
      'partition-statistics': {
        'snapshot-id': id,
        'statistics-path': `s3://p/${id}`,
        'file-size-in-bytes': 1,
      },
    },
  ];
  const full = apply(three, ...about(1n), ...about(2n), {
    action: 'set-snapshot-ref',
    'ref-name': 'two',
    type: 'tag',
    'snapshot-id': 2n,
  });
  const left = apply(full, { action: 'remove-snapshots', 'snapshot-ids': [2n, 99n] });
  assert.deepEqual(
    left.snapshots.map(each => each['snapshot-id']),
    [1n, 3n],
  );
  assert.deepEqual(
    left.statistics.map(each => each['snapshot-id']),
    [1n],
  );
  assert.deepEqual(
    left['partition-statistics'].map(each => each['snapshot-id']),
    [1n],
  );
  assert.deepEqual(Object.keys(left.refs), ['main']);
  assert.deepEqual(logOf(left), [3], 'what was current before is no longer known');
  refused(
    three,
    [{ action: 'remove-snapshots', 'snapshot-ids': [3n] }],
    /the current snapshot cannot be removed/,
  );
});

test('statistics are those of the newest run, and can be removed', () => {
  const of = (path: string, id = 3n): Update => ({
    action: 'set-statistics',
    statistics: { 'snapshot-id': id, 'statistics-path': path, 'file-size-in-bytes': 1 },
  });
  const set = apply(three, of('s3://a'), of('s3://b'), of('s3://c', 2n));
  assert.deepEqual(
    set.statistics.map(each => each['statistics-path']),
    ['s3://b', 's3://c'],
  );
  const left = apply(
    set,
    { action: 'remove-statistics', 'snapshot-id': 3n },
    { action: 'remove-partition-statistics', 'snapshot-id': 3n },
  );
  assert.deepEqual(
    left.statistics.map(each => each['statistics-path']),
    ['s3://c'],
  );
});

test('thousands of snapshots are removed one update at a time', () => {
  const many = { ...empty, snapshots: Array.from({ length: 3_000 }, (_, at) => snapshot(BigInt(at + 1))) };
  const removals = many.snapshots.map(
    (each): Update => ({ action: 'remove-snapshots', 'snapshot-ids': [each['snapshot-id']] }),
  );
  assert.equal(apply(many, ...removals).snapshots.length, 0);
});

// ── What clients send ───────────────────────────────────────────────────────────────────────────────

test('a name that a file could not keep is no name of a branch', () => {
  for (const name of ['', '__proto__', 'a\0', '\ud800', 'x'.repeat(1001)])
    assert.throws(
      () => parseUpdates([{ action: 'set-snapshot-ref', 'ref-name': name, type: 'tag', 'snapshot-id': 1 }]),
      error => isIcebergError(error, 'invalid') && error.about.path === '[0].ref-name',
    );
  const named = ['constructor', 'a/b', 'é'].map(
    (name): Update => ({ action: 'set-snapshot-ref', 'ref-name': name, type: 'tag', 'snapshot-id': 1n }),
  );
  const kept = apply(three, ...named);
  assert.deepEqual(parseMetadata(printMetadata(kept)), kept);
});

test('what is no update is refused with its place', () => {
  const wrong: [unknown, RegExp][] = [
    [{}, /^updates: /],
    [[{ action: 'drop-table' }], /^updates, \[0\]\.action: is no update of a table that is known here/],
    [[{}], /\[0\]\.action: is no update/],
    [[{ action: 'assign-uuid', uuid: 'x' }], /\[0\]\.uuid: /],
    [[{ action: 'set-properties', updates: { a: null } }], /\[0\]\.updates\.a: /],
    [
      [{ action: 'add-schema', schema: { fields: [{ id: 1, name: 'a', required: true, type: 'int4' }] } }],
      /\[0\]\.schema\.fields\[0\]\.type: there is no type int4/,
    ],
    [[{ action: 'set-current-schema', 'schema-id': -2 }], /\[0\]\.schema-id: an id, or -1/],
    [
      [{ action: 'add-snapshot', snapshot: { 'snapshot-id': 'x' } }],
      /\[0\]\.snapshot\.snapshot-id: a snapshot id is an integer/,
    ],
    [[{ action: 'set-snapshot-ref', 'ref-name': '', type: 'branch', 'snapshot-id': 1 }], /\[0\]\.ref-name: /],
    [
      [
        {
          action: 'set-snapshot-ref',
          'ref-name': 'x',
          type: 'branch',
          'snapshot-id': 1,
          'max-ref-age-ms': 0,
        },
      ],
      /\[0\]\.max-ref-age-ms: /,
    ],
  ];
  for (const [json, pattern] of wrong)
    assert.throws(
      () => parseUpdates(json),
      error => isIcebergError(error, 'invalid') && pattern.test(error.message),
      String(pattern),
    );
});

test('clients of long ago may use the names of then', () => {
  const old = [
    { action: 'set-properties', updated: { a: 'b' } },
    { action: 'remove-properties', removed: ['c'] },
  ];
  const now = [
    { action: 'set-properties', updates: { a: 'b' } },
    { action: 'remove-properties', removals: ['c'] },
  ];
  assert.deepEqual(parseUpdates(old), now);
  assert.deepEqual(parseViewUpdates(old), now);
  assert.throws(() => parseUpdates([{ action: 'set-properties' }]), /\[0\]\.updates: /);
  assert.throws(() => parseUpdates([{ action: 'constructor' }]), /\[0\]\.action: /);
});

test('null for what is not there, and keys of tomorrow, are no problem', () => {
  const [ref, schema, order, spec] = parseUpdates([
    { action: 'set-snapshot-ref', 'ref-name': 'x', type: 'branch', 'snapshot-id': 1, 'max-ref-age-ms': null },
    {
      action: 'add-schema',
      schema: { fields: [{ id: 0, name: 'a', required: true, type: 'int', doc: null }] },
      'last-column-id': null,
    },
    { action: 'add-sort-order', 'sort-order': { fields: [] }, 'of-tomorrow': 1 },
    { action: 'add-spec', spec: { type: 'struct', fields: [] } },
  ]);
  assert.ok(ref?.action === 'set-snapshot-ref' && ref['max-ref-age-ms'] === undefined);
  assert.ok(schema?.action === 'add-schema' && !('doc' in (schema.schema.fields[0] ?? {})));
  assert.equal(order?.action, 'add-sort-order');
  assert.deepEqual(spec, { action: 'add-spec', spec: { fields: [] } });
});

// ── Any sequence ────────────────────────────────────────────────────────────────────────────────────

const id = fc.bigInt({ min: 1n, max: 12n });
const anyUpdate: fc.Arbitrary<Update> = fc.oneof(
  fc
    .record({ id, parent: fc.option(id, { nil: undefined }), sequence: fc.nat(20) })
    .map(({ id, parent, sequence }) =>
      add(id, {
        'sequence-number': sequence,
        'timestamp-ms': NOW + sequence,
        ...(parent ? { 'parent-snapshot-id': parent } : {}),
      }),
    ),
  id.map(main),
  fc
    .record({
      name: fc.constantFrom('main', 'x', 'y'),
      id,
      type: fc.constantFrom('branch' as const, 'tag' as const),
    })
    .map(
      ({ name, id, type }): Update => ({
        action: 'set-snapshot-ref',
        'ref-name': name,
        'snapshot-id': id,
        type,
      }),
    ),
  fc
    .constantFrom('main', 'x', 'y')
    .map((name): Update => ({ action: 'remove-snapshot-ref', 'ref-name': name })),
  fc.array(id, { maxLength: 3 }).map((ids): Update => ({ action: 'remove-snapshots', 'snapshot-ids': ids })),
  id.map(
    (id): Update => ({
      action: 'set-statistics',
      statistics: { 'snapshot-id': id, 'statistics-path': 'p', 'file-size-in-bytes': 1 },
    }),
  ),
  fc.nat(3).map((id): Update => ({ action: 'set-current-schema', 'schema-id': id })),
  fc.nat(3).map((id): Update => ({ action: 'remove-schemas', 'schema-ids': [id] })),
  fc.constantFrom('b', 'c').map(
    (name): Update => ({
      action: 'add-schema',
      schema: { ...currentSchema(empty), fields: [...currentSchema(empty).fields, field(3, name)] },
    }),
  ),
);

test('whatever is asked for, the table that comes out can be read by anyone', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.array(anyUpdate, { maxLength: 4 }), fc.nat(1000)), { maxLength: 12 }),
      commits => {
        let metadata = empty;
        for (const [updates, late] of commits) {
          try {
            metadata = applyUpdates(metadata, updates, { now_ms: NOW - late });
          } catch (error) {
            assert.ok(
              isIcebergError(error) && ['invalid', 'conflict', 'schema_change'].includes(error.code),
              String(error),
            );
            continue;
          }
          const log = metadata['snapshot-log'];
          const current = metadata['current-snapshot-id'];
          assert.deepEqual(parseMetadata(printMetadata(metadata)), metadata);
          assert.equal(metadata.refs.main?.['snapshot-id'], current);
          assert.ok(log.every((entry, at) => entry['timestamp-ms'] >= (log[at - 1]?.['timestamp-ms'] ?? 0)));
          assert.ok(metadata['last-updated-ms'] >= (log.at(-1)?.['timestamp-ms'] ?? 0));
          if (current !== undefined) assert.equal(log.at(-1)?.['snapshot-id'], current);
        }
      },
    ),
    { numRuns: 500 },
  );
});
