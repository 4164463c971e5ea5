import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { belonging, dataBelongings, remove, removeIfEmpty } from './removal.ts';

test('only what Moulin made goes; foreign files and what links point to stay', t => {
  const root = mkdtempSync(join(tmpdir(), 'moulin removal é '));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const data = join(root, 'data');
  const outside = join(root, 'outside');
  mkdirSync(join(data, 'store', 'base'), { recursive: true });
  mkdirSync(outside);
  writeFileSync(join(data, 'store', 'base', '1'), 'x'.repeat(1000));
  writeFileSync(join(data, 'instance.json'), '{}');
  writeFileSync(join(data, 'thesis.txt'), 'mine');
  writeFileSync(join(outside, 'big'), 'x'.repeat(5000));
  symlinkSync(outside, join(data, 'lake'));

  const found = dataBelongings(data);
  assert.deepEqual(
    found.map(({ what }) => what),
    ['settings', 'store', 'lake'],
  );
  assert.equal(found.find(({ what }) => what === 'store')?.bytes, 1000);
  assert.ok((found.find(({ what }) => what === 'lake')?.bytes ?? 0) < 1000);
  for (const one of found) remove(one);
  assert.deepEqual(removeIfEmpty(data), ['thesis.txt']);
  assert.equal(existsSync(join(outside, 'big')), true);

  remove(belonging('file', join(data, 'thesis.txt')));
  assert.deepEqual(removeIfEmpty(data), []);
  assert.equal(existsSync(data), false);
});
