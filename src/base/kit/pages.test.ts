import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import { isFailure } from './errors.ts';
import { readCursor, readSortedCursor, rowsOf, toPage, toSortedPage } from './pages.ts';

const key = z.tuple([z.string(), z.number()]);

test('a cursor brings back the key of the last row of its page', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer(), (name, id) => {
      fc.pre(!name.includes('\0'));
      const rows = [
        { name: 'a', id: 0 },
        { name, id },
        { name: 'z', id: 9 },
      ];
      const page = toPage(rows, 2, row => [row.name, row.id]);
      assert.equal(page.items.length, 2);
      assert.deepEqual(readCursor(page.next_cursor ?? undefined, key), [name, id]);
    }),
  );
});

test('there is a next page only when a row more than asked for came', () => {
  const page = (count: number) =>
    toPage(
      Array.from({ length: count }, (_, id) => ({ id })),
      3,
      row => [row.id],
    );
  assert.equal(rowsOf(3), 4);
  assert.equal(page(0).next_cursor, null);
  assert.equal(page(3).next_cursor, null);
  assert.equal(page(4).items.length, 3);
  assert.notEqual(page(4).next_cursor, null);
});

test('a cursor of another order is none of this list', () => {
  const rows = [
    { name: 'a', id: 0 },
    { name: 'b', id: 1 },
  ];
  const { next_cursor } = toSortedPage(rows, { limit: 1, sort: '-name' }, row => [row.name, row.id]);
  const cursor = next_cursor ?? undefined;
  assert.deepEqual(readSortedCursor({ cursor, sort: '-name' }, key), ['a', 0]);
  assert.equal(readSortedCursor({ sort: 'name' }, key), undefined);
  for (const read of [() => readSortedCursor({ cursor, sort: 'name' }, key), () => readCursor(cursor, key)])
    assert.throws(read, error => isFailure(error, 'request.invalid'));
});

test('anything else than a cursor of this list is a problem of the request', () => {
  const [other, unstorable] = ['["x"]', '["\\u0000",1]'].map(text => Buffer.from(text).toString('base64url'));
  for (const cursor of ['', 'x', '%%%', 'bnVsbA', other, unstorable, '[]'])
    assert.throws(
      () => readCursor(cursor, key),
      error => isFailure(error, 'request.invalid') && error.fields[0]?.path === 'query.cursor',
      cursor,
    );
});
