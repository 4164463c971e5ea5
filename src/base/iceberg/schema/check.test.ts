import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isIcebergError } from '../errors.ts';
import { newMetadata, parseMetadata, printMetadata } from '../metadata/index.ts';
import type { Field, Schema } from '../model.ts';
import { planScan, tableAt } from '../scan/index.ts';
import { checkSchema } from './check.ts';

const field = (id: number, name: string, more: Partial<Field> = {}): Field => ({
  id,
  name,
  required: false,
  type: 'int',
  ...more,
});
const schema = (fields: Field[], identifiers: number[] = []): Schema => ({
  type: 'struct',
  'schema-id': 0,
  fields,
  'identifier-field-ids': identifiers,
});
const struct = (...fields: Field[]): Field['type'] => ({ type: 'struct', fields });

test('a schema that no table may have is refused with the name that is wrong', () => {
  const wrong: [Schema, RegExp][] = [
    [schema([]), /at least one field/],
    [schema([field(1, '')]), /no name/],
    [schema([field(1, 'a'), field(2, 'a')]), /two fields a$/],
    [
      schema([field(1, 'Name'), field(2, 'b'), field(3, 'name')]),
      /fields name and Name differ only by upper and lower case/,
    ],
    [schema([field(1, 'École'), field(2, 'éCOLE')]), /differ only by/],
    [schema([field(1, 's', { type: struct(field(2, 'x'), field(3, 'X')) })]), /fields s\.X and s\.x/],
    [schema([field(1, 'a'), field(1, 'b')]), /fields a and b both have id 1/],
    [schema([field(1, 's', { type: struct(field(1, 'x')) })]), /fields s and s\.x both/],
    [schema([field(2_147_483_546, 'a')]), /reserved/],
    [schema([field(1, 'a\0b')]), /NUL/],
    [schema([field(1, 'a\ud800')]), /surrogate/],
    [schema([field(1, 'a')], [2]), /identifier field 2 is not in the schema/],
    [schema([field(1, 'a')], [1]), /identifier field a must be required/],
    [schema([field(1, 'a', { required: true, type: 'double' })], [1]), /identifier field a is a double/],
    [schema([field(1, 's', { required: true, type: struct(field(2, 'x')) })], [1]), /is a struct/],
    [
      schema([field(1, 's', { type: struct(field(2, 'x', { required: true })) })], [2]),
      /everything around it/,
    ],
    [
      schema(
        [
          field(1, 'l', {
            required: true,
            type: { type: 'list', 'element-id': 2, element: 'int', 'element-required': true },
          }),
        ],
        [2],
      ),
      /inside a list/,
    ],
  ];
  for (const [each, pattern] of wrong)
    assert.throws(
      () => checkSchema(each),
      error => isIcebergError(error) && pattern.test(error.message),
      String(pattern),
    );
});

test('a default value is refused as one of version 3, and null is none', () => {
  const of = (value: unknown) => schema([Object.assign(field(1, 'a'), { 'initial-default': value })]);
  assert.throws(
    () => checkSchema(of(0)),
    error => isIcebergError(error, 'unsupported') && error.about.field === 'a',
  );
  checkSchema(of(null));
});

test('a table of others with two fields that differ by case is not scanned', async () => {
  const made = newMetadata({ location: 'file:///warehouse/t', schema: schema([field(1, 'a')]), now_ms: 1 });
  const theirs = { ...made, schemas: [schema([field(1, 'a'), field(2, 'A')])] };
  const reader = { manifests: async () => [], entries: async () => [] };
  await planScan(tableAt(made, reader));
  await assert.rejects(
    planScan(tableAt(parseMetadata(printMetadata(theirs)), reader)),
    error =>
      isIcebergError(error, 'unsupported') &&
      /fields A and a differ only by .*rename one/.test(error.message),
  );
});

test('any other name is a name', () => {
  const names = [
    'select',
    'a"b',
    "it's",
    'a.b',
    'a/b',
    ' ',
    '東京',
    '😀',
    '__proto__',
    'constructor',
    'x'.repeat(1000),
  ];
  checkSchema(schema(names.map((name, index) => field(index + 1, name))));
});

test('a required member of a required struct may identify a row', () => {
  checkSchema(
    schema([field(1, 's', { required: true, type: struct(field(2, 'x', { required: true })) })], [2]),
  );
});
