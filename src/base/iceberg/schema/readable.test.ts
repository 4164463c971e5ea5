import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { isIcebergError } from '../errors.ts';
import { newMetadata } from '../metadata/index.ts';
import type { Field, Schema, Type } from '../model.ts';
import { children, evolve, fieldsById, parseType, type SchemaChange } from './index.ts';
import { mismatches } from './readable.ts';

const struct = (...fields: Field[]): Type => ({ type: 'struct', fields });
const field = (id: number, name: string, type: Type = 'int'): Field => ({ id, name, required: false, type });
const list = (id: number, element: Type): Type => ({
  type: 'list',
  'element-id': id,
  element,
  'element-required': false,
});
const map = (id: number, value: Type): Type => ({
  type: 'map',
  'key-id': id,
  key: 'string',
  'value-id': id + 1,
  value,
  'value-required': false,
});
const schema = (...fields: Field[]): Schema => ({ type: 'struct', 'schema-id': 0, fields });
const reasons = (written: Schema, read: Schema) =>
  mismatches(written, read).map(each => `${each.path.join('.')} ${each.reason}`);

const s = (...members: Field[]) => schema(field(1, 's', struct(...members)));

test('what DuckDB reads rightly is no mismatch', () => {
  const written = s(field(2, 'a'), field(3, 'b', 'string'));
  for (const read of [
    written,
    s(field(3, 'b', 'string'), field(2, 'a', 'long')),
    s(field(2, 'A'), field(3, 'B', 'string')),
    s(field(2, 'a')),
    s(field(2, 'a'), field(4, 'c')),
    schema(field(1, 'renamed', struct(field(2, 'a'), field(3, 'b', 'string')))),
    schema(field(9, 's', struct(field(10, 'a')))),
    schema(field(9, 'other')),
  ])
    assert.deepEqual(reasons(written, read), []);
  const nested = (leaf: Type) => schema(field(1, 'l', list(2, struct(field(3, 'x', map(4, leaf))))));
  assert.deepEqual(reasons(nested('int'), nested('long')), []);
});

test('what it would read as NULL, as something else or not at all is one', () => {
  const written = s(field(2, 'a'), field(3, 'b', 'string'));
  assert.deepEqual(reasons(written, s(field(2, 'a'), field(3, 'c', 'string'))), ['s.c renamed']);
  assert.deepEqual(reasons(written, s(field(2, 'a'), field(4, 'B'))), ['s.B name_used_again']);
  assert.deepEqual(reasons(written, s(field(4, 'c'))), ['s nothing_in_common']);
  assert.deepEqual(reasons(written, s(field(2, 'b'), field(3, 'a', 'string'))), [
    's.b name_used_again',
    's.a name_used_again',
    's.b renamed',
    's.a renamed',
  ]);
  const inside = (...members: Field[]) =>
    schema(field(1, 'l', list(2, struct(field(3, 'm', map(4, struct(...members)))))));
  assert.deepEqual(reasons(inside(field(6, 'x')), inside(field(6, 'x'), field(7, 'y'))), []);
  assert.deepEqual(reasons(inside(field(6, 'x'), field(8, 'z')), inside(field(6, 'y'), field(8, 'z'))), [
    'l.element.m.value.y renamed',
  ]);
});

test('what is in the file must be able to become what is asked for, at the top as well', () => {
  assert.deepEqual(reasons(schema(field(1, 'a', 'long')), schema(field(1, 'a', 'int'))), ['a retyped']);
  assert.deepEqual(reasons(schema(field(1, 'a')), schema(field(1, 'a', struct(field(2, 'x'))))), [
    'a retyped',
  ]);
  assert.deepEqual(reasons(schema(field(1, 'a', list(2, 'int'))), schema(field(1, 'a', map(3, 'int')))), [
    'a retyped',
  ]);
});

test('DuckDB does what these rules are about', async t => {
  const read = await aFile(t);
  assert.deepEqual(await read('STRUCT(A BIGINT)'), { A: 1n }, 'case, width and members that are left out');
  assert.deepEqual(await read('STRUCT(b VARCHAR, n INTEGER, a INTEGER)'), { b: 'x', n: null, a: 1 });
  assert.deepEqual(
    await read('STRUCT(a INTEGER, renamed VARCHAR)'),
    { a: 1, renamed: null },
    'a silent NULL',
  );
  await assert.rejects(read('STRUCT(stranger INTEGER)'), /at least one matching member/);
});

/** Reads column `s` (field 1: `a` 2, `b` 3) of a file as another type. */
async function aFile(t: TestContext): Promise<(type: string) => Promise<unknown>> {
  const { run, file } = await duckdb(t);
  const ids = '{s: {__duckdb_field_id: 1, a: 2, b: 3}}';
  await run(`COPY (SELECT {a: 1::INTEGER, b: 'x'} s) TO '${file}' (FORMAT parquet, FIELD_IDS ${ids})`);
  return async type => {
    const read = `schema = MAP {1: {name: 's', type: '${type}', default_value: NULL}}`;
    return (await run(`SELECT s FROM read_parquet(['${file}'], ${read})`))?.s;
  };
}

async function duckdb(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'readable-'));
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  t.after(async () => {
    connection.closeSync();
    instance.closeSync();
    await rm(folder, { recursive: true });
  });
  const run = async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjectsJS()[0];
  return { run, file: join(folder, 'x.parquet') };
}

// ── Whatever becomes of a schema ────────────────────────────────────────────────────────────────────

const START = schema(
  field(1, 'a'),
  field(2, 's', struct(field(3, 'a'), field(4, 'b'), field(5, 't', struct(field(6, 'a'), field(7, 'c'))))),
  field(8, 'l', list(9, struct(field(10, 'a'), field(11, 'b')))),
  field(12, 'm', map(13, struct(field(15, 'a'), field(16, 'b')))),
);
const table = {
  ...newMetadata({ location: 'file:///warehouse/t', schema: START, now_ms: 1 }),
  schemas: [START],
  'last-column-id': 16,
};

const pick = fc.nat(1000);
const name = fc.constantFrom('a', 'b', 'c', 't', 'A', 'B');
const type = fc.constantFrom('int', 'struct<a: int>', 'list<struct<a: int, b: int>>').map(parseType);
type Step = (path: (at: number) => string[]) => SchemaChange;
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ pick, name, type }).map(
    ({ pick, name, type }): Step =>
      path => ({ kind: 'add', field: [...path(pick), name], type }),
  ),
  pick.map(
    (at): Step =>
      path => ({ kind: 'drop', field: path(at) }),
  ),
  fc.record({ pick, name }).map(
    ({ pick, name }): Step =>
      path => ({ kind: 'rename', field: path(pick), name }),
  ),
  pick.map(
    (at): Step =>
      path => ({ kind: 'move', field: path(at), at: 'first' }),
  ),
  pick.map(
    (at): Step =>
      path => ({ kind: 'widen', field: path(at), type: 'long' }),
  ),
);

function evolved(steps: readonly Step[]): Schema {
  return steps.reduce((read, make) => {
    const places = [...fieldsById(read).values()];
    const change = make(at => places[at % places.length]?.path ?? []);
    const now = {
      ...table,
      schemas: [read],
      'current-schema-id': read['schema-id'],
      'last-column-id': 1000 + read['schema-id'] * 10,
    };
    try {
      return evolve(now, [change]).schema;
    } catch (error) {
      if (isIcebergError(error)) return read;
      throw error;
    }
  }, START);
}

test('a file reads rightly if and only if there is no mismatch, says DuckDB', async t => {
  const { run, file } = await duckdb(t);
  const row = START.fields.map(each => `${literal(each)} AS ${quoted(each.name)}`);
  const ids = START.fields.map(each => `${quoted(each.name)}: ${idsOf(each)}`);
  await run(`COPY (SELECT ${row}) TO '${file}' (FORMAT parquet, FIELD_IDS {${ids}})`);
  let wrong = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 6 }), async steps => {
      const read = evolved(steps);
      const columns = read.fields.map(
        each =>
          `${each.id}: {name: ${text(each.name)}, type: ${text(duckType(each.type))}, default_value: NULL}`,
      );
      const found = await run(`SELECT * FROM read_parquet(['${file}'], schema = MAP {${columns}})`).catch(
        String,
      );
      const expected = Object.fromEntries(read.fields.map(each => [each.name, contentOf(each)]));
      const isRight = isDeepStrictEqual(plain(found), plain(expected));
      if (!isRight) wrong += 1;
      assert.equal(
        isRight,
        mismatches(START, read).length === 0,
        JSON.stringify({ found: plain(found), expected }),
      );
    }),
    { numRuns: 300 },
  );
  assert.ok(wrong > 10, `${wrong} of 300 were wrong: else nothing is shown`);
});

/** Every leaf of the file holds its own id: what is read under another one is seen. */
function literal({ id, type }: Field): string {
  if (typeof type === 'string') return type === 'string' ? "'k'" : `${id}::INTEGER`;
  const [first, second] = children(type);
  if (type.type === 'list') return `[${first ? literal(first) : ''}]`;
  if (type.type === 'map') return `MAP {'k': ${second ? literal(second) : ''}}`;
  return `{${type.fields.map(each => `${quoted(each.name)}: ${literal(each)}`)}}`;
}

function idsOf({ id, type }: Field): string {
  if (typeof type === 'string') return String(id);
  return `{__duckdb_field_id: ${id}, ${children(type).map(each => `${quoted(each.name)}: ${idsOf(each)}`)}}`;
}

function duckType(type: Type): string {
  if (typeof type === 'string') return { int: 'INTEGER', long: 'BIGINT' }[type] ?? 'VARCHAR';
  if (type.type === 'list') return `${duckType(type.element)}[]`;
  if (type.type === 'map') return `MAP(${duckType(type.key)}, ${duckType(type.value)})`;
  return `STRUCT(${type.fields.map(each => `${quoted(each.name)} ${duckType(each.type)}`)})`;
}

function contentOf({ id, type }: Field): unknown {
  if (!fieldsById(START).has(id)) return null;
  if (typeof type === 'string') return type === 'string' ? 'k' : id;
  if (type.type === 'struct')
    return Object.fromEntries(type.fields.map(each => [each.name, contentOf(each)]));
  const [first, second] = children(type);
  if (type.type === 'list') return first ? [contentOf(first)] : [];
  return second ? [{ key: 'k', value: contentOf(second) }] : [];
}

/** A bigint is its number. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? Number(each) : each)));
}

function quoted(text: string): string {
  return `"${text}"`;
}
function text(value: string): string {
  return `'${value}'`;
}
