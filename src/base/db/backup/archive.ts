import { createHash } from 'node:crypto';

// A backup is a tar file (ustar): every system can list and unpack one. This is the little of the format that it needs.

const BLOCK = 512;
const MAX_NAME = 100;
/** Eleven octal digits. */
const MAX_SIZE = 8 ** 11 - 1;

export interface Header {
  name: string;
  size: number;
}

export class ArchiveError extends Error {}

export function writeHeader({ name, size }: Header, mtime_seconds: number): Buffer {
  if (Buffer.byteLength(name) > MAX_NAME || size > MAX_SIZE)
    throw new Error(`tar cannot hold ${name} (${size})`);
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, digits: number) =>
    block.write(value.toString(8).padStart(digits, '0'), at, 'ascii');
  block.write(name, 0, 'utf8');
  octal(0o600, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(size, 124, 11);
  octal(mtime_seconds, 136, 11);
  block.write('0', 156, 'ascii');
  block.write('ustar\x0000', 257, 'ascii');
  octal(checksumOf(block), 148, 6);
  block.write('\0 ', 154, 'ascii');
  return block;
}

/** Nothing for the zero block that ends the archive. */
export function readHeader(block: Buffer): Header | undefined {
  if (block.every(byte => byte === 0)) return undefined;
  if (block.toString('ascii', 257, 262) !== 'ustar') throw new ArchiveError('it is not a tar file');
  if (octalAt(block, 148, 8) !== checksumOf(block)) throw new ArchiveError('a header is damaged');
  const name = block.toString('utf8', 0, MAX_NAME).replace(/\0.*$/s, '');
  return { name, size: octalAt(block, 124, 12) };
}

function octalAt(block: Buffer, at: number, length: number): number {
  const text = block.toString('ascii', at, at + length).replace(/[\0 ]+$/, '');
  if (!/^[0-7]+$/.test(text)) throw new ArchiveError('a header is damaged');
  return Number.parseInt(text, 8);
}

/** The sum of all bytes, its own field counted as blanks. */
function checksumOf(block: Buffer): number {
  return block.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte), 0);
}

/** Bodies fill whole blocks. */
export function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

export const HEADER_BYTES = BLOCK;
export const END = Buffer.alloc(2 * BLOCK);

export function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex');
}
