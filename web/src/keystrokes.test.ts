import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openKeystrokes, type Stroke } from './keystrokes.ts';

const stroke = (key: string, more: Partial<Stroke> = {}): Stroke => ({
  key,
  mod: false,
  alt: false,
  typing: false,
  at: 0,
  ...more,
});

test('the palette opens from anywhere, also from a field', () => {
  const press = openKeystrokes();
  assert.deepEqual(press(stroke('k', { mod: true, typing: true }), false), { kind: 'palette' });
});

test('g and a letter lead to a page, in time', () => {
  const press = openKeystrokes();
  assert.equal(press(stroke('g'), true), undefined);
  assert.deepEqual(press(stroke('h', { at: 900 }), true), { kind: 'page', letter: 'h' });
  assert.equal(press(stroke('g', { at: 2000 }), true), undefined);
  assert.equal(press(stroke('h', { at: 4000 }), true), undefined);
  assert.equal(press(stroke('h', { at: 4001 }), true), undefined);
});

test('letters are text while somebody types, and nothing when they are switched off', () => {
  const press = openKeystrokes();
  assert.equal(press(stroke('?', { typing: true }), true), undefined);
  assert.equal(press(stroke('?'), false), undefined);
  assert.deepEqual(press(stroke('?'), true), { kind: 'help' });
  assert.equal(press(stroke('/', { mod: true }), true), undefined);
});
