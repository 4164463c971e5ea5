import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import avsc from 'avsc';
import fc from 'fast-check';
import { type IcebergCode, isIcebergError } from '../errors.ts';
import { Cursor, Sink } from './bytes.ts';
import {
  type AvroCodec,
  type AvroJson,
  type AvroRecord,
  openAvro,
  readAvro,
  skipperOf,
  writeAvro,
} from './index.ts';

const SCHEMA: AvroJson = {
  type: 'record',
  name: 'everything',
  fields: [
    { name: 'truth', type: 'boolean', 'field-id': 1 },
    { name: 'small', type: 'int', 'field-id': 2 },
    { name: 'large', type: 'long', 'field-id': 3 },
    { name: 'single', type: 'float', 'field-id': 4 },
    { name: 'number', type: 'double', 'field-id': 5 },
    { name: 'text', type: 'string', 'field-id': 6 },
    { name: 'bytes', type: 'bytes', 'field-id': 7 },
    { name: 'fixed', type: { type: 'fixed', name: 'three', size: 3 }, 'field-id': 8 },
    { name: 'again', type: 'three', 'field-id': 9 },
    { name: 'maybe', type: ['null', 'long'], default: null, 'field-id': 10 },
    { name: 'otherwise', type: ['string', 'null'], 'field-id': 11 },
    { name: 'numbers', type: { type: 'array', items: 'int', 'element-id': 13 }, 'field-id': 12 },
    {
      name: 'nested',
      type: { type: 'record', name: 'inner', fields: [{ name: 'x', type: 'int', 'field-id': 15 }] },
      'field-id': 14,
    },
  ],
};

const bytes = (length: { minLength?: number; maxLength?: number } = {}) =>
  fc.uint8Array(length).map(array => Buffer.from(array));

const records: fc.Arbitrary<AvroRecord[]> = fc.array(
  fc.record({
    truth: fc.boolean(),
    small: fc.integer(),
    large: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    single: fc.float(),
    number: fc.double(),
    text: fc.string({ unit: 'binary' }),
    bytes: bytes(),
    fixed: bytes({ minLength: 3, maxLength: 3 }),
    again: bytes({ minLength: 3, maxLength: 3 }),
    maybe: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    otherwise: fc.option(fc.string()),
    numbers: fc.array(fc.integer()),
    nested: fc.record({ x: fc.integer() }),
  }),
);

/** Records come without a prototype. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object' || Buffer.isBuffer(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
}

test('records come back from every codec as they were', () => {
  for (const codec of ['null', 'deflate', 'zstandard'] satisfies AvroCodec[])
    fc.assert(
      fc.property(records, given => {
        const file = writeAvro({ schema: SCHEMA, metadata: { hello: 'wörld' }, codec }, given);
        const read = readAvro(file, 'x.avro');
        assert.deepEqual(read.records.map(plain), given.map(plain));
        assert.equal(read.metadata.get('hello'), 'wörld');
        assert.deepEqual(JSON.parse(read.metadata.get('avro.schema') ?? ''), SCHEMA);
      }),
      { numRuns: 50 },
    );
});

const LONGS = avsc.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64LE(value);
    return buffer;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => Number(a - b),
});

function avscType(schema: unknown): avsc.Type {
  return avsc.Type.forSchema(schema as avsc.Schema, { registry: { long: LONGS } });
}

test('avsc reads what we write', async () => {
  for (const given of fc.sample(records, 20)) {
    const decoder = new avsc.streams.BlockDecoder({ parseHook: avscType });
    const found: unknown[] = [];
    decoder.on('data', record => found.push(plain(record)));
    decoder.end(writeAvro({ schema: SCHEMA, metadata: {} }, given));
    await once(decoder, 'end');
    assert.deepEqual(found, given.map(plain));
  }
});

test('we read what avsc writes', () => {
  const type = avscType(SCHEMA);
  const header = writeAvro({ schema: SCHEMA, metadata: {}, codec: 'null' }, []);
  for (const given of fc.sample(records, 20).filter(one => one.length > 0)) {
    const body = Buffer.concat(given.map(record => type.toBuffer(record)));
    const sink = new Sink();
    sink.number(given.length);
    sink.sized(body);
    const file = Buffer.concat([header, sink.drain(), header.subarray(-16)]);
    assert.deepEqual(readAvro(file, 'x.avro').records.map(plain), given.map(plain));
  }
});

test('many records are many blocks, and the same records the same bytes', () => {
  const schema = { type: 'record', name: 'r', fields: [{ name: 'x', type: 'string' }] };
  const given = Array.from({ length: 20_000 }, (_, n) => ({ x: `${n}`.padEnd(40, 'x') }));
  const file = writeAvro({ schema, metadata: {} }, given);
  assert([...openAvro(file, 'x').blocks()].length > 2);
  assert.deepEqual(readAvro(file, 'x').records.map(plain), given);
  assert(file.equals(writeAvro({ schema, metadata: {} }, given)));
  assert.deepEqual(readAvro(writeAvro({ schema, metadata: {} }, []), 'x').records, []);
});

test('numbers of every length come back', () => {
  const sink = new Sink();
  const numbers = [
    0,
    -1,
    1,
    63,
    64,
    -64,
    -65,
    2 ** 27,
    2 ** 28,
    -(2 ** 30),
    2 ** 31,
    2 ** 35,
    2 ** 49,
    -(2 ** 49),
    2 ** 52 - 1,
    -(2 ** 52),
  ];
  for (const number of numbers) sink.number(number);
  const cursor = new Cursor(sink.drain(), 'x');
  assert.deepEqual(
    numbers.map(() => cursor.number()),
    numbers,
  );
  assert.equal(cursor.left, 0);
});

// ── What is no Avro file ────────────────────────────────────────────────────────────────────────────

function refused(file: Uint8Array, code: IcebergCode = 'corrupt'): void {
  assert.throws(
    () => readAvro(file, 's3://bucket/bad.avro'),
    error =>
      isIcebergError(error, code) &&
      error.about.file === 's3://bucket/bad.avro' &&
      error.message.includes('bad.avro'),
  );
}

/** A file with this schema whose only block says it has `count` records. */
function fileOf(schema: unknown, block: Uint8Array, count = 1): Buffer {
  const head = new Sink();
  head.raw(Buffer.from('Obj\x01', 'latin1'));
  head.number(1);
  head.sized(Buffer.from('avro.schema'));
  head.sized(Buffer.from(JSON.stringify(schema)));
  head.number(0);
  head.raw(Buffer.alloc(16));
  head.number(count);
  head.sized(block);
  head.raw(Buffer.alloc(16));
  return head.drain();
}

const longBytes = (value: bigint) => {
  const sink = new Sink();
  sink.long(value);
  return sink.drain();
};

const recordOf = (type: unknown) => ({ type: 'record', name: 'r', fields: [{ name: 'x', type }] });

test('files that are no Avro are refused by name', () => {
  refused(Buffer.alloc(0));
  refused(Buffer.from('PAR1 something else entirely'));
  refused(Buffer.from('Obj\x02', 'latin1'));
  refused(Buffer.from('{"format-version": 2}'));
  refused(fileOf('not a type', Buffer.alloc(1)));
  refused(fileOf({ type: 'record', name: 'r', fields: 'none' }, Buffer.alloc(1)));
  refused(fileOf([], Buffer.alloc(1)));
  refused(fileOf('int', Buffer.alloc(1)));
});

test('a file that was cut anywhere is refused, unless it was between two blocks', () => {
  const given = Array.from({ length: 10 }, (_, n) => ({ x: n }));
  const file = writeAvro({ schema: recordOf('int'), metadata: {} }, given);
  const empty = writeAvro({ schema: recordOf('int'), metadata: {} }, []).length;
  for (let length = 0; length < file.length; length += 1)
    if (length !== empty) refused(file.subarray(0, length));
});

test('whatever byte is changed, the answer is records or an error that names the file', () => {
  const given = fc.sample(records, { numRuns: 1, seed: 7 })[0] ?? [];
  for (const codec of ['null', 'deflate'] satisfies AvroCodec[]) {
    const file = writeAvro({ schema: SCHEMA, metadata: {}, codec }, [...given, ...given]);
    for (let at = 0; at < file.length; at += 1)
      for (const change of [0xff, 0x80]) {
        const changed = Buffer.from(file);
        changed.writeUInt8(changed.readUInt8(at) ^ change, at);
        try {
          readAvro(changed, 's3://bucket/bad.avro');
        } catch (error) {
          assert(isIcebergError(error) && error.about.file === 's3://bucket/bad.avro', String(error));
        }
      }
  }
});

test('counts and lengths beyond the file are refused at once', () => {
  const huge = [2n ** 31n, 2n ** 40n, 2n ** 62n, -(2n ** 40n), -(2n ** 63n)];
  for (const count of huge) {
    refused(fileOf(recordOf('string'), longBytes(count)));
    refused(fileOf(recordOf('bytes'), longBytes(count)));
    refused(fileOf(recordOf({ type: 'array', items: 'int' }), longBytes(count)));
    refused(fileOf(recordOf({ type: 'map', values: 'int' }), longBytes(count)));
    refused(fileOf(recordOf(['null', 'int']), longBytes(count)));
  }
  refused(fileOf(recordOf('int'), Buffer.alloc(1), 2 ** 40));
  refused(fileOf(recordOf('int'), Buffer.alloc(1), -1));
  refused(fileOf(recordOf('null'), Buffer.alloc(0), 2 ** 40));
  refused(fileOf(recordOf('long'), Buffer.alloc(11, 0xff)));
  refused(fileOf(recordOf('int'), Buffer.alloc(5)));
});

test('lists of nothing and types inside themselves are refused: both are without end', () => {
  refused(fileOf(recordOf({ type: 'array', items: 'null' }), longBytes(1n)), 'unsupported');
  const empty = { type: 'record', name: 'empty', fields: [] };
  refused(fileOf(recordOf({ type: 'array', items: empty }), longBytes(1n)), 'unsupported');
  refused(
    fileOf({ type: 'record', name: 'r', fields: [{ name: 'x', type: ['null', 'r'] }] }, Buffer.alloc(1)),
    'unsupported',
  );
  const deep = Array.from({ length: 200 }).reduce<unknown>(items => ({ type: 'array', items }), 'int');
  refused(fileOf(recordOf(deep), Buffer.alloc(1)));
  // Forty names, each used twice in the next: a trillion fields.
  const doubled = Array.from({ length: 40 }, (_, n) => ({
    name: `f${n}`,
    type: {
      type: 'record',
      name: `t${n}`,
      fields:
        n === 0
          ? []
          : [
              { name: 'a', type: `t${n - 1}` },
              { name: 'b', type: `t${n - 1}` },
            ],
    },
  }));
  refused(fileOf({ type: 'record', name: 'r', fields: doubled }, Buffer.alloc(1)));
});

test('a block that unfolds beyond all measure is refused', () => {
  const schema = recordOf('bytes');
  const bomb = Buffer.alloc(300 * 1024 ** 2);
  for (const codec of ['deflate', 'zstandard'] satisfies AvroCodec[]) {
    const file = writeAvro({ schema, metadata: {}, codec }, [{ x: bomb }]);
    assert(file.length < 1_000_000);
    refused(file);
  }
});

test('codecs that we lack are refused by name', () => {
  const file = writeAvro({ schema: recordOf('int'), metadata: {} }, []);
  const snappy = Buffer.from(file.toString('latin1').replace('\x0edeflate', '\x0csnappy'), 'latin1');
  assert.throws(
    () => openAvro(snappy, 'x.avro'),
    error => isIcebergError(error, 'unsupported') && error.about.codec === 'snappy',
  );
});

test('a field named __proto__ is a field', () => {
  const schema = { type: 'record', name: 'r', fields: [{ name: '__proto__', type: 'int' }] };
  const [record] = readAvro(fileOf(schema, Buffer.of(14)), 'x').records;
  assert.deepEqual(Object.entries(record ?? {}), [['__proto__', 7]]);
});

test('skipping a value ends where reading it does', () => {
  for (const given of fc.sample(records, 20)) {
    const file = openAvro(writeAvro({ schema: SCHEMA, metadata: {} }, given), 'x');
    const skip = skipperOf(file.schema);
    for (const block of file.blocks()) {
      const cursor = new Cursor(block.bytes, 'x');
      for (let index = 0; index < block.count; index += 1) skip(cursor);
      assert.equal(cursor.left, 0);
    }
  }
});

test('values that do not fit their type are refused', () => {
  const cases: [unknown, AvroRecord][] = [
    ['int', { x: 'text' }],
    ['int', { x: 1.5 }],
    ['string', { x: 1 }],
    ['bytes', { x: 'text' }],
    [{ type: 'fixed', name: 'f', size: 2 }, { x: Buffer.alloc(3) }],
    ['long', {}],
    [{ type: 'array', items: 'int' }, { x: 1 }],
  ];
  for (const [type, record] of cases)
    assert.throws(
      () => writeAvro({ schema: recordOf(type), metadata: {} }, [record]),
      error => isIcebergError(error, 'invalid'),
    );
});
