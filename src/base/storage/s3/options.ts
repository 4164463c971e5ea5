import type { LookupFunction } from 'node:net';
import { fail } from '../../kit/errors.ts';
import type { Proxies } from '../../kit/outbound.ts';

/** What a storage on S3 needs to know. Nothing is read from the environment unless `credentials` says so. */
export interface S3Options {
  /** `s3://bucket/prefix` */
  url: string;
  /** Of a service that is not Amazon's: `https://minio.example.com:9000`. */
  endpoint: string | null;
  region: string;
  /** `https://host/bucket/key` instead of `https://bucket.host/key`. */
  path_style: boolean;
  credentials: StaticCredentials | 'aws_chain';
  /** CRC32 with every object, verified on both sides; services from before 2025 may refuse them. */
  checksums: boolean;
  /** PEM, beside the authorities that Node knows (NODE_EXTRA_CA_CERTS among them). */
  ca: string | null;
  proxies: Proxies;
  /** Who hands out credentials that end; null: nobody does. */
  sts: { role: string; endpoint: string | null } | null;
  limits?: Partial<S3Limits>;
  /** Instead of the system's resolver. */
  lookup?: LookupFunction;
}

export interface StaticCredentials {
  access_key: string;
  secret_key: string;
  session_token: string | null;
}

export interface S3Limits {
  /** Tries of one request; all requests together have a budget besides, so that a service in trouble is not drowned. */
  attempts: number;
  connect_ms: number;
  /** A connection on which nothing moves. */
  idle_ms: number;
  /** From the first byte of a request to the first of its answer; a part of an upload over a slow line lies between. */
  request_ms: number;
  /** What is larger goes up in parts of this size, so many at once. */
  part_bytes: number;
  parts_at_once: number;
}

export const LIMITS: S3Limits = {
  attempts: 5,
  connect_ms: 5000,
  idle_ms: 30_000,
  request_ms: 300_000,
  part_bytes: 8 * 1024 ** 2,
  parts_at_once: 4,
};

/** Bucket and prefix of an address; the prefix without slashes at its ends. */
export function parseS3Url(url: string): { bucket: string; prefix: string } {
  const [, bucket = '', path = ''] = /^s3:\/\/([^/]*)(?:\/(.*))?$/s.exec(url) ?? [];
  const prefix = path.replace(/\/+$/, '');
  const problem = problemOf(bucket, prefix);
  if (problem !== undefined) throw fail('storage.address', { url: withoutUser(url), reason: problem });
  return { bucket, prefix };
}

function problemOf(bucket: string, prefix: string): string | undefined {
  if (bucket.includes('@'))
    return 'credentials do not belong into it (storage.access_key, storage.secret_key)';
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) return 'its bucket is not the name of one';
  if (/[\p{Cc}\\?#]/u.test(prefix)) return 'its prefix has a character that engines read differently';
  if (prefix.split('/').some(name => name.startsWith('.'))) return 'a name in its prefix begins with a dot';
  return prefix.includes('//') || prefix.startsWith('/') ? 'a name in its prefix is empty' : undefined;
}

function withoutUser(url: string): string {
  return url.replace(/\/\/[^/]*@/, '//');
}
