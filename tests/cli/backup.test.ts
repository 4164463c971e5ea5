import assert from 'node:assert/strict';
import { cp, readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { KeyStatus } from '../../src/contract/secrets.ts';
import { newInstallation } from './installation.ts';

interface Taken {
  rows: number;
  bytes: number;
  key_id: string;
  key_place: string;
}

test('a backup of a running installation comes back elsewhere, with its key and not without', async t => {
  const here = await newInstallation(t);
  const file = join(here.home, 'one.backup');
  const server = await here.start();
  await here.moulin(['secret', 'add', 'KEPT'], { input: 'kept value' });
  await here.json('workspace', 'edit', '--name', 'Été à la ferme');
  const { token } = await here.json<{ token: string }>('token', 'add', '--role', 'admin', '--name', 'ci');

  const taken = await here.json<Taken>('backup', file);
  const status = await here.json<KeyStatus>('keys', 'show');
  assert.deepEqual([taken.key_id, taken.key_place], [status.key_id, status.place]);
  assert.equal((await stat(file)).size, taken.bytes);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const audit = await here.json<{ action: string }[]>(
    'audit',
    'list',
    '--instance',
    '--action',
    'backup.taken',
  );
  assert.equal(audit.length, 1);
  // Never over another file; and a role in a workspace is no right to take the installation away.
  const again = await here.moulin(['backup', file, '--json']);
  assert.deepEqual([again.code, JSON.parse(again.stderr).code], [6, 'backup.file_exists']);
  const env = { MOULIN_URL: server.url, MOULIN_TOKEN: token };
  assert.equal((await here.moulin(['backup', join(here.home, 'stolen')], { env })).code, 4);
  const nowhere = await here.moulin(['backup', join(here.home, 'none', 'x'), '--json']);
  assert.equal(JSON.parse(nowhere.stderr).code, 'backup.not_written');
  assert.deepEqual(
    (await readdir(here.home)).filter(name => /part|stolen/.test(name)),
    [],
  );
  const busy = await here.moulin(['restore', file, '--json']);
  assert.equal(JSON.parse(busy.stderr).code, 'data.running');
  await server.stop();

  // While nothing runs, the same.
  const second = await here.json<Taken>('backup', join(here.home, 'two.backup'));
  assert(second.rows >= taken.rows);
  const used = await here.moulin(['restore', file, '--json']);
  assert.equal(JSON.parse(used.stderr).code, 'backup.store_not_empty');

  // Elsewhere, without the key: restored, and the start says what is missing.
  const there = await newInstallation(t);
  const restored = await there.moulin(['restore', file, '--json']);
  assert.equal(restored.code, 0, restored.stderr);
  const { rows, key_found, key_place } = JSON.parse(restored.stdout);
  assert.deepEqual([rows, key_found], [taken.rows, false]);
  const refused = await there.moulin(['start', '--port', '0', '--no-open']);
  assert.match(refused.stderr, new RegExp(`protected by key ${status.key_id}`));
  assert(refused.stderr.includes(key_place));
  // With it: everything is there.
  await cp(join(here.home, '.config'), join(there.home, '.config'), { recursive: true });
  const revived = await there.start();
  const answer = await fetch(`${revived.url}/api/v1/workspace`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const workspace = (await answer.json()) as { name: string };
  assert.equal(workspace.name, 'Été à la ferme');
  assert.match((await there.moulin(['keys', 'verify'])).stdout, /All 1 secrets/);
});

test('a damaged file is refused before anything is touched', async t => {
  const here = await newInstallation(t);
  const server = await here.start();
  const file = join(here.home, 'whole.backup');
  await here.json('backup', file);
  await server.stop();
  const elsewhere = join(here.home, 'elsewhere');
  const cut = join(here.home, 'cut.backup');
  await cp(file, cut);
  await truncate(cut, (await stat(cut)).size - 2000);
  const codes: string[] = [];
  for (const name of [cut, join(here.home, 'none'), join(here.data, 'instance.json')]) {
    const { code, stderr } = await here.moulin(['restore', name, '--data', elsewhere, '--json']);
    assert.equal(code, 2);
    codes.push(JSON.parse(stderr).code);
  }
  assert.deepEqual(codes, ['backup.damaged', 'backup.unreadable', 'backup.damaged']);
  await assert.rejects(readdir(elsewhere), 'no folder was made');
});
