import { write, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { endFrame, frameHeader, MAX_FRAME_BYTES } from './bulk.ts';
import { BULK_FD } from './pipes.ts';

const writeSome = promisify(write);

export interface ChildBulk {
  /** Fulfilled when the worker, or the pipe, has taken it. */
  send(bytes: Uint8Array): Promise<void>;
  end(whole: boolean): void;
}

/** Sends of one task follow each other, however they are called. */
export function openBulk(fd = BULK_FD): ChildBulk {
  let total = 0;
  let before = Promise.resolve();
  const frames = async (bytes: Uint8Array) => {
    for (let from = 0; from < bytes.length; from += MAX_FRAME_BYTES) {
      const part = bytes.subarray(from, from + MAX_FRAME_BYTES);
      await writeWhole(fd, frameHeader(part.length));
      await writeWhole(fd, part);
      total += part.length;
    }
  };
  return {
    send(bytes) {
      const sent = before.then(() => frames(bytes));
      before = sent.catch(() => {});
      return sent;
    },
    end(whole) {
      // Nearly always nothing is under way, and one write without waiting does it.
      void before.then(() => void writeSync(fd, endFrame(total, whole))).catch(() => {});
    },
  };
}

async function writeWhole(fd: number, bytes: Uint8Array): Promise<void> {
  for (let from = 0; from < bytes.length; ) from += (await writeSome(fd, bytes, from)).bytesWritten;
}
