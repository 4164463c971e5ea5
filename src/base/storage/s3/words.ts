import { S3ServiceException } from '@aws-sdk/client-s3';
import { type Failure, fail, isFailure } from '../../kit/errors.ts';

// What S3 and the network say, in words that help. Services differ in their codes, so the status has the last word.

const CREDENTIALS =
  /^(InvalidAccessKeyId|InvalidClientTokenId|SignatureDoesNotMatch|ExpiredToken\w*|InvalidToken|TokenRefreshRequired|RequestTimeTooSkewed|RequestExpired|InvalidSecurity|CredentialsProviderError|UnrecognizedClientException|XAmzCredential\w*)$/;
const FULL =
  /^(QuotaExceeded|XMinioStorageFull|XMinioAdminBucketQuotaExceeded|StorageFull|InsufficientCapacity|NoSpaceLeft\w*)$/;
const BUSY =
  /^(SlowDown\w*|ServiceUnavailable|Throttl\w+|TooManyRequests\w*|RequestLimitExceeded|Busy|OperationAborted|ConditionalRequestConflict)$/;
const NETWORK =
  /^(E(CONN\w+|PIPE|HOST\w+|NET\w+|ADDRNOTAVAIL|TIMEDOUT|AI_\w+|PROTO)|ENOTFOUND|HPE_\w+|ERR_TLS\w*|ERR_SSL\w*|ERR_PROXY\w*|ERR_STREAM_PREMATURE_CLOSE|CERT_\w+|DEPTH_ZERO\w*|SELF_SIGNED\w*|UNABLE_TO\w+)$/;

interface About {
  /** The storage, as its address. */
  place: string;
  bucket: string;
  /** The object that is asked for, and may not be there. */
  key?: string | undefined;
}

export function inWords(error: unknown, about: About): Error {
  if (isFailure(error)) return error;
  const said = readError(error);
  if (said === undefined) return error instanceof Error ? error : new Error(String(error));
  return (
    failureOf(said, about, error) ??
    fail('storage.failed', { folder: about.place, reason: said.reason }, { cause: error })
  );
}

interface Said {
  /** `NoSuchKey`, `ECONNRESET` */
  name: string;
  /** 0 where nobody answered. */
  status: number;
  reason: string;
}

function failureOf(
  { name, status, reason }: Said,
  { place, bucket, key }: About,
  cause: unknown,
): Failure | undefined {
  const options = { cause };
  if (name === 'NoSuchBucket') return fail('storage.no_bucket', { bucket, place }, options);
  if (CREDENTIALS.test(name)) return fail('storage.credentials', { place, reason }, options);
  if (FULL.test(name) || status === 507) return fail('storage.full', { folder: place }, options);
  if (BUSY.test(name) || status === 503 || status === 429)
    return fail('storage.busy', { place, reason }, options);
  if (status === 404 && key !== undefined) return fail('storage.missing', { key }, options);
  if (status === 412 && key !== undefined) return fail('storage.exists', { key }, options);
  if (status === 401 || status === 403) return fail('storage.denied', { place, reason }, options);
  if (name === 'KeyTooLongError' && key !== undefined)
    return fail('storage.key', { key, reason: 'with the prefix of the storage it is too long' }, options);
  if (status >= 500 || isOfNetwork(name)) return fail('storage.unreachable', { place, reason }, options);
  return undefined;
}

function isOfNetwork(name: string): boolean {
  return name === 'TimeoutError' || NETWORK.test(name);
}

function readError(error: unknown): Said | undefined {
  if (!(error instanceof Error)) return undefined;
  // Of a connection that broke within an answer, whatever the SDK makes of it.
  if (/^aborted\b/.test(error.message))
    return { name: 'ECONNRESET', status: 0, reason: 'the connection broke' };
  if (error.message.startsWith('Checksum mismatch')) return { name: '', status: 0, reason: error.message };
  if (error instanceof S3ServiceException || hasStatus(error)) {
    const status = error.$metadata.httpStatusCode ?? 0;
    return { name: error.name, status, reason: sentence(error.name, error.message, status) };
  }
  const code = 'code' in error ? String(error.code) : '';
  // A name that has several addresses: each of them failed.
  const inner = error instanceof AggregateError ? error.errors[0] : undefined;
  if (code === '' && inner instanceof Error) return readError(inner);
  const name = code === '' ? error.name : code;
  return isOfNetwork(name) || CREDENTIALS.test(name)
    ? { name, status: 0, reason: sentence(name, error.message, 0) }
    : undefined;
}

function hasStatus(error: Error): error is Error & { $metadata: { httpStatusCode?: number } } {
  return '$metadata' in error && '$response' in error;
}

/** One line, of bounded length, with whatever of name, text and status says something. */
function sentence(name: string, message: string, status: number): string {
  const text = message.replaceAll(/\s+/g, ' ').trim().replace(/\.$/, '').slice(0, 200);
  const told = text === '' || text === 'UnknownError' ? `status ${status}` : text;
  return told.includes(name) || ['Error', 'Unknown', 'UnknownError'].includes(name)
    ? told
    : `${name} (${told})`;
}
