import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isIcebergError } from '../errors.ts';
import type { TableMetadata } from '../model.ts';
import { checkRequirements, newMetadata, parseRequirements, type Requirement } from './index.ts';

const UUID = '9c12d441-03fe-4693-9a96-a0705ddf69c1';
const table: TableMetadata = {
  ...newMetadata({
    location: 's3://bucket/t',
    schema: { type: 'struct', 'schema-id': 0, fields: [{ id: 1, name: 'a', required: false, type: 'int' }] },
    now_ms: 1,
    uuid: UUID,
  }),
  refs: { main: { 'snapshot-id': 3051729675574597004n, type: 'branch' } },
};

function holds(metadata: TableMetadata | undefined, requirement: Requirement): boolean {
  try {
    checkRequirements(metadata, [requirement]);
    return true;
  } catch (error) {
    assert.ok(isIcebergError(error, 'requirement'));
    assert.equal(error.about.requirement, requirement.type);
    return false;
  }
}

test('each requirement holds or fails by what it is about', () => {
  const asked: [Requirement, boolean][] = [
    [{ type: 'assert-create' }, false],
    [{ type: 'assert-table-uuid', uuid: UUID.toUpperCase() }, true],
    [{ type: 'assert-table-uuid', uuid: UUID.replace('9', '8') }, false],
    [{ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': 3051729675574597004n }, true],
    [{ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': 3051729675574597005n }, false],
    [{ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': null }, false],
    [{ type: 'assert-ref-snapshot-id', ref: 'other', 'snapshot-id': null }, true],
    [{ type: 'assert-ref-snapshot-id', ref: 'constructor', 'snapshot-id': null }, true],
    [{ type: 'assert-ref-snapshot-id', ref: 'other', 'snapshot-id': 1n }, false],
    [{ type: 'assert-last-assigned-field-id', 'last-assigned-field-id': 1 }, true],
    [{ type: 'assert-last-assigned-field-id', 'last-assigned-field-id': 2 }, false],
    [{ type: 'assert-current-schema-id', 'current-schema-id': 0 }, true],
    [{ type: 'assert-current-schema-id', 'current-schema-id': 1 }, false],
    [{ type: 'assert-last-assigned-partition-id', 'last-assigned-partition-id': 999 }, true],
    [{ type: 'assert-last-assigned-partition-id', 'last-assigned-partition-id': 1000 }, false],
    [{ type: 'assert-default-spec-id', 'default-spec-id': 0 }, true],
    [{ type: 'assert-default-spec-id', 'default-spec-id': 1 }, false],
    [{ type: 'assert-default-sort-order-id', 'default-sort-order-id': 0 }, true],
    [{ type: 'assert-default-sort-order-id', 'default-sort-order-id': 1 }, false],
  ];
  for (const [requirement, expected] of asked)
    assert.equal(
      holds(table, requirement),
      expected,
      JSON.stringify(requirement, (_, value) => String(value)),
    );
});

test('without a table only its creation may be asked for', () => {
  assert.ok(holds(undefined, { type: 'assert-create' }));
  assert.ok(!holds(undefined, { type: 'assert-table-uuid', uuid: UUID }));
  assert.ok(!holds(undefined, { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': null }));
});

test('the first that fails is the one that is told, with both values', () => {
  assert.throws(
    () =>
      checkRequirements(table, [
        { type: 'assert-current-schema-id', 'current-schema-id': 0 },
        { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': null },
        { type: 'assert-create' },
      ]),
    { message: 'assert-ref-snapshot-id: expected none, found 3051729675574597004' },
  );
});

test('what clients send is read, and what is unknown is refused', () => {
  assert.deepEqual(parseRequirements([{ type: 'assert-ref-snapshot-id', ref: 'main' }]), [
    { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': null },
  ]);
  assert.throws(
    () => parseRequirements([{ type: 'assert-create' }, { type: 'assert-fine' }]),
    error =>
      isIcebergError(error, 'invalid') && /requirements, \[1\]\.type: is no requirement/.test(error.message),
  );
});
