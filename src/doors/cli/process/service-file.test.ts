import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isFailure } from '../../../base/kit/errors.ts';
import { launchdPlist, markOf, type ServicePlan, serviceFilePath, systemdUnit } from './service-file.ts';
import { requireManager } from './services.ts';

const plan: ServicePlan = {
  name: 'moulin',
  command: [
    process.execPath,
    '/srv/a "b" é 100%/$x/bin/moulin',
    'start',
    '--data',
    '/srv/données & co',
    '--no-open',
  ],
  working_folder: '/srv',
  data: '/srv/données & co',
  path: '/usr/local/bin:/usr/bin:/bin',
};
const analyze = spawnSync('systemd-analyze', ['--version']).status === 0;

test('systemd accepts the unit, with every odd character in its paths', {
  skip: !analyze && 'no systemd-analyze here',
}, t => {
  const folder = mkdtempSync(join(tmpdir(), 'moulin-unit-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'moulin.service');
  writeFileSync(file, systemdUnit(plan));
  const { status, stderr } = spawnSync('systemd-analyze', ['--user', '--man=no', 'verify', file], {
    env: { ...process.env, XDG_RUNTIME_DIR: folder },
    encoding: 'utf8',
  });
  assert.deepEqual(
    { status, about_us: stderr.split('\n').filter(line => line.includes('moulin.service')) },
    { status: 0, about_us: [] },
  );
});

test('what systemd would expand is written so that it comes out as it was', () => {
  const unit = systemdUnit(plan);
  assert.match(unit, /"\/srv\/a \\"b\\" é 100%%\/\$\$x\/bin\/moulin" "start"/);
  assert.ok(unit.includes(markOf(plan.data)));
});

test('the property list is well-formed and says the same', () => {
  const plist = launchdPlist(plan);
  assert.match(plist, /<string>\/srv\/données &amp; co<\/string>/);
  assert.match(plist, /<key>SuccessfulExit<\/key><false\/>/);
  const opened = plist.match(/<(dict|array|plist|key|string|integer)\b/g)?.length;
  assert.equal(opened, plist.match(/<\/(dict|array|plist|key|string|integer)>/g)?.length);
});

test('each manager has its folder for the services of one user', () => {
  assert.equal(
    serviceFilePath('systemd', 'moulin', '/home/a'),
    '/home/a/.config/systemd/user/moulin.service',
  );
  assert.equal(serviceFilePath('systemd', 'moulin', '/home/a', '/x'), '/x/systemd/user/moulin.service');
  assert.equal(
    serviceFilePath('launchd', 'two', '/Users/a'),
    '/Users/a/Library/LaunchAgents/dev.moulin.two.plist',
  );
});

test('a system whose services are not ours to make is told so', () => {
  assert.equal(requireManager('linux'), 'systemd');
  assert.throws(
    () => requireManager('win32'),
    error => isFailure(error, 'service.unsupported'),
  );
});
