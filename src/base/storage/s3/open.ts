import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { fail } from '../../kit/errors.ts';
import { checkKey, isKey } from '../key.ts';
import type { Body } from '../storage.ts';
import { LIST_LIMIT, type ListOptions, type ListPage, type PutOptions, type Storage } from '../storage.ts';
import { type Bucket, openBucket, statusOf } from './bucket.ts';
import { deleteMany, deleteOne } from './delete.ts';
import type { S3Options } from './options.ts';
import { openBudget, readObject, readRange, type Source } from './read.ts';
import { checkScope, openIssuer } from './temporary.ts';
import { inWords } from './words.ts';
import { adoptFile, putObject } from './write.ts';

const READ_TRIES = 100;

/** Objects below a prefix of a bucket, of Amazon or of any service that speaks S3. */
export async function open(options: S3Options): Promise<Storage> {
  const bucket = await openBucket(options);
  const { root, target } = bucket;
  const budget = openBudget(READ_TRIES);
  const { endpoint, region, path_style, sts } = options;
  const issue = sts === null ? undefined : openIssuer({ ...options, sts }, bucket.bucket);

  const words = (error: unknown, key?: string) => inWords(error, { place: root, bucket: bucket.bucket, key });

  async function told<T>(work: () => Promise<T>, key?: string): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw words(error, key);
    }
  }

  const sourceOf = (key: string): Source => ({
    ...{ client: bucket.client, bucket: bucket.bucket, place: root, budget },
    ...{ key, full_key: target(key).Key, attempts: bucket.limits.attempts },
  });

  const put = (key: string, body: Body, condition?: PutOptions) =>
    told(() => putObject(bucket, key, body, condition), key);

  return {
    facts: { kind: 's3', root, bucket: bucket.bucket, endpoint, region, path_style },
    put,
    // S3 answers when an object is durable: there is nothing left to seal.
    write: (key, body) => put(key, body),
    seal: async keys => keys.forEach(checkKey),
    adopt: (path, key) => told(() => adoptFile(bucket, path, key), key),
    get: key =>
      told(async () => {
        const body = await readObject(sourceOf(key));
        return failing(body, error => words(error, key));
      }, key),
    range: (key, offset, length) => told(() => rangeOf(bucket, sourceOf(key), { offset, length }), key),
    list: (beginsWith, page) => told(() => listPage(bucket, beginsWith, page)),
    delete: keys =>
      told(() => (typeof keys === 'string' ? deleteOne(bucket, keys) : deleteMany(bucket, keys))),
    size: key => told(() => sizeOf(bucket, key)),
    location(key) {
      checkKey(key);
      return `${root}/${key}`;
    },
    keyOf(location) {
      const plain = location.replace(/^s3[an]:\/\//, 's3://');
      const key = plain.slice(root.length + 1);
      return plain.startsWith(`${root}/`) && isKey(key) ? key : undefined;
    },
    file: async () => undefined,
    temporaryCredentials: scope =>
      told(async () => {
        const { Key } = target(scope.prefix);
        checkScope(Key);
        return issue?.(scope, Key);
      }),
  };
}

async function sizeOf({ client, target }: Bucket, key: string): Promise<number | undefined> {
  try {
    const { ContentLength } = await client.send(new HeadObjectCommand(target(key)));
    return ContentLength ?? 0;
  } catch (error) {
    const status = statusOf(error) ?? 0;
    if (status === 404) return undefined;
    // An answer to HEAD has no body that could say why: wrong keys and missing rights look the same.
    if (status >= 300 && status < 500)
      await client.send(new GetObjectCommand({ ...target(key), Range: 'bytes=0-0' }));
    throw error;
  }
}

/** A range that begins at the end, or has no length, is none for S3. */
async function rangeOf(
  bucket: Bucket,
  source: Source,
  { offset, length }: { offset: number; length: number },
): Promise<Buffer> {
  const { key } = source;
  if (length > 0) {
    try {
      return await readRange(source, offset, length);
    } catch (error) {
      if (statusOf(error) !== 416) throw error;
    }
  }
  const bytes = await sizeOf(bucket, key);
  if (bytes === undefined) throw fail('storage.missing', { key });
  if (offset + length > bytes) throw fail('storage.short', { key, bytes, wanted: offset + length });
  return Buffer.alloc(0);
}

async function listPage(
  { client, bucket, beginning }: Bucket,
  beginsWith: string,
  { after = '', limit = LIST_LIMIT }: ListOptions = {},
): Promise<ListPage> {
  const { Contents = [], IsTruncated } = await client.send(
    new ListObjectsV2Command({
      Bucket: bucket,
      Prefix: beginning + beginsWith,
      MaxKeys: Math.min(limit, LIST_LIMIT),
      ...(after !== '' && { StartAfter: beginning + after }),
    }),
  );
  const found = Contents.map(({ Key = '', Size = 0, LastModified }) => ({
    key: Key.slice(beginning.length),
    bytes: Size,
    modified_ms: LastModified?.getTime() ?? 0,
  }));
  // What others put there under names that are no keys is not ours, in a folder as here.
  const items = found.filter(({ key }) => isKey(key));
  return { items, next: IsTruncated ? (found.at(-1)?.key ?? null) : null };
}

async function* failing(
  body: AsyncIterable<Uint8Array>,
  words: (error: unknown) => Error,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw words(error);
  }
}
