import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
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

/** The whole object; fails before the first piece when there is none. */
export async function readObject(source: Source): Promise<AsyncIterable<Uint8Array>> {
  const first = await openAt(source, 0, undefined, undefined);
  return pieces(source, first, 0);
}

/** Exactly these bytes. */
export async function readRange(source: Source, offset: number, length: number): Promise<Buffer> {
  const first = await openAt(source, offset, length, undefined);
  // A part of what was asked for means that the object ends before.
  if (first.bytes < length) {
    close(first.body);
    throw fail('storage.short', { key: source.key, bytes: offset + first.bytes, wanted: offset + length });
  }
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  for await (const piece of pieces(source, first, offset)) {
    buffer.set(piece, filled);
    filled += piece.byteLength;
  }
  return buffer;
}

/** Exactly what the first answer promised, over as many connections as it takes. */
async function* pieces(source: Source, first: Opened, offset: number): AsyncGenerator<Uint8Array> {
  const { bytes, tag } = first;
  let done = 0;
  for (let opened = first, tries = 1; ; tries += 1) {
    const broke: { why?: unknown } = {};
    try {
      for await (const piece of opened.body) {
        done += piece.byteLength;
        if (done > bytes) throw fail('storage.failed', tooMuch(source));
        yield piece;
      }
    } catch (error) {
      if (done > bytes) throw error;
      broke.why = error;
    } finally {
      close(opened.body);
    }
    if (done === bytes && broke.why === undefined) return source.budget.give();
    // All bytes are there and yet they are wrong: their checksum differs, and they have been handed on.
    if (done === bytes || tries === source.attempts || !source.budget.take())
      throw broke.why ?? cutShort(source, done, bytes);
    opened = await openAt(source, offset + done, bytes - done, tag);
    if (opened.bytes !== bytes - done) {
      close(opened.body);
      throw cutShort(source, done, bytes);
    }
  }
}

async function openAt(
  source: Source,
  offset: number,
  length: number | undefined,
  tag: string | undefined,
): Promise<Opened> {
  const { client, bucket, full_key } = source;
  const answer = await client.send(
    new GetObjectCommand({
      Bucket: bucket,
      Key: full_key,
      ...(length !== undefined && { Range: `bytes=${offset}-${offset + length - 1}` }),
      ...(tag !== undefined && { IfMatch: tag }),
    }),
  );
  const { Body, ContentLength, ContentRange, ETag } = answer;
  if (Body === undefined || ContentLength === undefined) throw fail('storage.failed', withoutLength(source));
  // Without it a service that knows no ranges has sent the beginning.
  if (length !== undefined && !ContentRange?.startsWith(`bytes ${offset}-`)) {
    close(Body);
    throw fail('storage.failed', withoutRange(source));
  }
  return { body: Body as AsyncIterable<Uint8Array>, bytes: ContentLength, tag: ETag };
}

/** Not read to its end, a body holds its connection. */
function close(body: unknown): void {
  if (body instanceof Object && 'destroy' in body && typeof body.destroy === 'function') body.destroy();
}

function cutShort({ place, key }: Source, done: number, bytes: number): Error {
  const reason = `the connection broke after ${done} of the ${bytes} bytes of ${key}`;
  return fail('storage.unreachable', { place, reason });
}

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
