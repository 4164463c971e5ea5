import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { fail } from '../../kit/errors.ts';
import { checkKey } from '../key.ts';
import type { Body, PutOptions } from '../storage.ts';
import type { Bucket } from './bucket.ts';

/** S3 has ten thousand for an object. */
const MAX_PARTS = 9000;
/** Of a file that is uploaded: the default of 64 KB makes reading it the slow half. */
const READ_BYTES = 1024 ** 2;

export async function putObject(
  bucket: Bucket,
  key: string,
  body: Body,
  { if_absent = false }: PutOptions = {},
): Promise<{ bytes: number }> {
  const condition = if_absent ? { IfNoneMatch: '*' } : {};
  if (body instanceof Uint8Array && body.byteLength <= bucket.limits.part_bytes) {
    await bucket.client.send(new PutObjectCommand({ ...bucket.target(key), Body: body, ...condition }));
    return { bytes: body.byteLength };
  }
  return upload(bucket, key, body instanceof Uint8Array ? [body] : body, { condition });
}

/** The file goes when its bytes are there. */
export async function adoptFile(bucket: Bucket, path: string, key: string): Promise<{ bytes: number }> {
  checkKey(key);
  const { size } = await stat(path);
  const part_bytes = Math.max(bucket.limits.part_bytes, Math.ceil(size / MAX_PARTS));
  const file = createReadStream(path, { highWaterMark: READ_BYTES });
  const { bytes } = await upload(bucket, key, file, { part_bytes }).finally(() => file.destroy());
  if (bytes !== size) throw fail('storage.short', { key, bytes, wanted: size });
  await rm(path, { force: true });
  return { bytes };
}

interface UploadOptions {
  part_bytes?: number;
  condition?: object;
}

/** In parts that can be sent again one by one; when it fails, no part stays. What is not longer than a part is put. */
async function upload(
  { client, limits, target }: Bucket,
  key: string,
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { part_bytes = limits.part_bytes, condition = {} }: UploadOptions,
): Promise<{ bytes: number }> {
  let bytes = 0;
  const counted = async function* () {
    for await (const piece of body) {
      bytes += piece.byteLength;
      yield piece;
    }
  };
  const params = { ...target(key), Body: Readable.from(counted(), { objectMode: true }), ...condition };
  await new Upload({ client, params, partSize: part_bytes, queueSize: limits.parts_at_once }).done();
  return { bytes };
}
