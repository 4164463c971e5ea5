import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dataFile, memoryTable } from '../../../../tests/support/iceberg-memory.ts';
import { isIcebergError } from '../errors.ts';
import { applyUpdates } from '../metadata/index.ts';
import type { Field, Schema } from '../model.ts';
import { whyUnfit } from './fits.ts';

// Files that were written while the schema was changed by others.

const schema = (...fields: Field[]): Schema => ({ type: 'struct', 'schema-id': 0, fields });
const field = (id: number, name: string, type: Field['type'], required = false): Field => ({
  id,
  name,
  required,
  type,
});
const before = schema(
  field(1, 'id', 'long', true),
  field(2, 'n', 'int'),
  field(3, 'at', { type: 'struct', fields: [field(4, 'lat', 'double'), field(5, 'lon', 'double')] }),
);
const [id, n, at] = before.fields;
assert.ok(id && n && at);

test('columns that come, go, widen or get another name are none of the matter of written files', () => {
  for (const now of [
    before,
    schema(id, n, at, field(9, 'new', 'string')),
    schema(id, at),
    schema(id, field(2, 'other', 'long'), at),
    schema(field(1, 'id', 'long', false), n, at),
    schema(id, n, at, field(9, 'box', { type: 'struct', fields: [field(10, 'must', 'int', true)] })),
  ])
    assert.equal(whyUnfit(before, now), undefined);
});

test('what would read as NULL, or as something else, is refused by its name', () => {
  const inside = (...fields: Field[]) => schema(id, n, field(3, 'at', { type: 'struct', fields }));
  const renamed = inside(field(4, 'latitude', 'double'), field(5, 'lon', 'double'));
  assert.match(whyUnfit(before, renamed) ?? '', /at\.latitude/);
  assert.match(whyUnfit(before, schema(id, field(2, 'n', 'string'), at)) ?? '', /^n: /);
  assert.match(whyUnfit(before, schema(id, field(2, 'n', 'int', true), at)) ?? '', /n: required/);
  assert.match(whyUnfit(before, schema(id, n, at, field(9, 'must', 'int', true))) ?? '', /must: required/);
});

test('a commit of such files stops, and one of files that fit lands', async () => {
  const table = memoryTable();
  const { metadata, location } = table.pointer.current;
  const [current] = metadata.schemas;
  assert.ok(current);
  const add = (type: string) =>
    applyUpdates(
      metadata,
      [
        {
          action: 'add-schema',
          schema: { ...current, fields: [...current.fields, field(9, 'new', type)] },
          'last-column-id': 9,
        },
        { action: 'set-current-schema', 'schema-id': -1 },
      ],
      { now_ms: Date.now() },
    );
  const changed = add('string');
  const narrowed = changed.schemas.map(each =>
    each['schema-id'] === changed['current-schema-id']
      ? { ...each, fields: each.fields.map(one => (one.id === 9 ? { ...one, required: true } : one)) }
      : each,
  );
  await table.pointer.swap(location, changed);
  await table.commit({ kind: 'append', schema_id: 0, added: [dataFile('fits')] });
  const after = table.pointer.current;
  await table.pointer.swap(after.location, { ...after.metadata, schemas: narrowed });
  await assert.rejects(
    table.commit({ kind: 'append', schema_id: 0, added: [dataFile('late')] }),
    error => isIcebergError(error, 'conflict') && error.about.rule === 'schema_changed',
  );
});
