import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { newInstallation } from './installation.ts';

const NAMES = ['a "quoted" one', 'slash/es', 'ünï 表', 'select', "o'brien"];

test('tables and columns of any name come in and out at the command line', async t => {
  const { start, home, json, moulin } = await newInstallation(t);
  await start();
  const header = NAMES.map(name => `"${name.replaceAll('"', '""')}"`).join(',');
  const values = NAMES.map((_, at) => at).join(',');
  const file = join(home, 'odd.csv');
  await writeFile(file, `${header}\n${values}\n`);
  for (const [at, name] of NAMES.entries()) {
    const full = `n.${name}`;
    assert.equal((await json<{ state: string }>('table', 'import', full, file)).state, 'succeeded', name);
    const shown = await json<{ rows: number; fields: { path: string }[] }>('table', 'show', full);
    assert.deepEqual([shown.rows, shown.fields.map(({ path }) => path)], [1, NAMES], name);
    const out = join(home, `${at}.csv`);
    const exported = await moulin(['table', 'export', full, '--output', out]);
    assert.equal(exported.code, 0, exported.stderr);
    assert.equal((await readFile(out, 'utf8')).trim().split('\n')[1], values, name);
  }
});
