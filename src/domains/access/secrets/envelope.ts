import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

// AES-256-GCM with a random 96-bit nonce for each message (NIST SP 800-38D §8.2.2 allows 2^32 of them for one key; a data key
// serves one workspace). Pure but for the randomness: nothing here knows of rows or files.

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
export const DATA_KEY_BYTES = 32;

export interface Sealed {
  nonce: Buffer;
  /** The authentication tag is its end. */
  ciphertext: Buffer;
}

/**
 * What a ciphertext belongs to. It is authenticated with it, so a row that was copied to another workspace, object, field,
 * version or data key does not open there.
 */
export type Binding = readonly (string | number | null)[];

export function seal(key: Buffer, plain: Buffer, binding: Binding): Sealed {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(encode(binding));
  return { nonce, ciphertext: Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]) };
}

/** The plain bytes, or nothing when key, binding or a single bit is wrong; which of them, nobody can tell. */
export function unseal(key: Buffer, { nonce, ciphertext }: Sealed, binding: Binding): Buffer | undefined {
  if (nonce.length !== NONCE_BYTES || ciphertext.length < TAG_BYTES) return undefined;
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(encode(binding));
  decipher.setAuthTag(ciphertext.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(ciphertext.subarray(0, -TAG_BYTES)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** Nonce and ciphertext as one value, for columns that hold a wrapped key or the canary. */
export function wrap(key: Buffer, plain: Buffer, binding: Binding): Buffer {
  const { nonce, ciphertext } = seal(key, plain, binding);
  return Buffer.concat([nonce, ciphertext]);
}

export function unwrap(key: Buffer, wrapped: Buffer, binding: Binding): Buffer | undefined {
  const nonce = wrapped.subarray(0, NONCE_BYTES);
  return unseal(key, { nonce, ciphertext: wrapped.subarray(NONCE_BYTES) }, binding);
}

/** JSON keeps the parts apart: `['ab', 'c']` and `['a', 'bc']` are different bindings. */
function encode(binding: Binding): Buffer {
  return Buffer.from(JSON.stringify(['moulin/1', ...binding]), 'utf8');
}
