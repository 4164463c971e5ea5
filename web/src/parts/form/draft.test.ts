import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DraftStorage, forgetDraft, forgetDrafts, keepDraft, readDraft } from './draft.ts';

const DAY_MS = 24 * 3600 * 1000;
const draft = {
  base: { values: { name: 'Primeurs', slug: 'main' }, version: 3 },
  values: { name: 'Halles', slug: 'main' },
};
const now = { values: { name: 'Primeurs', slug: 'main' }, at: 1000 };

function newStorage(entries: Record<string, string> = {}): DraftStorage {
  const kept = new Map(Object.entries(entries));
  return {
    getItem: key => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: key => void kept.delete(key),
    key: n => [...kept.keys()][n] ?? null,
    get length() {
      return kept.size;
    },
  };
}

test('a draft comes back with what it was begun from, to its own form only', () => {
  const storage = newStorage();
  keepDraft(storage, 'ada.workspace', draft, 1000);
  assert.deepEqual(readDraft(storage, 'ada.workspace', now), draft);
  assert.equal(readDraft(storage, 'jonas.workspace', now), undefined);
  forgetDraft(storage, 'ada.workspace');
  assert.equal(readDraft(storage, 'ada.workspace', now), undefined);
});

test('a draft from which nothing is left to save is none', () => {
  const storage = newStorage();
  keepDraft(storage, 'x', draft, 1000);
  assert.equal(readDraft(storage, 'x', { ...now, values: draft.values }), undefined);
});

test('an old draft, one of another form and one that is none are left alone', () => {
  const storage = newStorage({
    'moulin.draft.broken': '{"base":',
    'moulin.draft.other': '{"at":1000,"values":{}}',
  });
  keepDraft(storage, 'x', draft, 1000);
  assert.notEqual(readDraft(storage, 'x', { ...now, at: 1000 + 14 * DAY_MS }), undefined);
  assert.equal(readDraft(storage, 'x', { ...now, at: 1001 + 14 * DAY_MS }), undefined);
  const grown: Record<string, string> = { ...now.values, time_zone: 'UTC' };
  assert.equal(readDraft(storage, 'x', { ...now, values: grown }), undefined);
  for (const key of ['broken', 'other']) assert.equal(readDraft(storage, key, now), undefined, key);
});

test('signing out forgets every draft, and nothing else', () => {
  const storage = newStorage({ 'moulin.theme': 'dark' });
  for (const key of ['a', 'b', 'c']) keepDraft(storage, key, draft, 1000);
  forgetDrafts(storage);
  assert.equal(storage.length, 1);
  assert.equal(storage.getItem('moulin.theme'), 'dark');
});
