import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { fail } from '../../kit/errors.ts';
import type { CredentialScope, TemporaryCredentials } from '../storage.ts';
import { credentialsOf, handlerOf } from './client.ts';
import type { S3Options } from './options.ts';

/** A quarter of an hour is the least that AWS gives; an hour outlives the planning and the reading of most queries. */
const LIFE_SECONDS = 3600;
/** The same are handed out again while more than half of their life is left: AssumeRole has limits, engines ask at every load. */
const FRESH_MS = (LIFE_SECONDS * 1000) / 2;
const MAX_KEPT = 1000;

interface Where {
  bucket: string;
  /** In the bucket. */
  prefix: string;
  write: boolean;
}

export type IssueCredentials = (scope: CredentialScope, full_prefix: string) => Promise<TemporaryCredentials>;

export function openIssuer(options: S3Options & { sts: object }, bucket: string): IssueCredentials {
  const kept = new Map<string, Promise<TemporaryCredentials>>();

  async function isFresh(credentials: Promise<TemporaryCredentials>): Promise<boolean> {
    return (await credentials).expires_ms - Date.now() > FRESH_MS;
  }

  return async ({ prefix, write }, full_prefix) => {
    const name = `${write ? 'write' : 'read'} ${prefix}`;
    const known = kept.get(name);
    if (known && (await isFresh(known))) return known;
    const issued = assumeRole(options, { bucket, prefix: full_prefix, write });
    kept.delete(name);
    kept.set(name, issued);
    // What failed is not kept; whoever waits hears of it.
    issued.catch(() => kept.delete(name));
    const [oldest] = kept.keys();
    if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
    return issued;
  };
}

async function assumeRole(options: S3Options, where: Where): Promise<TemporaryCredentials> {
  const { sts, region } = options;
  if (sts === null) throw new Error('there is nobody to ask for credentials');
  const endpoint = sts.endpoint ?? options.endpoint;
  const provide = fromTemporaryCredentials({
    params: {
      RoleArn: sts.role,
      RoleSessionName: 'moulin-lake',
      DurationSeconds: LIFE_SECONDS,
      Policy: JSON.stringify(policyFor(where, partitionOf(sts.role))),
    },
    masterCredentials: await credentialsOf(options),
    clientConfig: { region, ...(endpoint !== null && { endpoint }), requestHandler: handlerOf(options) },
  });
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = await provide();
  if (sessionToken === undefined || expiration === undefined) throw new Error('STS gave no session');
  return {
    access_key: accessKeyId,
    secret_key: secretAccessKey,
    session_token: sessionToken,
    expires_ms: expiration.getTime(),
  };
}

const READ = ['s3:GetObject'];
const WRITE = ['s3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'];

/** What remains of the role's rights: an intersection, so it can only take away. */
export function policyFor({ bucket, prefix, write }: Where, partition: string): object {
  const arn = `arn:${partition}:s3:::${bucket}`;
  return {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: write ? [...READ, ...WRITE] : READ, Resource: [`${arn}/${prefix}/*`] },
      {
        Effect: 'Allow',
        Action: ['s3:ListBucket'],
        Resource: [arn],
        Condition: { StringLike: { 's3:prefix': [`${prefix}/*`] } },
      },
      { Effect: 'Allow', Action: ['s3:GetBucketLocation'], Resource: [arn] },
    ],
  };
}

/** `aws`, `aws-cn`, `aws-us-gov`; services that are not Amazon's know the first. */
function partitionOf(role: string): string {
  return /^arn:(aws[\w-]*):/.exec(role)?.[1] ?? 'aws';
}

/** A policy reads `*`, `?` and `$` as its own: what has them is refused, rather than opened too wide. */
export function checkScope(prefix: string): void {
  if (!/^[\w.=/-]+$/.test(prefix))
    throw fail('storage.key', {
      key: prefix.slice(0, 200),
      reason: 'credentials cannot be limited to such a prefix',
    });
}
