import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isIcebergError } from '../errors.ts';
import {
  applyUpdates,
  currentSchema,
  currentSnapshot,
  newMetadata,
  parseMetadata,
  printMetadata,
  schemaOf,
} from '../metadata/index.ts';
import type { Schema, Snapshot, TableMetadata } from '../model.ts';
import { evolve, fieldsById, findField, parseType, printPath, type SchemaChange, walk } from './index.ts';

const COLUMNS = {
  id: 'int not null',
  amount: 'decimal(9, 2)',
  ratio: 'float',
  place: 'struct<lat: double, lon: double, lines: list<struct<street: string>>>',
  tags: 'map<struct<k: int>, struct<v: int>>',
  day: 'date',
};

function table(columns: Record<string, string> = COLUMNS): TableMetadata {
  const fields = Object.entries(columns).map(([name, type], index) => ({
    id: index + 1,
    name,
    required: type.endsWith(' not null'),
    type: parseType(type.replace(/ not null$/, '')),
  }));
  return newMetadata({
    location: 'file:///warehouse/t',
    schema: { type: 'struct', 'schema-id': 0, fields },
    now_ms: 1,
  });
}

function snapshot(metadata: TableMetadata): Snapshot {
  const number = metadata['last-sequence-number'] + 1;
  return {
    'snapshot-id': BigInt(number),
    'sequence-number': number,
    'timestamp-ms': number,
    'manifest-list': `file:///warehouse/t/metadata/${number}.avro`,
    summary: { operation: 'append' },
    'schema-id': metadata['current-schema-id'],
  };
}

function written(metadata: TableMetadata): TableMetadata {
  const added = snapshot(metadata);
  const id = added['snapshot-id'];
  return applyUpdates(
    metadata,
    [
      { action: 'add-snapshot', snapshot: added },
      { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': id },
    ],
    { now_ms: 1 },
  );
}

function changed(metadata: TableMetadata, ...changes: SchemaChange[]): TableMetadata {
  const { schema, last_column_id } = evolve(metadata, changes);
  return applyUpdates(
    metadata,
    [
      { action: 'add-schema', schema, 'last-column-id': last_column_id },
      { action: 'set-current-schema', 'schema-id': -1 },
    ],
    { now_ms: 1 },
  );
}

const shape = (schema: Schema) =>
  [...walk(schema)].map(place => `${place.field.id} ${printPath(place.path)}`);
const top = (schema: Schema) => schema.fields.map(field => field.name);

function refused(metadata: TableMetadata, change: SchemaChange, pattern: RegExp): void {
  assert.throws(
    () => evolve(metadata, [change]),
    error =>
      isIcebergError(error) &&
      ['schema_change', 'invalid', 'type'].includes(error.code) &&
      pattern.test(error.message),
    `${JSON.stringify(change)} ${pattern}`,
  );
}

test('a field is added where it is wanted, with ids that were never given', () => {
  const before = changed(written(table({ a: 'int', b: 'int' })), { kind: 'drop', field: 'b' });
  const { schema, last_column_id, rewrites } = evolve(before, [
    { kind: 'add', field: 'first', type: parseType('list<int>'), at: 'first' },
    { kind: 'add', field: 'b', type: 'string', doc: 'again', at: { after: 'A' } },
    { kind: 'add', field: 'last', type: 'int' },
    { kind: 'add', field: 'c', type: 'int', at: { before: 'last' } },
  ]);
  assert.deepEqual(shape(schema), ['3 first', '4 first.element', '1 a', '5 b', '7 c', '6 last']);
  assert.equal(last_column_id, 7);
  assert.equal(findField(schema, 'b')?.field.doc, 'again');
  assert.deepEqual(rewrites, [], 'columns at the top are found by their id');
  assert.equal(schema['schema-id'], 2);
});

test('a member is added to a struct, and to those inside lists and maps', () => {
  const { schema } = evolve(table(), [
    { kind: 'add', field: 'place.alt', type: 'double', at: { after: 'lat' } },
    { kind: 'add', field: 'place.lines.number', type: 'int' },
    { kind: 'add', field: ['tags', 'value', 'w'], type: 'int' },
  ]);
  assert.deepEqual(shape(schema).slice(3), [
    '4 place',
    '7 place.lat',
    '16 place.alt',
    '8 place.lon',
    '9 place.lines',
    '10 place.lines.element',
    '11 place.lines.element.street',
    '17 place.lines.element.number',
    '5 tags',
    '12 tags.key',
    '14 tags.key.k',
    '13 tags.value',
    '15 tags.value.v',
    '18 tags.value.w',
    '6 day',
  ]);
});

test('fields are renamed and moved, types widened, docs and identifiers set', () => {
  const { schema, rewrites } = evolve(written(table()), [
    { kind: 'rename', field: 'day', name: 'Day of it' },
    { kind: 'move', field: 'DAY OF IT', at: 'first' },
    { kind: 'move', field: 'place.lines', at: 'first' },
    { kind: 'widen', field: 'id', type: 'long' },
    { kind: 'widen', field: 'ratio', type: 'double' },
    { kind: 'widen', field: 'amount', type: 'decimal(38,2)' },
    { kind: 'doc', field: 'ratio', doc: 'of what' },
    { kind: 'identify', fields: ['id', 'ID'] },
    { kind: 'rename', field: 'id', name: 'ID' },
  ]);
  assert.deepEqual(top(schema), ['Day of it', 'ID', 'amount', 'ratio', 'place', 'tags']);
  assert.deepEqual(
    ['ID', 'ratio', 'amount'].map(name => findField(schema, name)?.field.type),
    ['long', 'double', 'decimal(38, 2)'],
  );
  assert.deepEqual(schema['identifier-field-ids'], [1]);
  assert.equal(findField(schema, 'place.lines')?.field.id, 9);
  assert.deepEqual(rewrites, []);
  const { schema: undone } = evolve(changed(table(), { kind: 'identify', fields: ['id'] }), [
    { kind: 'identify', fields: [] },
    { kind: 'make_optional', field: 'id' },
    { kind: 'doc', field: 'id', doc: '' },
  ]);
  assert.equal(undone['identifier-field-ids'], undefined);
  assert.deepEqual(undone.fields[0], { id: 1, name: 'id', required: false, type: 'int' });
});

test('what would lose or confuse data is refused with the name of the field', () => {
  const data = written(table());
  refused(data, { kind: 'add', field: 'ID', type: 'int' }, /field ID: there is already .* case/);
  refused(data, { kind: 'add', field: 'place.LAT', type: 'int' }, /field place.LAT: there is already/);
  refused(
    data,
    { kind: 'add', field: 'x', type: 'int', required: true },
    /field x: a new field must be optional/,
  );
  refused(data, { kind: 'add', field: 'nowhere.x', type: 'int' }, /field nowhere: there is no such field/);
  refused(data, { kind: 'add', field: 'day.x', type: 'int' }, /field day: it is date, not a struct/);
  refused(data, { kind: 'add', field: 'tags.key.x', type: 'int' }, /the key of a map cannot change/);
  refused(data, { kind: 'add', field: [], type: 'int' }, /no name/);
  refused(
    data,
    { kind: 'add', field: 'x', type: 'int', at: { after: 'y' } },
    /field x: there is no field y beside it/,
  );
  refused(data, { kind: 'drop', field: 'nothing' }, /field nothing: there is no such field/);
  refused(data, { kind: 'drop', field: 'place.lines.element' }, /part of a list/);
  refused(data, { kind: 'drop', field: 'place.lines.element.street' }, /the only field there/);
  refused(data, { kind: 'drop', field: 'tags.key.k' }, /the key of a map cannot change/);
  refused(
    data,
    { kind: 'rename', field: 'day', name: 'Ratio' },
    /fields ratio and Ratio differ|fields Ratio and ratio differ/,
  );
  refused(data, { kind: 'rename', field: 'day', name: '' }, /no name/);
  refused(data, { kind: 'rename', field: 'tags.value', name: 'x' }, /part of a map/);
  refused(data, { kind: 'move', field: 'day', at: { after: 'lat' } }, /no field lat beside it/);
  refused(
    data,
    { kind: 'widen', field: 'day', type: 'timestamp' },
    /field day: date cannot become timestamp/,
  );
  refused(data, { kind: 'widen', field: 'id', type: 'int4' }, /no type int4/);
  refused(
    data,
    { kind: 'widen', field: 'ratio', type: 'long' },
    /float cannot become long: a float can become double/,
  );
  refused(data, { kind: 'widen', field: 'amount', type: 'decimal(12, 3)' }, /more digits before the point/);
  refused(
    data,
    { kind: 'widen', field: 'amount', type: 'decimal(8, 2)' },
    /decimal\(9, 2\) cannot become decimal\(8, 2\)/,
  );
  refused(data, { kind: 'widen', field: 'place', type: 'long' }, /a struct cannot become long/);
  refused(data, { kind: 'widen', field: 'tags.key.k', type: 'long' }, /the key of a map cannot change/);
  refused(data, { kind: 'make_required', field: 'day' }, /field day: it cannot become required/);
  refused(
    data,
    { kind: 'identify', fields: ['ratio'] },
    /field ratio: it cannot identify rows: it is a float/,
  );
  refused(data, { kind: 'identify', fields: ['day'] }, /must be required/);
  refused(data, { kind: 'identify', fields: ['nothing'] }, /no such field/);
});

test('an empty table may get required fields', () => {
  const { schema } = evolve(table(), [
    { kind: 'add', field: 'x', type: 'int', required: true },
    { kind: 'make_required', field: 'day' },
    { kind: 'make_optional', field: 'id' },
  ]);
  assert.deepEqual(
    ['x', 'day', 'id'].map(name => findField(schema, name)?.field.required),
    [true, true, false],
  );
});

test('a field that something needs is not dropped', () => {
  const identified = changed(table(), { kind: 'identify', fields: ['id'] });
  refused(
    identified,
    { kind: 'drop', field: 'id' },
    /field id: it cannot be dropped: the identifier of the rows needs it/,
  );
  refused(identified, { kind: 'make_optional', field: 'id' }, /it identifies the rows/);
  const day = { 'source-id': 6, name: 'day_month', transform: 'month' };
  const divided = applyUpdates(
    table(),
    [
      { action: 'add-spec', spec: { fields: [day] } },
      { action: 'set-default-spec', 'spec-id': -1 },
      {
        action: 'add-sort-order',
        'sort-order': {
          fields: [{ 'source-id': 2, transform: 'identity', direction: 'asc', 'null-order': 'nulls-first' }],
        },
      },
      { action: 'set-default-sort-order', 'sort-order-id': -1 },
    ],
    { now_ms: 1 },
  );
  refused(divided, { kind: 'drop', field: 'day' }, /the partition spec needs it/);
  refused(divided, { kind: 'drop', field: 'amount' }, /the sort order needs it/);
  const undivided = applyUpdates(divided, [{ action: 'set-default-spec', 'spec-id': 0 }], { now_ms: 1 });
  refused(undivided, { kind: 'drop', field: 'day' }, /partition spec 1 of earlier files needs it/);
  const cleaned = applyUpdates(undivided, [{ action: 'remove-partition-specs', 'spec-ids': [1] }], {
    now_ms: 1,
  });
  assert.equal(findField(evolve(cleaned, [{ kind: 'drop', field: 'day' }]).schema, 'day'), undefined);
});

test('what files of before cannot show under the new schema is said, with the schema they have', () => {
  const data = written(table());
  const reasons = (...changes: SchemaChange[]) =>
    evolve(data, changes).rewrites.map(each => `${each.path.join('.')} ${each.reason} ${each.schema_id}`);
  assert.deepEqual(reasons({ kind: 'rename', field: 'place.lat', name: 'latitude' }), [
    'place.latitude renamed 0',
  ]);
  assert.deepEqual(reasons({ kind: 'drop', field: 'place.lat' }), []);
  assert.deepEqual(
    reasons({ kind: 'drop', field: 'place.lat' }, { kind: 'add', field: 'place.lat', type: 'double' }),
    ['place.lat name_used_again 0'],
  );
  assert.deepEqual(
    reasons(
      { kind: 'add', field: 'place.lines.no', type: 'int' },
      { kind: 'drop', field: 'place.lines.street' },
    ),
    ['place.lines.element nothing_in_common 0'],
  );
  const later = written(changed(data, { kind: 'drop', field: 'place.lat' }));
  assert.deepEqual(
    evolve(later, [{ kind: 'add', field: 'place.lat', type: 'double' }]).rewrites.map(each => each.schema_id),
    [0],
    'only the files that had it',
  );
  const renamed = written(changed(data, { kind: 'rename', field: 'place.lat', name: 'latitude' }));
  assert.deepEqual(
    evolve(renamed, [{ kind: 'drop', field: 'place.lines' }]).rewrites,
    [],
    'files that the current schema could not show have been written anew for it',
  );
  assert.deepEqual(
    evolve(renamed, [{ kind: 'rename', field: 'place.latitude', name: 'north' }]).rewrites.map(
      each => each.schema_id,
    ),
    [1],
  );
  assert.deepEqual(
    evolve(table(), [{ kind: 'rename', field: 'place.lat', name: 'x' }]).rewrites,
    [],
    'no files',
  );
});

// ── Any sequence ────────────────────────────────────────────────────────────────────────────────────

const name = fc.constantFrom('a', 'A', 'b', 'c', 'd', 'é', 'É', 'x.y', 'select');
const type = fc
  .constantFrom(
    'int',
    'float',
    'decimal(9, 2)',
    'string',
    'struct<a: int, b: list<struct<c: float>>>',
    'map<string, struct<a: int>>',
    'list<int>',
  )
  .map(parseType);
const pick = fc.nat(1000);
const position = fc.oneof(
  fc.constantFrom('first' as const, 'last' as const),
  name.map(after => ({ after })),
  name.map(before => ({ before })),
);

type Step = (schema: Schema) => SchemaChange;
const pathAt = (schema: Schema, at: number): string[] => {
  const places = [...fieldsById(schema).values()];
  return places[at % places.length]?.path ?? [];
};
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ field: name, type, at: position }).map(({ field, type, at }) => () => ({
    kind: 'add' as const,
    field: [field],
    type,
    at,
  })),
  fc.record({ pick, name, type, at: position }).map(({ pick, name, type, at }) => (schema: Schema) => ({
    kind: 'add' as const,
    field: [...pathAt(schema, pick), name],
    type,
    at,
  })),
  pick.map(pick => (schema: Schema) => ({ kind: 'drop' as const, field: pathAt(schema, pick) })),
  fc.record({ pick, name }).map(({ pick, name }) => (schema: Schema) => ({
    kind: 'rename' as const,
    field: pathAt(schema, pick),
    name,
  })),
  fc.record({ pick, at: position }).map(({ pick, at }) => (schema: Schema) => ({
    kind: 'move' as const,
    field: pathAt(schema, pick),
    at,
  })),
  fc
    .record({ pick, type: fc.constantFrom('long', 'double', 'decimal(12, 2)') })
    .map(({ pick, type }) => (schema: Schema) => ({
      kind: 'widen' as const,
      field: pathAt(schema, pick),
      type,
    })),
  pick.map(pick => (schema: Schema) => ({ kind: 'make_optional' as const, field: pathAt(schema, pick) })),
  fc.constant(() => ({ kind: 'doc' as const, field: 'a', doc: 'of it' })),
);

test('after any changes ids stay unique and old ones keep their meaning, and every snapshot its schema', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), steps => {
      let metadata = written(table({ a: 'int not null', s: 'struct<a: int, b: float>' }));
      const writtenWith = new Map([[currentSnapshot(metadata)?.['snapshot-id'], currentSchema(metadata)]]);
      const everGiven = new Map(
        [...walk(currentSchema(metadata))].map(({ field }) => [field.id, kindOf(field.type)]),
      );
      for (const make of steps) {
        const before = currentSchema(metadata);
        const change = make(before);
        const next = attempt(() => changed(metadata, change));
        if (!next) continue;
        const schema = currentSchema(next);
        const ids = [...walk(schema)].map(place => place.field.id);
        assert.equal(new Set(ids).size, ids.length);
        assert.ok(Math.max(...ids) <= next['last-column-id']);
        const old = new Set([...walk(before)].map(place => place.field.id));
        for (const { field } of walk(schema)) {
          if (!old.has(field.id)) assert.ok(!everGiven.has(field.id), `${field.id} was given before`);
          else assert.equal(everGiven.get(field.id), kindOf(field.type), 'a struct stays a struct');
          everGiven.set(field.id, kindOf(field.type));
        }
        metadata = written(next);
        writtenWith.set(currentSnapshot(metadata)?.['snapshot-id'], schema);
      }
      assert.deepEqual(parseMetadata(printMetadata(metadata)), metadata);
      for (const each of metadata.snapshots)
        assert.deepEqual(schemaOf(metadata, each), writtenWith.get(each['snapshot-id']), 'as on its day');
    }),
    { numRuns: 300 },
  );
});

function kindOf(type: Schema['fields'][number]['type']): string {
  if (typeof type !== 'string') return type.type;
  return { long: 'int', double: 'float' }[type] ?? type.replace(/\(\d+,/, '(');
}

function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (isIcebergError(error)) return undefined;
    throw error;
  }
}
