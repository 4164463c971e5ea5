import { GetObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { fail } from '../../kit/errors.ts';

// Reading goes on where a connection broke: an object is never changed, and its tag says that it is the same.

export interface Source {
  client: S3Client;
  bucket: string;
  /** The storage's, for words. */
  place: string;
  key: string;
  /** The bucket's. */
  full_key: string;
  budget: Budget;
  attempts: number;
}

/** Tries that reading may make beyond the first, for all objects together: success gives back, slowly. */
export interface Budget {
  take(): boolean;
  give(): void;
}

export function openBudget(tokens: number): Budget {
  let left = tokens;
  return {
    take() {
      if (left < 1) return false;
      left -= 1;
      return true;
    },
    give() {
      left = Math.min(tokens, left + 0.1);
    },
  };
}

interface Opened {
  body: AsyncIterable<Uint8Array>;
  /** What the storage says will come. */
  bytes: number;
  tag: string | undefined;
}

interface Wanted {
  offset: number;
  /** undefined: to the end. */
  length: number | undefined;
  /** Of the object that was begun. */
  tag: string | undefined;
}

/** The whole object; fails before the first piece when there is none. */
export async function readObject(source: Source): Promise<AsyncIterable<Uint8Array>> {
  const wanted = { offset: 0, length: undefined, tag: undefined };
  return pieces(source, wanted, await openAt(source, wanted));
}

/** Exactly these bytes. */
export async function readRange(source: Source, offset: number, length: number): Promise<Buffer> {
  const wanted = { offset, length, tag: undefined };
  const first = await openAt(source, wanted);
  // A part of what was asked for means that the object ends before.
  if (first.bytes < length) {
    close(first.body);
    throw fail('storage.short', { key: source.key, bytes: offset + first.bytes, wanted: offset + length });
  }
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  for await (const piece of pieces(source, wanted, first)) {
    buffer.set(piece, filled);
    filled += piece.byteLength;
  }
  return buffer;
}

/** Exactly what the first answer promised, over as many connections as it takes. */
async function* pieces(source: Source, wanted: Wanted, first: Opened): AsyncGenerator<Uint8Array> {
  const { bytes, tag } = first;
  let opened = first;
  let done = 0;
  for (let tries = 1; ; tries += 1) {
    let why: unknown;
    try {
      for await (const piece of opened.body) {
        done += piece.byteLength;
        if (done > bytes) throw fail('storage.failed', tooMuch(source));
        yield piece;
      }
    } catch (error) {
      why = error;
    } finally {
      close(opened.body);
    }
    if (done === bytes && why === undefined) return source.budget.give();
    if (done > bytes) throw why;
    // The end of a stream tells that its bytes are wrong: what was handed on of it cannot be taken back.
    if (isMismatch(why) && done > 0) throw fail('storage.failed', damaged(source), { cause: why });
    if (tries === source.attempts || !source.budget.take()) throw why ?? cutShort(source, done, bytes);
    // From the beginning where nothing came: only then the checksum of the whole is compared.
    const rest = { offset: wanted.offset + done, length: bytes - done, tag };
    opened = await openAt(source, done === 0 ? { ...wanted, tag } : rest);
    if (opened.bytes !== bytes - done) {
      close(opened.body);
      throw cutShort(source, done, bytes);
    }
  }
}

async function openAt(source: Source, { offset, length, tag }: Wanted): Promise<Opened> {
  const { Body, ContentLength, ContentRange, ETag } = await ask(source, { offset, length, tag });
  if (Body === undefined || ContentLength === undefined) throw fail('storage.failed', withoutLength(source));
  const body = Body as AsyncIterable<Uint8Array>;
  if (length === undefined) return { body, bytes: ContentLength, tag: ETag };
  const range = readContentRange(ContentRange);
  // A service that knows no ranges sends the beginning, which must not pass for what was asked for.
  if (range?.from === offset && range.to < offset + length)
    return { body, bytes: range.to + 1 - offset, tag: ETag };
  close(body);
  throw fail('storage.failed', withoutRange(source));
}

async function ask(source: Source, { offset, length, tag }: Wanted) {
  const { client, bucket, full_key } = source;
  try {
    return await client.send(
      new GetObjectCommand({
        Bucket: bucket,
        Key: full_key,
        ...(length !== undefined && { Range: `bytes=${offset}-${offset + length - 1}` }),
        ...(tag !== undefined && { IfMatch: tag }),
      }),
    );
  } catch (error) {
    const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
    if (status === 412) throw fail('storage.failed', changed(source), { cause: error });
    // There is no more of it, although more was announced.
    if (status === 416 && tag !== undefined && length !== undefined)
      throw fail(
        'storage.short',
        { key: source.key, bytes: offset, wanted: offset + length },
        { cause: error },
      );
    throw error;
  }
}

/** Its end says more than the length of the answer, which somebody between may have changed. */
function readContentRange(text: string | undefined): { from: number; to: number } | undefined {
  const [, from, to] = /^bytes (\d+)-(\d+)\//.exec(text ?? '') ?? [];
  return from === undefined ? undefined : { from: Number(from), to: Number(to) };
}

/** Not read to its end, a body holds its connection. */
function close(body: unknown): void {
  if (body instanceof Object && 'destroy' in body && typeof body.destroy === 'function') body.destroy();
}

function cutShort({ place, key }: Source, done: number, bytes: number): Error {
  const reason = `the connection broke after ${done} of the ${bytes} bytes of ${key}`;
  return fail('storage.unreachable', { place, reason });
}

/** The SDK has no name for it. */
function isMismatch(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Checksum mismatch');
}

const damaged = ({ place, key }: Source) => ({
  folder: place,
  reason: `the checksum of ${key} is another one than that of its bytes`,
});
const changed = ({ place, key }: Source) => ({
  folder: place,
  reason: `${key} was changed while it was read`,
});
const tooMuch = ({ place, key }: Source) => ({
  folder: place,
  reason: `it sent more of ${key} than it announced`,
});
const withoutLength = ({ place, key }: Source) => ({
  folder: place,
  reason: `it does not say how long ${key} is`,
});
const withoutRange = ({ place, key }: Source) => ({
  folder: place,
  reason: `it sent another part of ${key} than was asked for`,
});
