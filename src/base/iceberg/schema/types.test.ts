import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isIcebergError } from '../errors.ts';
import type { Type } from '../model.ts';
import { canonical, canWiden, parseType, primitive, printType } from './types.ts';

test('a primitive type has one spelling and known parts', () => {
  assert.equal(canonical('decimal(10,2)'), 'decimal(10, 2)');
  assert.equal(canonical('decimal( 38 , 38 )'), 'decimal(38, 38)');
  assert.equal(canonical('fixed[ 16 ]'), 'fixed[16]');
  assert.deepEqual(primitive('decimal(9, 0)'), { name: 'decimal', precision: 9, scale: 0 });
  assert.deepEqual(primitive('fixed[3]'), { name: 'fixed', length: 3 });
  assert.deepEqual(primitive('timestamptz'), { name: 'timestamptz' });
});

test('what is no type is refused by its name', () => {
  const wrong = [
    '',
    'INT',
    'bigint',
    'decimal',
    'decimal(0, 0)',
    'decimal(39, 0)',
    'decimal(5, 6)',
    'fixed[0]',
    'constructor',
  ];
  for (const text of wrong)
    assert.throws(
      () => primitive(text),
      error => isIcebergError(error, 'type') && error.about.type === text,
      text,
    );
});

test('types of format version 3 are known by name', () => {
  for (const text of [
    'timestamp_ns',
    'timestamptz_ns',
    'variant',
    'unknown',
    'geometry(EPSG:4326)',
    'geography',
  ])
    assert.throws(
      () => primitive(text),
      error => isIcebergError(error, 'unsupported'),
      text,
    );
});

test('a type widens only where no value is lost', () => {
  const types = [
    'boolean',
    'int',
    'long',
    'float',
    'double',
    'decimal(9, 2)',
    'decimal(12, 2)',
    'decimal(12, 3)',
    'date',
    'timestamp',
    'timestamptz',
    'string',
    'fixed[4]',
    'binary',
    'uuid',
  ];
  const widened = types.flatMap(from =>
    types.filter(to => to !== from && canWiden(from, to)).map(to => `${from} → ${to}`),
  );
  assert.deepEqual(widened, ['int → long', 'float → double', 'decimal(9, 2) → decimal(12, 2)']);
  assert.ok(types.every(type => canWiden(type, type)));
});

const primitives = fc.oneof(
  fc.constantFrom(
    'boolean',
    'int',
    'long',
    'float',
    'double',
    'date',
    'time',
    'timestamp',
    'timestamptz',
    'string',
    'uuid',
    'binary',
  ),
  fc
    .tuple(fc.integer({ min: 1, max: 38 }), fc.nat(38))
    .map(([precision, scale]) => `decimal(${precision}, ${scale % (precision + 1)})`),
  fc.integer({ min: 1, max: 1000 }).map(length => `fixed[${length}]`),
);

const anyType: fc.Arbitrary<Type> = fc.letrec<{ type: Type }>(tie => ({
  type: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    primitives,
    fc.record({
      type: fc.constant('struct' as const),
      fields: fc.array(
        fc.record({
          id: fc.constant(0),
          name: fc.string({ minLength: 1, unit: 'grapheme' }),
          required: fc.boolean(),
          type: tie('type'),
        }),
        { minLength: 1, maxLength: 4 },
      ),
    }),
    fc.record({
      type: fc.constant('list' as const),
      'element-id': fc.constant(0),
      element: tie('type'),
      'element-required': fc.boolean(),
    }),
    fc.record({
      type: fc.constant('map' as const),
      'key-id': fc.constant(0),
      key: tie('type'),
      'value-id': fc.constant(0),
      value: tie('type'),
      'value-required': fc.boolean(),
    }),
  ),
})).type;

test('every type, with any names in it, is read back from its text', () => {
  fc.assert(
    fc.property(anyType, type => {
      assert.deepEqual(plain(parseType(printType(type))), plain(type));
    }),
  );
});

/** fast-check makes records without a prototype. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

test('people may write types with any spaces', () => {
  assert.equal(
    printType(parseType(' map< string ,list<decimal( 9,2 )  not null>>')),
    'map<string, list<decimal(9, 2) not null>>',
  );
  assert.equal(
    printType(parseType('struct<"a ""b""": int, c:struct<d:date>>')),
    'struct<"a ""b""": int, c: struct<d: date>>',
  );
});

test('a type that cannot be read is refused with the place', () => {
  const wrong = [
    'list',
    'list<>',
    'list<int',
    'map<int>',
    'map<int, int, int>',
    'struct<>',
    'struct<a>',
    'struct<a: int,>',
    'int int',
    'list<int> not null',
    'varchar',
  ];
  for (const text of wrong)
    assert.throws(
      () => parseType(text),
      error => isIcebergError(error, 'type') && error.message.length < 200,
      text,
    );
  assert.throws(
    () => parseType('list<'.repeat(100_000)),
    error => isIcebergError(error, 'type'),
  );
});
