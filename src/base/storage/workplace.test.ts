import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratchFolder } from '../../../tests/support/scratch.ts';
import { isFailure } from '../kit/errors.ts';
import { openWorkplace } from './index.ts';

test('what a process left that was killed goes, and what a living one has stays', async t => {
  const root = scratchFolder(t);
  const module = new URL('./workplace.ts', import.meta.url).href;
  const code = `
    import { writeFileSync } from 'node:fs';
    const { openWorkplace } = await import(${JSON.stringify(module)});
    const { folder } = await openWorkplace(${JSON.stringify(root)});
    writeFileSync(folder + '/half', 'x');
    console.log(folder);
    setInterval(() => {}, 1000);
  `;
  const other = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => other.kill('SIGKILL'));
  const [said] = await once(other.stdout, 'data');
  const folder = String(said).trim();

  const one = await openWorkplace(root);
  assert.ok(existsSync(join(folder, 'half')), 'it lives');
  other.kill('SIGKILL');
  await once(other, 'exit');
  const two = await openWorkplace(root);
  assert.equal(existsSync(folder), false, 'it is dead');
  assert.ok(existsSync(one.folder) && existsSync(two.folder));
  one.close();
  two.close();
  assert.deepEqual(readdirSync(root), []);
});

test('many at once have a folder each', async t => {
  const root = scratchFolder(t);
  const places = await Promise.all(Array.from({ length: 20 }, () => openWorkplace(root)));
  assert.equal(new Set(places.map(place => place.folder)).size, 20);
  for (const place of places) assert.ok(existsSync(place.folder));
  for (const place of places) place.close();
  assert.deepEqual(readdirSync(root), []);
});

test('a folder in it goes when it is let go', async t => {
  const place = await openWorkplace(scratchFolder(t));
  t.after(() => place.close());
  const [one, two] = [await place.make(), await place.make()];
  mkdirSync(join(one.folder, 'deep'));
  writeFileSync(join(one.folder, 'deep', 'file'), 'x');
  await one.release();
  await one.release();
  assert.deepEqual(readdirSync(place.folder), [two.folder.slice(place.folder.length + 1)]);
});

test('a place that cannot be one is said in words', async t => {
  const file = join(scratchFolder(t), 'file');
  writeFileSync(file, '');
  await assert.rejects(openWorkplace(join(file, 'place')), error => isFailure(error, 'storage.failed'));
});
