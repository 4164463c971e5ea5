import { mkdtempSync, rmSync } from 'node:fs';
import type { LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { serviceOf } from '../../scripts/services/catalogue.ts';
import { isObtained } from '../../scripts/services/place.ts';
import { startBound } from '../../scripts/services/process.ts';
import { S3_ACCESS_KEY, S3_DOMAIN, S3_SECRET_KEY } from '../../scripts/services/s3.ts';
import { newId } from '../../src/base/kit/ids.ts';
import type { S3Options } from '../../src/base/storage/index.ts';
import { isRequired } from './required.ts';

// Real servers of a test process: each process has its own, because the lightest of them is there in a tenth of a second, and
// it ends with the process.

/** Why tests that need this service are skipped; false where it is, and where its absence is a failure. */
export function serviceAbsence(name: string): string | false {
  const service = serviceOf(name);
  if (isRequired(name)) return false;
  const lack = service.lacks?.() ?? false;
  if (lack !== false || isObtained(service)) return lack;
  return `${name} is not there: npm run services -- obtain ${name} (${service.cost})`;
}

const started = new Map<string, Promise<{ port: number }>>();

/** The first test that asks waits for it; a name in MOULIN_TEST_REQUIRE is obtained first. */
export function service(name: string): Promise<{ port: number }> {
  const known = started.get(name) ?? startHere(name);
  started.set(name, known);
  return known;
}

async function startHere(name: string): Promise<{ port: number }> {
  // Not in memory: file systems there may lack the extended attributes that an S3 over files keeps its own data in.
  const data = mkdtempSync(join(tmpdir(), `moulin-${name}-`));
  process.once('exit', () => rmSync(data, { recursive: true, force: true }));
  return startBound(serviceOf(name), data);
}

export interface S3Server {
  port: number;
  endpoint: string;
  /** An empty one of the test's own. */
  bucket: string;
  /** The SDK's own client, for what a test does behind the storage's back. */
  client: S3Client;
  /** For `openS3Storage`, in path style unless said. */
  options(more?: Partial<S3Options>): S3Options;
  /** The same in host style. */
  host_style: Partial<S3Options>;
}

export async function s3Server(t: Pick<TestContext, 'after'>, name = 'versitygw'): Promise<S3Server> {
  const { port } = await service(name);
  const endpoint = `http://127.0.0.1:${port}`;
  const bucket = `test-${newId().slice(-12)}`;
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: S3_ACCESS_KEY, secretAccessKey: S3_SECRET_KEY },
  });
  t.after(() => client.destroy());
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  const options = (more: Partial<S3Options> = {}): S3Options => ({
    url: `s3://${bucket}`,
    endpoint,
    region: 'us-east-1',
    path_style: true,
    credentials: { access_key: S3_ACCESS_KEY, secret_key: S3_SECRET_KEY, session_token: null },
    checksums: true,
    ca: null,
    proxies: { http: '', https: '', no_proxy: '' },
    sts: null,
    ...more,
  });
  const host_style = { endpoint: `http://${S3_DOMAIN}:${port}`, path_style: false, lookup: toLoopback };
  return { port, endpoint, bucket, client, options, host_style };
}

/** No resolver knows the names of buckets on this machine. */
const toLoopback: LookupFunction = (_host, options, answer) =>
  options.all === true ? answer(null, [{ address: '127.0.0.1', family: 4 }]) : answer(null, '127.0.0.1', 4);
