import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PrimitiveType, Value } from '../model.ts';
import { transform } from '../partition/index.ts';
import { allHold, factsOfValue, mayHold } from './facts.ts';
import type { BoundField, Comparison, Predicate } from './filter.ts';
import { projectInclusive, projectStrict } from './project.ts';

const OPS: readonly Comparison[] = ['eq', 'ne', 'lt', 'le', 'gt', 'ge'];

const HOUR = 3_600_000_000n;
const around = (...values: bigint[]) => values.flatMap(value => [value - 1n, value, value + 1n]);
const INTS = around(-2147483647n, -20n, -10n, 0n, 10n, 100n, 2147483646n).map(Number);
const TIMES = around(-8760n * HOUR, -24n * HOUR, -HOUR, 0n, HOUR, 24n * HOUR, 744n * HOUR, 8760n * HOUR);
const TEXTS = [
  '',
  'a',
  'ab',
  'abc',
  'abcd',
  'abd',
  'b',
  'é',
  'éa',
  '\uFF5E',
  '\u{1F600}',
  '\u{1F600}a',
  'ab\u{1F600}',
];

const CASES: { type: PrimitiveType; values: Value[]; transforms: string[] }[] = [
  { type: 'int', values: INTS, transforms: ['identity', 'bucket[3]', 'truncate[10]', 'truncate[7]'] },
  {
    type: 'long',
    values: around(-(2n ** 63n) + 1n, -10n, 0n, 10n, 2n ** 53n, 2n ** 63n - 2n),
    transforms: ['identity', 'bucket[3]', 'truncate[10]'],
  },
  {
    type: 'decimal(9, 2)',
    values: around(-1000n, -50n, 0n, 50n, 999_999_998n),
    transforms: ['identity', 'bucket[3]', 'truncate[50]'],
  },
  {
    type: 'date',
    values: around(-366n, -365n, -31n, 0n, 31n, 365n, 20_000n).map(Number),
    transforms: ['identity', 'year', 'month', 'day', 'bucket[3]'],
  },
  { type: 'timestamp', values: TIMES, transforms: ['year', 'month', 'day', 'hour', 'bucket[3]'] },
  { type: 'timestamptz', values: TIMES, transforms: ['identity', 'month', 'day', 'hour'] },
  {
    type: 'string',
    values: TEXTS,
    transforms: ['identity', 'bucket[3]', 'truncate[1]', 'truncate[2]', 'truncate[3]'],
  },
  {
    type: 'binary',
    values: TEXTS.map(text => Buffer.from(text)),
    transforms: ['truncate[1]', 'truncate[2]', 'bucket[3]'],
  },
];

function predicatesOver(field: BoundField, values: readonly Value[]): Predicate[] {
  const compared = values.flatMap(value => OPS.map((op): Predicate => ({ op, field, value })));
  const pairs = values.slice(1).map(
    (value, at): Predicate => ({
      op: at % 2 === 0 ? 'in' : 'not_in',
      field,
      values: [value, values[at] ?? value],
    }),
  );
  const prefixes =
    field.type === 'string'
      ? values.flatMap((value): Predicate[] => [
          { op: 'starts_with', field, value },
          { op: 'not_starts_with', field, value },
        ])
      : [];
  return [...compared, ...pairs, ...prefixes, { op: 'is_null', field }, { op: 'not_null', field }];
}

for (const { type, values, transforms } of CASES)
  for (const name of transforms)
    test(`what is said of ${type} holds for its partitions by ${name}`, () => {
      const field: BoundField = { id: 1, path: ['c'], type };
      const partition = { 'source-id': 1, 'field-id': 1000, name: 'p', transform: name };
      const by = transform(name);
      const rows = [null, ...values];
      for (const predicate of predicatesOver(field, values)) {
        const [loose, tight] = [projectInclusive(predicate, partition), projectStrict(predicate, partition)];
        for (const row of rows) {
          const holds = allHold(predicate, factsOfValue(row, type));
          const part = factsOfValue(by.apply(row, type), by.result(type));
          const about = `${JSON.stringify(predicate, show)} of ${show('', row)}, ${JSON.stringify({ loose, tight }, show)}`;
          if (holds && loose) assert.ok(mayHold(loose, part), about);
          if (!holds && tight) assert.ok(!allHold(tight, part), about);
        }
      }
    });

const show = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);

const NUMBER: BoundField = { id: 1, path: ['n'], type: 'long' };
const TIME: BoundField = { id: 1, path: ['ts'], type: 'timestamp' };
const over = (transform: string) => ({ 'source-id': 1, 'field-id': 1000, name: 'p', transform });

test('nothing between two values is nothing: the month after the last day is not read', () => {
  const april = (2026 - 1970) * 12 + 3;
  const start = BigInt(Date.UTC(2026, 3, 1)) * 1000n;
  assert.deepEqual(projectInclusive({ op: 'lt', field: TIME, value: start }, over('month')), {
    op: 'le',
    field: { id: 1000, path: ['p'], type: 'int' },
    value: april - 1,
  });
  const strict = projectStrict({ op: 'ge', field: TIME, value: start }, over('month'));
  assert.ok(strict && allHold(strict, factsOfValue(april, 'int')), 'the first month matches whole');
});

test('old Java writers put rows of before 1970 one partition up: they are found there', () => {
  const value = BigInt(Date.UTC(1969, 11, 31, 12)) * 1000n;
  const found = projectInclusive({ op: 'eq', field: TIME, value }, over('day'));
  assert.ok(found && mayHold(found, factsOfValue(-1, 'date')) && mayHold(found, factsOfValue(0, 'date')));
  const le = projectInclusive({ op: 'le', field: TIME, value }, over('day'));
  assert.ok(le && mayHold(le, factsOfValue(0, 'date')));
  const gt = projectStrict({ op: 'gt', field: TIME, value }, over('day'));
  assert.ok(gt && !allHold(gt, factsOfValue(0, 'date')));
});

test('a partition written while its column was an int is found by a long', () => {
  const found = projectInclusive({ op: 'eq', field: NUMBER, value: 7n }, over('identity'));
  assert.ok(found && mayHold(found, factsOfValue(7, 'long')) && !mayHold(found, factsOfValue(8, 'long')));
  const least = projectInclusive({ op: 'lt', field: NUMBER, value: -(2n ** 31n) + 3n }, over('truncate[10]'));
  const then = transform('truncate[10]').apply(-(2 ** 31), 'int');
  assert.ok(least && mayHold(least, factsOfValue(then, 'long')));
});

test('of void and of transforms of tomorrow nothing is known', () => {
  for (const name of ['void', 'zorder[3]', 'bucket[0]'])
    for (const through of [projectInclusive, projectStrict])
      assert.equal(through({ op: 'eq', field: NUMBER, value: 7n }, over(name)), undefined, name);
});
