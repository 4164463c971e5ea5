import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pageOf, readPage } from './pages.ts';
import { CatalogError } from './problem.ts';

const NAMES = ['b', 'ä', 'a', 'B', 'c c', '😀'];
const ask = (query: string) => pageOf(NAMES, readPage(new URLSearchParams(query)), name => name);

test('without a token a client wants everything at once', () => {
  assert.deepEqual(ask(''), { items: ['B', 'a', 'b', 'c c', 'ä', '😀'], next: null });
});

test('an empty token is the first page, and the pages together are everything', () => {
  const seen: string[] = [];
  let token: string | null = '';
  while (token !== null) {
    const page = ask(`pageToken=${encodeURIComponent(token)}&pageSize=2`);
    assert.ok(page.items.length <= 2);
    seen.push(...page.items);
    token = page.next;
  }
  assert.deepEqual(seen, ['B', 'a', 'b', 'c c', 'ä', '😀']);
});

test('a page goes on behind the name it ended with, whatever came and went', () => {
  const { next } = ask('pageToken=&pageSize=2');
  const later = pageOf(['aa', 'b'], readPage(new URLSearchParams({ pageToken: next ?? '' })), name => name);
  assert.deepEqual(later.items, ['aa', 'b']);
});

test('what is no token and no size is refused', () => {
  for (const query of ['pageToken=%00%00', 'pageToken=a', 'pageSize=-1', 'pageSize=x', 'pageSize=1e99'])
    assert.throws(() => ask(query), CatalogError);
});
