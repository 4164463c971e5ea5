import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LOG_LEVELS } from '../../../contract/runs.ts';
import { fromMicros, type Line, LOG_STREAMS, levelNumber, toLogLine, toMicros } from './line.ts';
import { decodePiece, encodePiece, rawBytes } from './piece.ts';
import { selectLines } from './select.ts';

const line: fc.Arbitrary<Line> = fc.record({
  at: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  level: fc.constantFrom(...LOG_LEVELS),
  stream: fc.constantFrom(...LOG_STREAMS),
  // Any sixteen bits, lone surrogates and control characters too: what a task prints is anything.
  text: fc.oneof(fc.string({ unit: 'binary' }), fc.constant('\ud800 \u0000 \n\r\u2028 \u001b[31m')),
  fields: fc.oneof(
    fc.constant(null),
    fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<string | number | null>, {
      noNullPrototype: true,
      minKeys: 1,
    }),
  ),
});
const lines = fc
  .tuple(line, fc.array(line, { maxLength: 40 }))
  .map(([first, rest]) => [first, ...rest] as const);

test('a piece gives back exactly what was put into it', () => {
  fc.assert(
    fc.property(lines, fc.nat(), (given, first_line) => {
      const [first, ...rest] = given;
      const piece = encodePiece([first, ...rest]);
      const back = decodePiece(piece.data, first_line);
      // Through JSON, as fields are: -0 is 0 there.
      const plain = (value: unknown) => JSON.parse(JSON.stringify(value));
      assert.deepEqual(plain(back), plain(given.map((one, at) => ({ n: first_line + at, ...one }))));
      assert.equal(piece.lines, given.length);
      assert.equal(piece.min_level, Math.min(...given.map(({ level }) => levelNumber(level))));
      assert.equal(piece.max_level, Math.max(...given.map(({ level }) => levelNumber(level))));
      assert.equal(
        piece.raw_bytes,
        given.reduce((sum, one) => sum + rawBytes(one), 0),
      );
    }),
  );
});

test('a piece that was damaged is an error and never other lines', () => {
  const text = Array.from({ length: 200 }, (_, at) => `line ${at} ${Math.sin(at)}`).join(' ');
  const { data } = encodePiece([{ at: 0, level: 'info', stream: 'log', text, fields: null }]);
  const whole = decodePiece(data, 0);
  for (let at = 0; at < data.length; at += 1) {
    const damaged = Buffer.from(data);
    damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
    let read: unknown;
    try {
      read = decodePiece(damaged, 0);
    } catch {
      continue;
    }
    // A bit of the header that means nothing.
    assert.deepEqual(read, whole, `byte ${at}`);
  }
  assert.throws(() => decodePiece(data.subarray(0, -1), 0));
});

test('times keep six digits, and what is no time is said', () => {
  for (const text of [
    '2026-11-21T12:00:00.123456Z',
    '1970-01-01T00:00:00.000001Z',
    '2255-01-01T23:59:59.999999Z',
  ])
    assert.equal(fromMicros(toMicros(text) ?? Number.NaN), text);
  assert.equal(fromMicros(toMicros('2026-11-21T12:00:00Z') ?? Number.NaN), '2026-11-21T12:00:00.000000Z');
  assert.equal(
    fromMicros(toMicros('2026-11-21T14:00:00.5+02:00') ?? Number.NaN),
    '2026-11-21T12:00:00.500000Z',
  );
  for (const text of ['', 'yesterday', '9999-01-01T00:00:00.000000Z', '1969-12-31T23:59:59.000000Z', 'NaN'])
    assert.equal(toMicros(text), undefined, text);
});

test('lines are selected by number and level, from either end', () => {
  const [first, ...rest] = Array.from(
    { length: 10 },
    (_, at): Line => ({
      at,
      level: at % 2 === 0 ? 'debug' : 'error',
      stream: 'log',
      text: `\u001b[3${at}mline\u001b[0m ${at}`,
      fields: null,
    }),
  );
  assert.ok(first);
  const piece = { data: encodePiece([first, ...rest]).data, first_line: 100 };
  const numbers = (wanted: object, search?: RegExp) =>
    selectLines(
      { ...piece, from: 0, before: 1000, level: 'trace', limit: 100, back: false, ...wanted },
      search,
    ).map(({ n }) => n);
  assert.deepEqual(numbers({ from: 107 }), [107, 108, 109]);
  assert.deepEqual(numbers({ before: 103 }), [100, 101, 102]);
  assert.deepEqual(numbers({ level: 'warn', limit: 2 }), [101, 103]);
  assert.deepEqual(numbers({ level: 'warn', limit: 2, back: true }), [107, 109]);
  assert.deepEqual(numbers({}, /^line [37]$/), [103, 107]);
});

test('a long line is shown by its beginning, and never half a character', () => {
  const shown = (text: string, full: boolean) =>
    toLogLine({ n: 0, at: 0, level: 'info', stream: 'stdout', text, fields: null }, full);
  assert.equal(shown('x'.repeat(16_384), false).cut, false);
  const long = `${'x'.repeat(16_383)}\u{1F600}y`;
  assert.deepEqual([shown(long, false).text, shown(long, false).cut], ['x'.repeat(16_383), true]);
  assert.deepEqual([shown(long, true).text, shown(long, true).cut], [long, false]);
});
