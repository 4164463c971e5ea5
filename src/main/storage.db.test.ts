import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { testDatabase } from '../../tests/support/database.ts';
import { scratchFolder } from '../../tests/support/scratch.ts';
import { s3Server, serviceAbsence } from '../../tests/support/services.ts';
import { resolveConfig } from '../base/kit/config.ts';
import { isFailure } from '../base/kit/errors.ts';
import type { Config } from '../contract/config.ts';
import {
  checkStorage,
  claimStorage,
  openDrafts,
  openObjectCache,
  openStorage,
  tryStorage,
} from './storage.ts';

const skip = serviceAbsence('versitygw');

function configOf(flags: Record<string, unknown>): Config {
  const sources = { env: {}, file: null, remembered: {}, cwd: '/', home: '/', default_memory: 1024 ** 3 };
  return resolveConfig({ ...sources, flags, readSecret: () => '' }).config;
}

test('a bucket belongs to the installation that came first', { skip }, async t => {
  const server = await s3Server(t);
  const flags = {
    'storage.url': `s3://${server.bucket}/lake`,
    'storage.endpoint': server.endpoint,
    'storage.access_key': 'test',
    'storage.secret_key': 'testtest',
  };
  const [one, two] = [await testDatabase(t), await testDatabase(t)];
  const config = configOf({ ...flags, data: scratchFolder(t) });
  const outcomes = await Promise.allSettled([
    claimStorage(one.store, config),
    claimStorage(two.store, config),
  ]);
  const refused = outcomes.flatMap(outcome => (outcome.status === 'rejected' ? [outcome.reason] : []));
  assert.equal(refused.length, 1);
  assert.ok(isFailure(refused[0], 'half.other_storage'), `${refused[0]}`);

  const [first, second] = outcomes[0]?.status === 'fulfilled' ? [one, two] : [two, one];
  await claimStorage(first.store, config);
  await checkStorage(first.store, config);
  await assert.rejects(checkStorage(second.store, config), error => isFailure(error, 'half.other_storage'));
  assert.equal(await tryStorage(config), `s3://${server.bucket}/lake`);
});

test('what is made of the settings works on S3 as on a folder', { skip }, async t => {
  const server = await s3Server(t);
  const data = scratchFolder(t);
  const s3 = configOf({
    data,
    'storage.url': `s3://${server.bucket}`,
    'storage.endpoint': server.endpoint,
    'storage.access_key': 'test',
    'storage.secret_key': 'testtest',
    'storage.cache_bytes': '64MB',
  });
  for (const config of [
    s3,
    configOf({ data }),
    configOf({ data, 'storage.url': `file://${join(data, 'lake')}` }),
  ]) {
    const { storage, place } = await openStorage(config);
    await storage.put('ws/a', Buffer.from('x'));
    const cache = await openObjectCache(config, storage);
    const drafts = await openDrafts(config);
    t.after(() => {
      cache.close();
      drafts.close();
    });
    const { paths, release } = await cache.open(['ws/a']);
    assert.equal(paths.length, 1);
    release();
    assert.equal(await tryStorage(config), place);
  }
});

test('a bucket that is not there, another region, and authorities that cannot be read, are said in words', {
  skip,
}, async t => {
  const server = await s3Server(t);
  const keys = { 'storage.access_key': 'test', 'storage.secret_key': 'testtest' };
  const nowhere = configOf({
    ...keys,
    'storage.url': 's3://nowhere-at-all',
    'storage.endpoint': server.endpoint,
  });
  await assert.rejects(tryStorage(nowhere), error => isFailure(error, 'storage.no_bucket'));
  const elsewhere = configOf({
    ...{ ...keys, 'storage.url': `s3://${server.bucket}`, 'storage.endpoint': server.endpoint },
    'storage.region': 'eu-west-3',
  });
  await assert.rejects(tryStorage(elsewhere), /the region "eu-west-3" is wrong; expecting "us-east-1"/);
  const ca = join(scratchFolder(t), 'none.pem');
  const blind = configOf({ ...keys, 'storage.url': 's3://lake', 'storage.ca': ca });
  await assert.rejects(openStorage(blind), error => isFailure(error, 'config.file_unreadable'));
});
