import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort } from '../../src/base/db/embedded/port.ts';
import type { AuditEntry } from '../../src/contract/access.ts';
import type { KeyStatus } from '../../src/contract/secrets.ts';
import { newInstallation } from './installation.ts';

test('while nothing runs, commands open the installation themselves', async t => {
  const here = await newInstallation(t);
  const none = await here.moulin(['token', 'add', '--role', 'admin', '--name', 'ci']);
  assert.equal(none.code, 3);
  assert.match(none.stderr, /There is no installation in .*data/);
  assert(!existsSync(here.data), 'a mistyped folder makes no installation');

  const first = await here.start();
  await first.stop();
  const words = ['token', 'create', '--role', 'admin', '--name', 'ci', '--data', here.data];
  const { token } = await here.json<{ token: string }>(...words);
  const status = await here.json<KeyStatus>('keys', 'show');
  assert.equal(status.provider, 'file');
  const put = await here.moulin(['secret', 'add', 'A'], { input: 'value of a' });
  assert.equal(put.code, 0, put.stderr);
  assert.equal((await here.moulin(['doctor'])).code, 0);

  // What was made without a server is there for the server.
  const second = await here.start();
  const answer = await fetch(`${second.url}/api/v1/secrets`, {
    headers: { authorization: `Bearer ${token}` },
  });
  assert.equal(answer.status, 200);
  await second.stop();

  // The key is lost: every command says so, and where it was looked for.
  await rename(status.place, `${status.place}.away`);
  const lost = await here.moulin(['secret', 'list', '--json']);
  assert.equal(JSON.parse(lost.stderr).code, 'key.missing');
  assert(lost.stderr.includes(status.key_id) && lost.stderr.includes(status.place));
  const doctor = await here.moulin(['doctor', '--json']);
  assert.equal(doctor.code, 7);
  const findings = JSON.parse(doctor.stdout) as { check: string; state: string; fix: string }[];
  assert.deepEqual(
    findings.filter(finding => finding.state === 'problem').map(finding => finding.check),
    ['keys'],
  );
  const copy = await here.moulin(['keys', 'export', join(here.home, 'copy')]);
  assert.equal(copy.code, 3);
  await rename(`${status.place}.away`, status.place);
  assert.equal((await here.moulin(['secret', 'list'])).code, 0);
});

test('a copy of the key leaves word in the log, and is made also where nobody can be told', async t => {
  const here = await newInstallation(t);
  await (await here.start()).stop();
  const copies = async () =>
    (await here.json<AuditEntry[]>('audit', 'list', '--instance', '--action', 'keys.exported')).length;
  const exported = await here.moulin(['keys', 'export', join(here.home, 'one')]);
  assert.equal(exported.code, 0, exported.stderr);
  assert.equal(exported.stderr, '');
  assert.equal(await copies(), 1);

  const env = { MOULIN_DATABASE_URL: `postgres://a:b@127.0.0.1:${await freePort()}/nothing` };
  const untold = await here.moulin(['keys', 'export', join(here.home, 'two')], { env });
  assert.equal(untold.code, 0, untold.stderr);
  assert.match(untold.stderr, /The audit log could not be told of it: .*does not answer/);
  assert(existsSync(join(here.home, 'two')));
  assert.equal(await copies(), 1);
});
