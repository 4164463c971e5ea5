import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Schema } from '../model.ts';
import { fieldsById, findField, highestFieldId, printPath, walk } from './fields.ts';
import { assignIds, isSameSchema } from './ids.ts';
import { parseType } from './types.ts';

const schemaOf = (columns: Record<string, string>): Schema => ({
  type: 'struct',
  'schema-id': 0,
  fields: Object.entries(columns).map(([name, type], index) => ({
    id: index,
    name,
    required: type.endsWith(' not null'),
    type: parseType(type.replace(/ not null$/, '')),
  })),
});
const numbered = (columns: Record<string, string>) => assignIds(schemaOf(columns)).schema;

test('fields are numbered from 1: all of a struct first, then what is inside them', () => {
  const { schema, last_column_id, moved } = assignIds({
    ...schemaOf({
      id: 'int not null',
      s: 'struct<a: int, b: struct<c: int>>',
      l: 'list<int>',
      m: 'map<int, int>',
      z: 'int',
    }),
    'identifier-field-ids': [0],
  });
  const ids = [...walk(schema)].map(place => `${place.field.id} ${printPath(place.path)}`);
  assert.deepEqual(ids, [
    '1 id',
    '2 s',
    '6 s.a',
    '7 s.b',
    '8 s.b.c',
    '3 l',
    '9 l.element',
    '4 m',
    '10 m.key',
    '11 m.value',
    '5 z',
  ]);
  assert.equal(last_column_id, 11);
  assert.deepEqual(schema['identifier-field-ids'], [1], 'they go along');
  assert.deepEqual(
    [0, 1, 4].map(id => moved.get(id)),
    [1, 2, 5],
  );
});

test('a field knows its path, what is around it and whether a row may be without it', () => {
  const schema = numbered({
    a: 'struct<b: list<struct<c: int not null> not null>> not null',
    m: 'map<string, int not null>',
  });
  const place = findField(schema, 'a.b.element.c');
  assert.deepEqual(
    [place?.path, place?.in, place?.optional, place?.repeated],
    [['a', 'b', 'element', 'c'], 'struct', true, true],
    'the list is optional, so what is in it is',
  );
  assert.equal(findField(schema, 'a')?.optional, false);
  assert.equal(findField(schema, 'm.key')?.in, 'map');
  assert.equal(fieldsById(schema).get(place?.parent ?? 0)?.field.name, 'element');
});

test('names are found in any case, and with dots of their own', () => {
  const schema = numbered({
    'a.b': 'int',
    a: 'struct<b: int, "c.d": struct<"e.f": int>>',
    Straße: 'int',
    ÉTÉ: 'int',
  });
  assert.deepEqual(findField(schema, 'A.B')?.path, ['a.b'], 'the whole name goes first');
  assert.deepEqual(findField(schema, ['a', 'b'])?.path, ['a', 'b']);
  assert.deepEqual(findField(schema, 'a.C.D.e.F')?.path, ['a', 'c.d', 'e.f']);
  assert.deepEqual(findField(schema, 'été')?.path, ['ÉTÉ']);
  for (const nothing of ['', '.', 'a.', 'a.x', 'b', 'a.b.c', 'constructor', '__proto__'])
    assert.equal(findField(schema, nothing), undefined, nothing);
});

test('a list and a map stand for what they hold', () => {
  const schema = numbered({ l: 'list<map<string, struct<x: int, value: int>>>' });
  assert.deepEqual(findField(schema, 'l.x')?.path, ['l', 'element', 'value', 'x']);
  assert.deepEqual(findField(schema, 'l.value')?.path, ['l', 'element', 'value']);
  assert.deepEqual(findField(schema, 'l.value.value')?.path, ['l', 'element', 'value', 'value']);
  assert.equal(findField(schema, 'l.key')?.field.type, 'string');
  assert.equal(findField(schema, 'l.y'), undefined);
});

test('ten thousand columns are found one by one', () => {
  const schema = numbered(
    Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`column_${at}`, 'long'])),
  );
  assert.equal(highestFieldId(schema), 10_000);
  for (let at = 0; at < 10_000; at += 1) assert.equal(findField(schema, `COLUMN_${at}`)?.field.id, at + 1);
});

test('two schemas are the same by what they hold, not by their number', () => {
  const schema = numbered({ a: 'int', s: 'struct<b: int>' });
  assert.ok(isSameSchema(schema, { ...structuredClone(schema), 'schema-id': 7, 'identifier-field-ids': [] }));
  for (const other of [
    numbered({ a: 'long', s: 'struct<b: int>' }),
    numbered({ a: 'int', s: 'struct<c: int>' }),
    numbered({ a: 'int', s: 'struct<b: int not null>' }),
    numbered({ s: 'struct<b: int>', a: 'int' }),
    numbered({ a: 'int', s: 'struct<b: int>', c: 'int' }),
    { ...schema, 'identifier-field-ids': [1] },
  ])
    assert.ok(!isSameSchema(schema, other));
});
