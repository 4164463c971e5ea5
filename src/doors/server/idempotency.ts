import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { fail, isFailure } from '../../base/kit/errors.ts';
import type { Log } from '../../base/kit/log.ts';
import { errors } from '../../contract/errors.ts';
import type { Answer } from './answer.ts';
import type { Input } from './input.ts';

/**
 * A repetition with the same key gets the first answer; the handler runs once. That answer may hold a token that is shown
 * only once, so it is kept sealed with a key that is not kept: it is derived from the credential of the caller, of which
 * we store a hash at most. Who can read the database reads nothing; who repeats the call has the credential in hand.
 */
export interface IdempotencyStore {
  /** Undefined: the key is ours now. Otherwise what is known of the first call. */
  claim(entry: Place & { request_hash: Buffer }): Promise<Stored | undefined>;
  complete(entry: Place & { status: number; sealed: string }): Promise<void>;
  release(entry: Place): Promise<void>;
  interrupt(entry: Place): Promise<void>;
  /** Deletes a bounded number of expired keys; answers how many. */
  sweep(): Promise<number>;
}

interface Place {
  scope: string;
  key: string;
}

export interface Stored {
  request_hash: Buffer;
  status: number | null;
  sealed: string | null;
  /** It began and will not end: its server stopped, or it failed in a way that says nothing. */
  interrupted: boolean;
}

export interface Asked {
  /** The route. */
  name: string;
  workspace_id: string;
  /** The session token or bearer token as it came. */
  credential: string;
  key: string;
  input: Pick<Input, 'params' | 'query' | 'body'>;
}

interface Tools {
  idempotency: IdempotencyStore;
  log: Log;
}

export async function answerOnce(
  asked: Asked,
  { idempotency, log }: Tools,
  work: () => Promise<Answer>,
): Promise<{ answer: Answer; replayed: boolean }> {
  const { key } = asked;
  const place = { scope: scopeOf(asked), key };
  const request_hash = hashOf(asked);
  const first = await idempotency.claim({ ...place, request_hash });
  if (first) return { answer: replay(asked, first, request_hash), replayed: true };
  try {
    const answer = await work();
    await keep(answer, asked, place, { idempotency, log });
    return { answer, replayed: false };
  } catch (error) {
    await giveBack(error, place, { idempotency, log });
    throw error;
  }
}

function replay(asked: Asked, first: Stored, request_hash: Buffer): Answer {
  const { key } = asked;
  if (!timingSafeEqual(first.request_hash, request_hash)) throw fail('idempotency.conflict', { key });
  if (first.status !== null && first.sealed !== null) return unseal(asked, first.sealed);
  throw fail(first.interrupted ? 'idempotency.interrupted' : 'idempotency.in_progress', { key });
}

/** What was done is done, and its answer goes out, even when the store is lost at this moment: then a repetition is told so. */
async function keep(answer: Answer, asked: Asked, place: Place, { idempotency, log }: Tools): Promise<void> {
  await idempotency
    .complete({ ...place, status: answer.status, sealed: seal(asked, answer) })
    .catch((error: unknown) =>
      log.warn({ error, route: asked.name }, 'An idempotent answer could not be kept'),
    );
}

/** A refusal did nothing, so the key is free again; after an unexpected end nobody knows, and the key says that. */
async function giveBack(error: unknown, place: Place, { idempotency, log }: Tools): Promise<void> {
  const isRefusal = isFailure(error) && errors[error.code].status < 500;
  const done = isRefusal ? idempotency.release(place) : idempotency.interrupt(place);
  await done.catch((second: unknown) =>
    log.warn(
      { error: second },
      'An idempotency key could not be given back; it ends by itself in two minutes',
    ),
  );
}

// ── Keys derived from the credential ────────────────────────────────────────────────────────────────

/** The same key of another session, token or workspace is another key. */
function scopeOf({ credential, workspace_id }: Asked): string {
  return createHmac('sha256', credential).update(`idempotency scope\0${workspace_id}`).digest('base64url');
}

/** Keyed: a body may hold something that could be guessed from a bare hash. */
function hashOf({ credential, name, input }: Asked): Buffer {
  const { params, query, body } = input;
  return createHmac('sha256', credential)
    .update(JSON.stringify([name, params, query, body]))
    .digest();
}

function sealingKey({ credential, key }: Asked): Buffer {
  return Buffer.from(hkdfSync('sha256', credential, key, 'moulin idempotent answer', 32));
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

function seal(asked: Asked, answer: Answer): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', sealingKey(asked), nonce);
  const box = Buffer.concat([cipher.update(JSON.stringify(answer)), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), box]).toString('base64');
}

function unseal(asked: Asked, sealed: string): Answer {
  const bytes = Buffer.from(sealed, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', sealingKey(asked), bytes.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  const box = bytes.subarray(NONCE_BYTES + TAG_BYTES);
  const answer: Answer = JSON.parse(Buffer.concat([decipher.update(box), decipher.final()]).toString());
  return answer;
}
