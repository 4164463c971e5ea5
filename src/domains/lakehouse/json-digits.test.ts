import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDigits } from './json-digits.ts';

async function* inPieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function through(text: string, size = 1_000_000, quoted = true): Promise<[string, number]> {
  const digits = openDigits({ quoted });
  const pieces: Uint8Array[] = [];
  for await (const piece of digits.read(inPieces(text, size))) pieces.push(piece);
  return [Buffer.concat(pieces).toString(), digits.long];
}

test('numbers that a DOUBLE would change are text, wherever the pieces of a file end', async () => {
  const text = String.raw`{"a":12345678901234567890.5,"b":[-1234567890.1234567,0.1,{"c":1.5e3}],"d":"12345678901234567890.5 \" 12345678901234567.25","é":1234567890123456.78e-2}
12345678901234567.5`;
  const wanted = String.raw`{"a":"12345678901234567890.5","b":["-1234567890.1234567",0.1,{"c":1.5e3}],"d":"12345678901234567890.5 \" 12345678901234567.25","é":"1234567890123456.78e-2"}
"12345678901234567.5"`;
  for (const size of [1, 2, 3, 7, 16, 1000])
    assert.deepEqual(await through(text, size), [wanted, 3], `pieces of ${size}`);
  assert.deepEqual(await through(text, 7, false), [text, 3], 'only counted');
});

test('a whole number that is no BIGINT is told of, and stays as it is', async () => {
  const text = '{"a":123456789012345678901234567890}';
  assert.deepEqual(await through(text), [text, 1]);
});

test('what is no number, or loses nothing, stays as it is', async () => {
  for (const text of [
    '{"a":1234567890123456789,"b":0.000000000000000000001,"c":10000000000000.0}',
    '1.2.3456789012345678',
    '01.2345678901234567890',
    '-',
    '1.',
    `${'1'.repeat(5000)}.5`,
    '"1.23456789012345678901',
    '{"a":"\\',
    '',
  ])
    for (const size of [1, 5, 10_000])
      assert.deepEqual(await through(text, size), [text, 0], text.slice(0, 40));
});
