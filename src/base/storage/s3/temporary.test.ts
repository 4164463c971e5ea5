import assert from 'node:assert/strict';
import { test } from 'node:test';
import { s3Server, serviceAbsence } from '../../../../tests/support/services.ts';
import type { ErrorCode } from '../../../contract/errors.ts';
import { isFailure } from '../../kit/errors.ts';
import { openS3Storage, type Storage, type TemporaryCredentials } from '../index.ts';
import { policyFor } from './temporary.ts';

const skip = serviceAbsence('minio');
const STS = { role: 'arn:aws:iam::000000000000:role/lake', endpoint: null };

/** What they may do, as a code or `ok`. */
async function outcome(work: Promise<unknown>): Promise<'ok' | ErrorCode> {
  return work.then(
    () => 'ok' as const,
    error => {
      if (isFailure(error)) return error.code;
      throw error;
    },
  );
}

test('credentials for others open one prefix, to read or to write, and end', { skip }, async t => {
  const server = await s3Server(t, 'minio');
  const storage = await openS3Storage(server.options({ sts: STS }));
  for (const key of ['ws/raw/t1/data/a', 'ws/raw/t10/data/a', 'ws/other'])
    await storage.put(key, Buffer.from('x'));

  const openWith = async (credentials: TemporaryCredentials | undefined): Promise<Storage> => {
    assert.ok(credentials);
    const left = credentials.expires_ms - Date.now();
    assert.ok(left > 0 && left <= 3_700_000, `${left} ms`);
    return openS3Storage(server.options({ credentials }));
  };
  const reader = await openWith(await storage.temporaryCredentials({ prefix: 'ws/raw/t1', write: false }));
  assert.equal(await outcome(reader.range('ws/raw/t1/data/a', 0, 1)), 'ok');
  assert.equal(await outcome(reader.list('ws/raw/t1/')), 'ok');
  assert.equal(await outcome(reader.put('ws/raw/t1/data/b', Buffer.from('x'))), 'storage.denied');
  assert.equal(await outcome(reader.delete('ws/raw/t1/data/a')), 'storage.denied');

  const writer = await openWith(await storage.temporaryCredentials({ prefix: 'ws/raw/t1', write: true }));
  assert.equal(await outcome(writer.put('ws/raw/t1/data/b', Buffer.from('x'))), 'ok');
  assert.equal(await outcome(writer.put('ws/raw/t1/data/c', Buffer.alloc(9 * 1024 ** 2))), 'ok');
  assert.equal(await outcome(writer.delete('ws/raw/t1/data/b')), 'ok');

  for (const stranger of [reader, writer]) {
    for (const key of ['ws/raw/t10/data/a', 'ws/other'])
      assert.equal(await outcome(stranger.range(key, 0, 1)), 'storage.denied', key);
    for (const prefix of ['', 'ws/', 'ws/raw/t1', 'ws/raw/t10/'])
      assert.equal(await outcome(stranger.list(prefix)), 'storage.denied', prefix);
    assert.equal(await outcome(stranger.put('ws/raw/t10/x', Buffer.from('x'))), 'storage.denied');
  }
});

test('the same are handed out again while they are young', { skip }, async t => {
  const server = await s3Server(t, 'minio');
  const storage = await openS3Storage(server.options({ sts: STS }));
  const [one, two] = await Promise.all(
    [1, 2].map(() => storage.temporaryCredentials({ prefix: 'a', write: true })),
  );
  assert.equal(one?.access_key, two?.access_key);
  const other = await storage.temporaryCredentials({ prefix: 'a', write: false });
  assert.notEqual(one?.access_key, other?.access_key);
});

test('where nobody issues credentials there are none', { skip: serviceAbsence('versitygw') }, async t => {
  const server = await s3Server(t);
  const none = await openS3Storage(server.options());
  assert.equal(await none.temporaryCredentials({ prefix: 'a', write: false }), undefined);
  // Named, but not there: an error, not a table without credentials.
  const storage = await openS3Storage(server.options({ sts: STS }));
  await assert.rejects(storage.temporaryCredentials({ prefix: 'a', write: false }), error =>
    isFailure(error),
  );
  for (const prefix of ['a*', 'a?b', 'a${b', '', 'a b'])
    await assert.rejects(
      storage.temporaryCredentials({ prefix, write: false }),
      error => isFailure(error, 'storage.key'),
      prefix,
    );
});

test('a policy opens what is below the prefix and nothing beside it', () => {
  const policy = policyFor({ bucket: 'lake', prefix: 'p/ws/t', write: false }, 'aws-cn');
  assert.deepEqual(policy, {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: ['s3:GetObject'], Resource: ['arn:aws-cn:s3:::lake/p/ws/t/*'] },
      {
        Effect: 'Allow',
        Action: ['s3:ListBucket'],
        Resource: ['arn:aws-cn:s3:::lake'],
        Condition: { StringLike: { 's3:prefix': ['p/ws/t/*'] } },
      },
      { Effect: 'Allow', Action: ['s3:GetBucketLocation'], Resource: ['arn:aws-cn:s3:::lake'] },
    ],
  });
});
