import { type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { fail } from '../../kit/errors.ts';
import { checkKey } from '../key.ts';
import { limitsOf, openClient } from './client.ts';
import { parseS3Url, type S3Limits, type S3Options } from './options.ts';

const MAX_KEY_BYTES = 1024;

/** What every request needs: whom to ask, and how our keys are called there. */
export interface Bucket {
  client: S3Client;
  bucket: string;
  /** What all of our keys begin with there: nothing, or a prefix with its slash. */
  beginning: string;
  /** The storage as its address, for tables and for words. */
  root: string;
  limits: S3Limits;
  /** Refuses what is no key. */
  target(key: string): { Bucket: string; Key: string };
}

export async function openBucket(options: S3Options): Promise<Bucket> {
  const { bucket, prefix } = parseS3Url(options.url);
  const beginning = prefix === '' ? '' : `${prefix}/`;
  return {
    client: await openClient(options),
    bucket,
    beginning,
    root: prefix === '' ? `s3://${bucket}` : `s3://${bucket}/${prefix}`,
    limits: limitsOf(options),
    target(key) {
      checkKey(key);
      const Key = beginning + key;
      if (Buffer.byteLength(Key) <= MAX_KEY_BYTES) return { Bucket: bucket, Key };
      throw fail('storage.key', { key, reason: 'with the prefix of the storage it is too long' });
    },
  };
}

export function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}

export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}
