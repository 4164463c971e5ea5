import { fail } from '../kit/errors.ts';

const MAX_KEY_BYTES = 1024;
/** What Linux, macOS and NTFS agree on for one name. */
const MAX_NAME_BYTES = 255;

/**
 * Keys are names separated by `/`. Refused is whatever means something else to some file system: `..` and hidden names,
 * control characters, backslashes, text that is not Unicode or not in its composed form (macOS would change it). What is
 * left means the same object everywhere, and can leave no root.
 */
export function checkKey(key: string): void {
  const problem = problemOf(key);
  if (problem !== undefined) throw fail('storage.key', { key: key.slice(0, 200), reason: problem });
}

/** Of what others wrote: another program's file, an address in a table. */
export function isKey(key: string): boolean {
  return problemOf(key) === undefined;
}

function problemOf(key: string): string | undefined {
  if (key === '') return 'it is empty';
  if (!key.isWellFormed()) return 'it is not Unicode text';
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) return `it has more than ${MAX_KEY_BYTES} bytes`;
  if (/[\p{Cc}\\]/u.test(key)) return 'it has a control character or a backslash';
  if (key.normalize('NFC') !== key) return 'its accents are not composed (NFC)';
  const names = key.split('/');
  if (names.includes('')) return 'a name between two slashes is empty';
  if (names.some(name => name.startsWith('.'))) return 'a name begins with a dot';
  if (names.some(name => Buffer.byteLength(name) > MAX_NAME_BYTES))
    return `a name has more than ${MAX_NAME_BYTES} bytes`;
  return undefined;
}

/** In the order of bytes, as S3 lists them; JavaScript's own order differs beyond the basic plane. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
