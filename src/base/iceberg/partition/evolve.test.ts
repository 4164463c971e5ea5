import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isIcebergError } from '../errors.ts';
import type { PartitionSpec, Schema } from '../model.ts';
import { evolveSpec, partitionPath, partitionTypes, type SpecBase, type SpecChange } from './index.ts';

const SCHEMA: Schema = {
  type: 'struct',
  'schema-id': 0,
  fields: [
    { id: 1, name: 'id', required: true, type: 'long' },
    { id: 2, name: 'at', required: false, type: 'timestamptz' },
    { id: 3, name: 'city', required: false, type: 'string' },
    { id: 4, name: 'score', required: false, type: 'double' },
    {
      id: 5,
      name: 'place',
      required: false,
      type: { type: 'struct', fields: [{ id: 6, name: 'zip', required: false, type: 'string' }] },
    },
    {
      id: 7,
      name: 'tags',
      required: false,
      type: { type: 'list', 'element-id': 8, element: 'string', 'element-required': false },
    },
  ],
};

const UNPARTITIONED: PartitionSpec = { 'spec-id': 0, fields: [] };

function table(
  version: 1 | 2 = 2,
  specs: PartitionSpec[] = [UNPARTITIONED],
  last_partition_id = 999,
): SpecBase {
  return {
    'format-version': version,
    schemas: [SCHEMA],
    'current-schema-id': 0,
    'partition-specs': specs,
    'default-spec-id': specs.at(-1)?.['spec-id'] ?? 0,
    'last-partition-id': last_partition_id,
  };
}

/** The table with the evolved spec as its default, as a commit would leave it. */
function evolved(base: SpecBase, changes: SpecChange[]): SpecBase {
  const { spec, last_partition_id } = evolveSpec(base, changes);
  const others = base['partition-specs'].filter(one => one['spec-id'] !== spec['spec-id']);
  return table(base['format-version'], [...others, spec], last_partition_id);
}

function fieldsOf(base: SpecBase): string[] {
  const spec = base['partition-specs'].at(-1);
  return (spec?.fields ?? []).map(
    one => `${one['field-id']} ${one.name} ${one.transform}(${one['source-id']})`,
  );
}

test('fields get ids from 1000 on and names from their columns', () => {
  const { spec, last_partition_id } = evolveSpec(table(), [
    { op: 'add', source_id: 2, transform: 'day' },
    { op: 'add', source_id: 1, transform: 'bucket[16]' },
    { op: 'add', source_id: 3, transform: 'truncate[4]' },
    { op: 'add', source_id: 6, transform: 'identity' },
    { op: 'add', source_id: 3, transform: 'identity', name: 'town' },
  ]);
  assert.equal(last_partition_id, 1004);
  assert.deepEqual(spec, {
    'spec-id': 1,
    fields: [
      { 'source-id': 2, 'field-id': 1000, name: 'at_day', transform: 'day' },
      { 'source-id': 1, 'field-id': 1001, name: 'id_bucket_16', transform: 'bucket[16]' },
      { 'source-id': 3, 'field-id': 1002, name: 'city_trunc_4', transform: 'truncate[4]' },
      { 'source-id': 6, 'field-id': 1003, name: 'place.zip', transform: 'identity' },
      { 'source-id': 3, 'field-id': 1004, name: 'town', transform: 'identity' },
    ],
  });
});

test('a field that comes back has the id it had', () => {
  const first = evolved(table(), [
    { op: 'add', source_id: 2, transform: 'day' },
    { op: 'add', source_id: 3, transform: 'identity' },
  ]);
  const without = evolved(first, [{ op: 'remove', name: 'at_day' }]);
  assert.deepEqual(fieldsOf(without), ['1001 city identity(3)']);
  const hourly = evolved(without, [{ op: 'add', source_id: 2, transform: 'hour' }]);
  assert.deepEqual(fieldsOf(hourly), ['1001 city identity(3)', '1002 at_hour hour(2)']);
  const again = evolved(hourly, [
    { op: 'remove', name: 'at_hour' },
    { op: 'add', source_id: 2, transform: 'day' },
  ]);
  assert.deepEqual(fieldsOf(again), ['1001 city identity(3)', '1000 at_day day(2)']);
  assert.equal(again['last-partition-id'], 1002);
});

test('a spec that the table had is used again', () => {
  const daily = evolved(table(), [{ op: 'add', source_id: 2, transform: 'day' }]);
  const none = evolveSpec(daily, [{ op: 'remove', name: 'at_day' }]);
  assert.equal(none.spec, UNPARTITIONED);
  const back = evolveSpec({ ...daily, 'default-spec-id': 0 }, [
    { op: 'add', source_id: 2, transform: 'day' },
  ]);
  assert.equal(back.spec['spec-id'], 1);
  assert.equal(back.last_partition_id, 1000);
});

test('version 1 keeps the place of a removed field, and gives its name away', () => {
  const first = evolved(table(1), [
    { op: 'add', source_id: 2, transform: 'day' },
    { op: 'add', source_id: 3, transform: 'identity' },
  ]);
  const without = evolved(first, [{ op: 'remove', name: 'at_day' }]);
  assert.deepEqual(fieldsOf(without), ['1000 at_day void(2)', '1001 city identity(3)']);
  const again = evolved(without, [{ op: 'add', source_id: 2, transform: 'day' }]);
  assert.deepEqual(fieldsOf(again), [
    '1000 at_day_1000 void(2)',
    '1001 city identity(3)',
    '1002 at_day day(2)',
  ]);
  assert.throws(
    () => evolveSpec(without, [{ op: 'remove', name: 'at_day' }]),
    error => isIcebergError(error, 'invalid'),
  );
});

test('a renamed field keeps its id', () => {
  const daily = evolved(table(), [{ op: 'add', source_id: 2, transform: 'day' }]);
  assert.deepEqual(fieldsOf(evolved(daily, [{ op: 'rename', name: 'at_day', to: 'when' }])), [
    '1000 when day(2)',
  ]);
});

test('what makes no sense is refused', () => {
  const daily = evolved(table(), [{ op: 'add', source_id: 2, transform: 'day' }]);
  const refused: SpecChange[][] = [
    [{ op: 'add', source_id: 99, transform: 'identity' }],
    [{ op: 'add', source_id: 5, transform: 'identity' }],
    [{ op: 'add', source_id: 8, transform: 'identity' }],
    [{ op: 'add', source_id: 4, transform: 'bucket[4]' }],
    [{ op: 'add', source_id: 1, transform: 'day' }],
    [{ op: 'add', source_id: 1, transform: 'void' }],
    [{ op: 'add', source_id: 1, transform: 'zorder' }],
    [{ op: 'add', source_id: 1, transform: 'bucket[0]' }],
    [{ op: 'add', source_id: 2, transform: 'day', name: 'other' }],
    [{ op: 'add', source_id: 2, transform: 'hour' }],
    [{ op: 'add', source_id: 1, transform: 'bucket[4]', name: 'city' }],
    [{ op: 'add', source_id: 1, transform: 'bucket[4]', name: 'at_day' }],
    [{ op: 'add', source_id: 1, transform: 'bucket[4]', name: '' }],
    [{ op: 'rename', name: 'at_day', to: 'id' }],
    [{ op: 'rename', name: 'nothing', to: 'x' }],
    [{ op: 'remove', name: 'nothing' }],
  ];
  for (const changes of refused)
    assert.throws(
      () => evolveSpec(daily, changes),
      error => isIcebergError(error, 'invalid'),
      JSON.stringify(changes),
    );
});

test('paths show the values in a form that no file system or URL takes apart', () => {
  const { spec } = evolveSpec(table(), [
    { op: 'add', source_id: 3, transform: 'identity' },
    { op: 'add', source_id: 2, transform: 'day' },
    { op: 'add', source_id: 4, transform: 'identity', name: 'the score' },
  ]);
  const path = (city: string | null) => partitionPath(spec, SCHEMA, [city, -1, 1.5]);
  // As Java's URLEncoder writes them.
  assert.equal(path('a/b'), 'city=a%2Fb/at_day=1969-12-31/the+score=1.5');
  assert.equal(path('a+b#?&'), 'city=a%2Bb%23%3F%26/at_day=1969-12-31/the+score=1.5');
  assert.equal(path("é=% !'()~*"), 'city=%C3%A9%3D%25+%21%27%28%29%7E*/at_day=1969-12-31/the+score=1.5');
  assert.equal(path(''), 'city=/at_day=1969-12-31/the+score=1.5');
  assert.equal(path(null), 'city=null/at_day=1969-12-31/the+score=1.5');
  assert.equal(path('..'), 'city=../at_day=1969-12-31/the+score=1.5');
  assert.equal(path('\ud800'), 'city=%EF%BF%BD/at_day=1969-12-31/the+score=1.5');
  assert.equal(partitionPath(UNPARTITIONED, SCHEMA, []), '');
});

test('a column that is gone leaves no type', () => {
  const { spec } = evolveSpec(table(), [
    { op: 'add', source_id: 2, transform: 'day' },
    { op: 'add', source_id: 3, transform: 'identity' },
  ]);
  const fewer: Schema = { ...SCHEMA, fields: SCHEMA.fields.filter(field => field.id !== 3) };
  assert.deepEqual(partitionTypes(spec, SCHEMA), ['date', 'string']);
  assert.deepEqual(partitionTypes(spec, fewer), ['date', undefined]);
  assert.equal(partitionPath(spec, fewer, [0, 'x']), 'at_day=1970-01-01/city=x');
});
