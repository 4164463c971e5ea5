import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newInstallation } from '../cli/installation.ts';
import { testDatabase, urlOf } from '../support/database.ts';
import { openWire } from '../support/proxy.ts';
import { until } from '../support/until.ts';

// `moulin start` with a PostgreSQL of the user's that is not there yet.

test('a database that is down at the start is waited for, in words, and used when it comes', async t => {
  const database = await testDatabase(t);
  const owner = await openWire(t, database.owner);
  const app = await openWire(t, database.app);
  const here = await newInstallation(t);
  here.env.MOULIN_DATABASE_URL = urlOf(owner.address);
  here.env.MOULIN_DATABASE_APP_URL = urlOf(app.address);
  owner.cut();
  const { ready, output } = here.startSlowly();
  await until('it says what it waits for', () =>
    /trying again until it does\. Ctrl-C stops\./.test(output()),
  );
  const [line] = /The metadata store at .*/.exec(output()) ?? [];
  assert.match(line ?? '', /^The metadata store at 127\.0\.0\.1:\d+\/\w+ does not answer \(\S.*\);/);

  owner.mend();
  const { url } = await ready;
  assert.equal((await fetch(`${url}/health/ready`)).status, 200);
  assert.equal(output().match(/does not answer/g)?.length, 1, 'said once, however often it was tried');
});

test('who sends the start into the background, or only asks something, is answered at once', async t => {
  const database = await testDatabase(t);
  const wire = await openWire(t, database.owner);
  wire.cut();
  const here = await newInstallation(t);
  here.env.MOULIN_DATABASE_URL = urlOf(wire.address);
  const started = await here.moulin(['start', '--detach', '--port', '0', '--no-demo']);
  assert.notEqual(started.code, 0);
  assert.match(started.stderr, /PostgreSQL at .* does not answer/);
  const asked = await here.moulin(['token', 'list', '--json']);
  assert.equal(JSON.parse(asked.stderr).code, 'store.unreachable');
});

test('a wrong password is no reason to wait', async t => {
  const database = await testDatabase(t);
  const { address } = await openWire(t, database.owner);
  const here = await newInstallation(t);
  here.env.MOULIN_DATABASE_URL = urlOf('url' in address ? address : { ...address, password: 'wrong' });
  await assert.rejects(here.start(), /ended with \d+: .*refused the connection/s);
});
