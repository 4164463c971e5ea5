import { createHash } from 'node:crypto';
import { fail } from '../../../base/kit/errors.ts';

/** A key-encryption key: 32 bytes that never touch the database. Its id may be shown, logged and stored. */
export interface Kek {
  id: string;
  bytes: Buffer;
}

const KEY_BYTES = 32;

export function toKek(bytes: Buffer): Kek {
  // A label of its own: the id must not equal any other hash that somebody may take of the key.
  const hash = createHash('sha256').update('moulin key id\0').update(bytes).digest('hex');
  return { id: hash.slice(0, 16), bytes };
}

/**
 * A key as a person hands it over: base64, base64url or hexadecimal. `place` names the variable or file, so that the
 * refusal says where to look; the text itself is never repeated.
 */
export function parseKek(text: string, place: string): Kek {
  const bytes = decode(text.trim());
  if (!bytes) throw weak(place, `it is not ${KEY_BYTES} bytes in base64 or hexadecimal`);
  const reason = weakness(bytes);
  if (reason) throw weak(place, reason);
  return toKek(bytes);
}

function weak(place: string, reason: string) {
  return fail('key.weak', { place, reason });
}

function decode(text: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  if (/^[A-Za-z0-9+/]{43}=?$/.test(text)) return Buffer.from(text, 'base64');
  return /^[A-Za-z0-9_-]{43}=?$/.test(text) ? Buffer.from(text, 'base64url') : undefined;
}

/** Keys from standards and their test vectors, which people paste from documentation. */
const PUBLISHED = [
  '603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4',
  'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308',
  '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
  'c47b0294dbbbee0fec4757f22ffeee3587ca4730c3d33b691df38bab076bc558',
  '2b7e151628aed2a6abf7158809cf4f3c2b7e151628aed2a6abf7158809cf4f3c',
];

/** Thirty-two random bytes fail one of these less than once in a billion. */
function weakness(bytes: Buffer): string | undefined {
  const steps = new Set([...bytes.subarray(1)].map((byte, at) => (byte - (bytes[at] ?? 0)) & 0xff));
  if (PUBLISHED.includes(bytes.toString('hex'))) return 'it is an example that everybody knows';
  if (steps.size === 1 || new Set(bytes).size < 16) return 'it is a pattern, not random';
  if (bytes.every(byte => byte >= 0x20 && byte < 0x7f)) return 'it is readable text, not random';
  return undefined;
}
