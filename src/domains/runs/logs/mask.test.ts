import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRedactor } from '../../../base/kit/redact.ts';
import type { RawLine } from './line.ts';
import { MAX_TEXT, maskLine } from './mask.ts';

const SECRET = 'hunter2-hunter2';
const redactor = createRedactor();
redactor.add(SECRET);
redactor.add('12345678');
const mask = (raw: Partial<RawLine>) =>
  maskLine({ level: 'info', text: '', stream: 'log', ...raw }, redactor.redact, 7);

test('a secret is covered in the text, in each field, in keys and in numbers', () => {
  const { text, fields } = mask({
    text: `password=${SECRET}`,
    fields: {
      a: SECRET,
      [SECRET]: 1,
      deep: [{ url: `https://u:${encodeURIComponent(SECRET)}@h/` }],
      pin: 12345678,
      n: 1,
    },
  });
  assert.equal(text, 'password=•••');
  assert.deepEqual(fields, { a: '•••', '•••': 1, deep: [{ url: 'https://u:•••@h/' }], pin: '•••', n: 1 });
});

test('it is masked before it is cut: a secret that lies across the end leaves nothing', () => {
  const { text } = mask({ text: 'x'.repeat(MAX_TEXT - 5) + SECRET });
  assert.ok(!text.includes('hunt'), text.slice(-60));
  assert.equal(
    mask({ text: 'y'.repeat(MAX_TEXT + 1) }).text.length,
    MAX_TEXT + '… (1048577 characters)'.length,
  );
  const { fields } = mask({ fields: { a: 'x'.repeat(8 * 1024 - 5) + SECRET } });
  assert.ok(!JSON.stringify(fields).includes('hunt'));
});

test('fields are bounded in depth, number and size', () => {
  let deep: unknown = 'bottom';
  for (let level = 0; level < 100; level += 1) deep = { deep };
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`k${at}`, 'v'.repeat(1000)]));
  for (const fields of [
    { deep },
    many,
    { list: Array.from({ length: 100_000 }, () => 1) },
    { a: 'x'.repeat(10 ** 7) },
  ]) {
    const size = JSON.stringify(mask({ fields }).fields).length;
    assert.ok(size < 64 * 1024, String(size));
  }
  assert.deepEqual(mask({ fields: { list: Array.from({ length: 101 }, () => 1) } }).fields, {
    list: [...Array.from({ length: 100 }, () => 1), '…'],
  });
});

test('what JSON does not know becomes text, and names that mean something to JavaScript are names', () => {
  const fields = { ['__proto__']: 'a', u: undefined, nan: Number.NaN, big: 10n, no: null, yes: true };
  const masked = mask({ fields }).fields;
  assert.equal(JSON.stringify(masked), '{"__proto__":"a","nan":"NaN","big":"10","no":null,"yes":true}');
  assert.equal(mask({ fields: {} }).fields, null);
});

test('a time that cannot be read is the moment of writing', () => {
  assert.equal(mask({ at: 'soon' }).at, 7);
  assert.equal(mask({}).at, 7);
  assert.equal(mask({ at: '1970-01-01T00:00:00.000009Z' }).at, 9);
});
