import { writeSync } from 'node:fs';
import type { LogLevel } from '../../../contract/runs.ts';
import type { LogFields, TaskLog } from '../task.ts';
import { LOG_FD, MAX_LINE_BYTES } from './pipes.ts';

// The log of a task leaves its process through a pipe of its own, by writes that wait: whoever writes faster than it can be
// kept is slowed down, nothing piles up, nothing is lost in a crash, and no message waits behind it.

const BATCH_BYTES = 64 * 1024;
/** Written one by one in a turn of the loop; what comes after them is a flood, and goes out together. */
const SINGLE_LINES = 100;

export interface ChildLog {
  fd: number;
  lines: TaskLog;
  flush(): void;
}

export function openLog(fd = LOG_FD): ChildLog {
  let batch: string[] = [];
  let size = 0;
  let in_turn = 0;

  const flush = () => {
    if (batch.length === 0) return;
    const text = batch.join('');
    batch = [];
    size = 0;
    writeAll(fd, Buffer.from(text));
  };
  const endTurn = () => {
    in_turn = 0;
    flush();
  };
  const at = (level: LogLevel) => (text: string, fields?: LogFields) => {
    const line = toLine(level, String(text), fields);
    batch.push(line);
    size += line.length;
    in_turn += 1;
    if (in_turn === 1) setImmediate(endTurn);
    if (size >= BATCH_BYTES || in_turn <= SINGLE_LINES) flush();
  };
  const lines = {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('fatal'),
  };
  return { fd, lines, flush };
}

function toLine(level: LogLevel, text: string, fields: LogFields | undefined): string {
  const now = Date.now();
  const over = text.length - MAX_LINE_BYTES;
  const shown = over > 0 ? text.slice(0, MAX_LINE_BYTES) : text;
  const said = over > 0 ? { ...fields, left_out: over } : fields;
  try {
    return `${JSON.stringify(said === undefined ? [now, level, shown] : [now, level, shown, said])}\n`;
  } catch {
    // A circle, or a BigInt: the words matter more.
    return `${JSON.stringify([now, level, shown])}\n`;
  }
}

/** A pipe that is full is waited for, also where somebody (a child with the same stdout) made it one that does not wait. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let from = 0; from < bytes.length; ) {
    try {
      from += writeSync(fd, bytes, from);
    } catch (error) {
      if (!isBusy(error)) return;
      Atomics.wait(PAUSE, 0, 0, 1);
    }
  }
}

const PAUSE = new Int32Array(new SharedArrayBuffer(4));

/** Anything else: the other end is closed, and so will be the channel. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
}
