// What a runner's process is connected with, besides its channel: the same numbers on both sides.

/** Bulk bytes of the task, in frames. */
export const BULK_FD = 4;
/** Its own log, one JSON array per line: [milliseconds, level, text, fields?]. */
export const LOG_FD = 5;

/** Sent over each output at the end of a task; no text of a task holds it by chance. */
export function markOf(task: string): string {
  return `\u0001moulin ${task}\u0001`;
}

/** Its last words on stderr when the channel to its worker closed. */
export const CHANNEL_CLOSED = 'moulin: the channel to the worker is closed';

export const MAX_LINE_BYTES = 1024 * 1024;
