import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Field, Schema, Type } from '../model.ts';
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
  const folder = await mkdtemp(join(tmpdir(), 'readable-'));
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  t.after(async () => {
    connection.closeSync();
    instance.closeSync();
    await rm(folder, { recursive: true });
  });
  const file = join(folder, 'x.parquet');
  await connection.run(
    `COPY (SELECT {a: 1::INTEGER, b: 'x'} s) TO '${file}' (FORMAT parquet, FIELD_IDS {s: {__duckdb_field_id: 1, a: 2, b: 3}})`,
  );
  return async type => {
    const rows = await connection.runAndReadAll(
      `SELECT s FROM read_parquet(['${file}'], schema = MAP {1: {name: 's', type: '${type}', default_value: NULL}})`,
    );
    return rows.getRowObjectsJS()[0]?.s;
  };
}
