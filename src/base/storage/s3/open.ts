import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { fail } from '../../kit/errors.ts';
import { eachOf } from '../each-of.ts';
import { checkKey, isKey } from '../key.ts';
import { type Body, LIST_LIMIT, type ListPage, type PutOptions, type Storage } from '../storage.ts';
import { limitsOf, openClient } from './client.ts';
import { parseS3Url, type S3Options } from './options.ts';
import { openBudget, readObject, readRange, type Source } from './read.ts';
import { checkScope, openIssuer } from './temporary.ts';
import { inWords } from './words.ts';

const MAX_KEY_BYTES = 1024;
const MAX_PARTS = 9000;
const MAX_DELETES = 1000;
const SINGLES_AT_ONCE = 8;
/** Of a file that is uploaded: the default of 64 KB makes reading it the slow half. */
const READ_BYTES = 1024 ** 2;
const READ_TRIES = 100;

/** Objects below a prefix of a bucket, of Amazon or of any service that speaks S3. */
export async function open(options: S3Options): Promise<Storage> {
  const { bucket, prefix } = parseS3Url(options.url);
  const root = ['s3:/', bucket, ...(prefix === '' ? [] : [prefix])].join('/');
  const limits = limitsOf(options);
  const client = await openClient(options);
  const budget = openBudget(READ_TRIES);
  const issue = options.sts === null ? undefined : openIssuer({ ...options, sts: options.sts }, bucket);
  const beginning = prefix === '' ? '' : `${prefix}/`;

  const fullKey = (key: string): string => {
    checkKey(key);
    const full = beginning + key;
    if (Buffer.byteLength(full) <= MAX_KEY_BYTES) return full;
    throw fail('storage.key', { key, reason: 'with the prefix of the storage it is too long' });
  };
  const target = (key: string) => ({ Bucket: bucket, Key: fullKey(key) });

  async function told<T>(work: () => Promise<T>, key?: string): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw inWords(error, { place: root, bucket, key });
    }
  }

  const sourceOf = (key: string): Source => {
    const { attempts } = limits;
    return { client, bucket, place: root, key, full_key: fullKey(key), budget, attempts };
  };

  async function sizeOf(key: string): Promise<number | undefined> {
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

  async function putBytes(key: string, body: Uint8Array, condition: object): Promise<{ bytes: number }> {
    await client.send(new PutObjectCommand({ ...target(key), Body: body, ...condition }));
    return { bytes: body.byteLength };
  }

  /** In parts that can be sent again one by one; when it fails, no part stays. */
  async function upload(
    key: string,
    body: AsyncIterable<Uint8Array>,
    { part_bytes = limits.part_bytes, condition = {} }: { part_bytes?: number; condition?: object } = {},
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

  function put(key: string, body: Body, { if_absent = false }: PutOptions = {}): Promise<{ bytes: number }> {
    const condition = if_absent ? { IfNoneMatch: '*' } : {};
    const isOne = body instanceof Uint8Array && body.byteLength <= limits.part_bytes;
    return told(
      () => (isOne ? putBytes(key, body, condition) : upload(key, iterate(body), { condition })),
      key,
    );
  }

  async function deleteMany(keys: readonly string[]): Promise<void> {
    const Objects = keys.map(key => ({ Key: fullKey(key) }));
    const { Errors = [] } = await client.send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
    );
    const [first] = Errors.filter(({ Code }) => Code !== 'NoSuchKey');
    if (first === undefined) return;
    const reason = `${first.Code ?? ''} ${first.Message ?? ''}`.trim();
    throw /AccessDenied/.test(reason)
      ? fail('storage.denied', { place: root, reason })
      : fail('storage.failed', {
          folder: root,
          reason: `${first.Key ?? ''} could not be deleted: ${reason}`,
        });
  }

  const deleteOne = async (key: string): Promise<void> => {
    try {
      await client.send(new DeleteObjectCommand(target(key)));
    } catch (error) {
      if (statusOf(error) !== 404 || nameOf(error) === 'NoSuchBucket') throw error;
    }
  };

  return {
    facts: {
      kind: 's3',
      root,
      bucket,
      endpoint: options.endpoint,
      region: options.region,
      path_style: options.path_style,
    },
    put,
    // S3 answers when an object is durable: there is nothing left to seal.
    write: put,
    seal: async keys => keys.forEach(checkKey),
    adopt: (path, key) =>
      told(async () => {
        checkKey(key);
        const { size } = await stat(path);
        const part_bytes = Math.max(limits.part_bytes, Math.ceil(size / MAX_PARTS));
        const file = createReadStream(path, { highWaterMark: READ_BYTES });
        const { bytes } = await upload(key, file, { part_bytes }).finally(() => file.destroy());
        if (bytes !== size) throw fail('storage.short', { key, bytes, wanted: size });
        await rm(path, { force: true });
        return { bytes };
      }, key),
    get: key =>
      told(async () => {
        const body = await readObject(sourceOf(key));
        return inWordsToo(body, error => inWords(error, { place: root, bucket, key }));
      }, key),
    range: (key, offset, length) =>
      told(async () => {
        if (length > 0 && offset >= 0) {
          try {
            return await readRange(sourceOf(key), offset, length);
          } catch (error) {
            if (statusOf(error) !== 416) throw error;
          }
        }
        const bytes = await sizeOf(key);
        if (bytes === undefined) throw fail('storage.missing', { key });
        if (offset + length > bytes) throw fail('storage.short', { key, bytes, wanted: offset + length });
        return Buffer.alloc(0);
      }, key),
    list: (beginsWith, { after = '', limit = LIST_LIMIT } = {}) =>
      told(async (): Promise<ListPage> => {
        const { Contents = [], IsTruncated } = await client.send(
          new ListObjectsV2Command({
            Bucket: bucket,
            Prefix: beginning + beginsWith,
            MaxKeys: limit,
            ...(after !== '' && { StartAfter: beginning + after }),
          }),
        );
        const found = Contents.map(({ Key = '', Size = 0, LastModified }) => ({
          key: Key.slice(beginning.length),
          bytes: Size,
          modified_ms: LastModified?.getTime() ?? 0,
        }));
        // What others put there under names that are no keys is not ours, in a folder as here.
        return {
          items: found.filter(({ key }) => isKey(key)),
          next: IsTruncated ? (found.at(-1)?.key ?? null) : null,
        };
      }),
    delete: keys =>
      told(async () => {
        if (typeof keys === 'string') return deleteOne(keys);
        const batches = inBatches(keys);
        for (const batch of batches) {
          try {
            await deleteMany(batch);
          } catch (error) {
            if (!isUnknownRequest(error)) throw error;
            await eachOf(batch, SINGLES_AT_ONCE, deleteOne);
          }
        }
      }),
    size: key => told(() => sizeOf(key)),
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
        const full = fullKey(scope.prefix);
        checkScope(full);
        return issue?.(scope, full);
      }),
  };
}

async function* iterate(body: Body): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) yield body;
  else yield* body;
}

async function* inWordsToo(
  body: AsyncIterable<Uint8Array>,
  words: (error: unknown) => Error,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw words(error);
  }
}

function inBatches(keys: readonly string[]): string[][] {
  const count = Math.ceil(keys.length / MAX_DELETES);
  return Array.from({ length: count }, (_, at) => keys.slice(at * MAX_DELETES, (at + 1) * MAX_DELETES));
}

function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}

function nameOf(error: unknown): string | undefined {
  return error instanceof Error ? error.name : undefined;
}

/** Services that cannot delete many at once, or only with a checksum that the SDK no longer makes. */
function isUnknownRequest(error: unknown): boolean {
  return (
    statusOf(error) === 501 ||
    ['MissingContentMD5', 'NotImplemented', 'MalformedXML'].includes(nameOf(error) ?? '')
  );
}
