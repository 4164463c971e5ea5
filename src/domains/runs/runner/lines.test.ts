import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lineSplitter, tailKeeper } from './lines.ts';

const texts = (chunks: readonly Uint8Array[], max = 1000) => {
  const splitter = lineSplitter(max);
  const lines = [...chunks.flatMap(chunk => splitter.feed(Buffer.from(chunk))), ...splitter.end()];
  return lines.map(({ text, left_out }) => [text, left_out]);
};

test('however bytes are cut into pieces, the same lines come out', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.array(fc.nat(40)), (text, cuts) => {
      const bytes = Buffer.from(text);
      const at = [0, ...cuts.map(cut => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
      const pieces = at.slice(1).map((to, n) => bytes.subarray(at[n], to));
      assert.deepEqual(texts(pieces), texts([bytes]));
      const lines = text.split('\n').map(line => (line.endsWith('\r') ? line.slice(0, -1) : line));
      const shown = texts([bytes]).map(([line]) => line);
      // A last line without an end is one when there is something in it.
      assert.deepEqual(shown, text.endsWith('\n') || text === '' ? lines.slice(0, -1) : lines);
    }),
  );
});

test('a line that is too long keeps its beginning, whole characters, and says what it left out', () => {
  assert.deepEqual(texts([Buffer.from('1234567890\nx\n')], 4), [
    ['1234', 6],
    ['x', 0],
  ]);
  assert.deepEqual(texts([Buffer.from('12é45')], 3), [['12', 3]]);
  assert.deepEqual(texts([Buffer.from('12'), Buffer.from('34'), Buffer.from('56\n')], 4), [['1234', 2]]);
});

test('the end of a line is known though it was left out', () => {
  const splitter = lineSplitter(8);
  splitter.feed(Buffer.from('x'.repeat(200)));
  splitter.feed(Buffer.from('the m'));
  const [line] = splitter.feed(Buffer.from('ark\n'));
  assert(line?.end.endsWith('the mark'));
  const [next] = splitter.feed(Buffer.from('next\n'));
  assert.equal(next?.end, 'next');
});

test('bytes that are no text are replaced', () => {
  assert.deepEqual(texts([Buffer.from([0x61, 0xff, 0xc3, 0x28, 10])]), [['a\ufffd\ufffd(', 0]]);
});

test('the tail is bounded, valid text, and holds nothing that PostgreSQL refuses', () => {
  const tail = tailKeeper(8);
  tail.feed(Buffer.from('a long beginning '));
  tail.feed(Buffer.from('é\0éé'));
  assert.equal(tail.text(), ' ééé');
  tail.feed(Buffer.from('12345'));
  assert.equal(tail.text(), 'é12345', 'half a character at its beginning is left out');
  tail.clear();
  assert.equal(tail.text(), '');
});

test('a tail that was cut begins with a line, so that nothing in it is half', () => {
  const tail = tailKeeper(20);
  tail.feed(Buffer.from('secret\n'));
  assert.equal(tail.text(), 'secret\n');
  tail.feed(Buffer.from('it failed here\n'));
  assert.equal(tail.text(), 'it failed here\n');
});
