import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { scratchFolder } from '../../../tests/support/scratch.ts';
import { s3Server, serviceAbsence } from '../../../tests/support/services.ts';
import { conformance, keysOf } from '../../../tests/support/storage-conformance.ts';
import { isFailure } from '../kit/errors.ts';
import { openS3Storage, parseS3Url } from './index.ts';

const skip = serviceAbsence('versitygw');
const MB = 1024 ** 2;

conformance('S3 in path style', async t => openS3Storage((await s3Server(t)).options()), { skip });

conformance(
  'S3 in host style, below a prefix, without checksums',
  async t => {
    const server = await s3Server(t);
    const url = `s3://${server.bucket}/some/where`;
    return openS3Storage(server.options({ ...server.host_style, url, checksums: false }));
  },
  { skip },
);

/** The same hundred megabytes each time, none of which is like another, a piece at a time. */
async function* hundredMegabytes(): AsyncGenerator<Buffer> {
  for (let at = 0; at < 400; at += 1) {
    const seed = createHash('sha256').update(String(at)).digest();
    yield Buffer.concat(Array.from({ length: 8192 }, () => seed));
  }
}

async function hashOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of body) hash.update(piece);
  return hash.digest('hex');
}

test('a hundred megabytes go up in parts and come back, as a stream and as a file', { skip }, async t => {
  const server = await s3Server(t);
  const storage = await openS3Storage(server.options());
  const wanted = await hashOf(hundredMegabytes());
  assert.deepEqual(await storage.put('streamed', hundredMegabytes()), { bytes: 100 * MB });
  assert.equal(await hashOf(await storage.get('streamed')), wanted);

  const path = join(scratchFolder(t), 'large');
  await pipeline(Readable.from(hundredMegabytes()), createWriteStream(path));
  assert.deepEqual(await storage.adopt(path, 'adopted'), { bytes: 100 * MB });
  assert.equal(await hashOf(await storage.get('adopted')), wanted);
  const end = await storage.range('adopted', 100 * MB - 64, 64);
  const seed = createHash('sha256').update('399').digest();
  assert.deepEqual(end, Buffer.concat([seed, seed]));
});

test('what lies beside the prefix, and under names that are no keys, is not seen', { skip }, async t => {
  const server = await s3Server(t);
  const { client, bucket } = server;
  const storage = await openS3Storage(server.options({ url: `s3://${bucket}/ours/` }));
  await storage.put('a', Buffer.from('x'));
  for (const Key of ['theirs', 'ours-too/a', 'ours/.hidden/a', 'ours/folder/'])
    await client.send(
      new PutObjectCommand({ Bucket: bucket, Key, ...(!Key.endsWith('/') && { Body: 'x' }) }),
    );
  assert.deepEqual(await keysOf(storage, '', 1), ['a']);
  assert.equal(storage.location('a'), `s3://${bucket}/ours/a`);
  assert.equal(storage.keyOf(`s3a://${bucket}/ours/a`), 'a');
  assert.equal(storage.keyOf(`s3n://${bucket}/ours/a`), 'a');
  for (const location of [
    `s3://${bucket}/theirs`,
    `s3://${bucket}/ours-too/a`,
    `s3://other/ours/a`,
    'ours/a',
  ])
    assert.equal(storage.keyOf(location), undefined, location);
});

test('a key that only the prefix makes too long is refused', { skip }, async t => {
  const server = await s3Server(t);
  const url = `s3://${server.bucket}/${'p'.repeat(100)}`;
  const storage = await openS3Storage(server.options({ url }));
  const key = Array.from({ length: 5 }, () => 'x'.repeat(190)).join('/');
  await assert.rejects(storage.put(key, Buffer.from('x')), error => isFailure(error, 'storage.key'));
});

test('an address of a storage is read, or refused with the reason', () => {
  assert.deepEqual(parseS3Url('s3://bucket'), { bucket: 'bucket', prefix: '' });
  assert.deepEqual(parseS3Url('s3://my.bucket-1/a/b//'), { bucket: 'my.bucket-1', prefix: 'a/b' });
  const refused = [
    ...[
      's3://',
      's3:///a',
      's3://B',
      's3://ab',
      's3://bucket_name',
      's3://bucket:9000/a',
      's3://key:pass@bucket/a',
    ],
    ...[
      's3://bucket/../a',
      's3://bucket//a',
      's3://bucket/a//b',
      's3://bucket/a?b',
      's3://bucket/a#b',
      'file:///a',
    ],
  ];
  for (const url of refused)
    assert.throws(
      () => parseS3Url(url),
      error => isFailure(error, 'storage.address') && !error.message.includes('pass'),
      url,
    );
});
