import { once } from 'node:events';
import type { Readable } from 'node:stream';

// Bulk bytes of a task, through a pipe of their own: frames of a length and that many bytes, and an explicit end that says how
// many there were. A stream that breaks is an error, never a short one that looks whole.

export const MAX_FRAME_BYTES = 1024 * 1024;
const LENGTH_BYTES = 4;
const TOTAL_BYTES = 8;
/** In the place of a length: all is there, or the task failed in between. */
const END = 0xffff_ffff;
const BROKEN = 0xffff_fffe;

export function frameHeader(bytes: number): Buffer {
  const header = Buffer.alloc(LENGTH_BYTES);
  header.writeUInt32BE(bytes);
  return header;
}

export function endFrame(total: number, whole: boolean): Buffer {
  const frame = Buffer.alloc(LENGTH_BYTES + TOTAL_BYTES);
  frame.writeUInt32BE(whole ? END : BROKEN);
  frame.writeBigUInt64BE(BigInt(total), LENGTH_BYTES);
  return frame;
}

export class BrokenBulk extends Error {
  override name = 'BrokenBulk';
}

export interface BulkReader {
  /** The bytes of one task; whoever stops in between goes on where it stopped. */
  read(): AsyncGenerator<Uint8Array, void, void>;
  /** Another task begins: its bytes come after the end of the one before. */
  next(): void;
}

/** Reads only when somebody reads it: the pipe fills, and the task waits. */
export function bulkReader(stream: Readable): BulkReader {
  let left = 0;
  let total = 0;
  let ended = false;
  return {
    async *read() {
      while (!ended) {
        if (left === 0) {
          const head = (await take(stream, LENGTH_BYTES)).readUInt32BE();
          if (head === END || head === BROKEN) {
            const said = Number((await take(stream, TOTAL_BYTES)).readBigUInt64BE());
            ended = true;
            if (head === BROKEN) throw new BrokenBulk('the task ended before it had sent all');
            if (said !== total) throw new BrokenBulk(`${said} bytes were sent and ${total} came`);
            return;
          }
          if (head === 0 || head > MAX_FRAME_BYTES) throw new BrokenBulk(`a frame of ${head} bytes`);
          left = head;
        }
        const piece = await takeSome(stream, left);
        left -= piece.length;
        total += piece.length;
        yield piece;
      }
    },
    next() {
      ended = false;
      total = 0;
    },
  };
}

async function take(stream: Readable, bytes: number): Promise<Buffer> {
  for (;;) {
    // At the end of the stream `read` hands out what is left, however little.
    const piece: Buffer | null = stream.read(bytes);
    if (piece?.length === bytes) return piece;
    if (piece !== null) throw new BrokenBulk('the stream broke within a frame');
    await more(stream);
  }
}

async function takeSome(stream: Readable, most: number): Promise<Buffer> {
  for (;;) {
    const piece: Buffer | null = stream.read(Math.max(1, Math.min(most, stream.readableLength)));
    if (piece !== null) return piece;
    await more(stream);
  }
}

async function more(stream: Readable): Promise<void> {
  if (stream.readableEnded || stream.destroyed) throw new BrokenBulk('the stream broke before its end');
  const settled = new AbortController();
  const { signal } = settled;
  try {
    await Promise.race(['readable', 'end', 'close'].map(event => once(stream, event, { signal })));
  } finally {
    settled.abort();
  }
}
