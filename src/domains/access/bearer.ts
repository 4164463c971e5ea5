import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** What a browser, a link or a program shows to be let in. Only its hash is kept: a stolen database opens no door. */
export interface Bearer {
  value: string;
  hash: Buffer;
}

const SECRET_BYTES = 32;

export function newBearer(): Bearer {
  const value = randomBytes(SECRET_BYTES).toString('base64url');
  return { value, hash: hashBearer(value) };
}

/** A plain hash is enough: nobody guesses 256 random bits, so nothing is gained by making the guess slow. */
export function hashBearer(value: string): Buffer {
  return createHash('sha256').update(value, 'utf8').digest();
}

/** Of two hashes; in a time that says nothing about where they differ. */
export function isSameHash(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
