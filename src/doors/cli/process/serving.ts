import { type Terminal, write } from '../terminal.ts';
import { watchParents } from './parents.ts';
import { onStopSignals, STOP_DEADLINE_MS } from './signals.ts';

/** Something that goes on until it is stopped. */
export interface Lasting {
  /** Settles, with the reason, when it can no longer do its work. */
  failed: Promise<string>;
  close(): Promise<void>;
}

/** Open, tell, wait for the end, close: the life of every command that lasts. */
export async function serveUntilStopped<T extends Lasting>(
  terminal: Terminal,
  open: () => Promise<T>,
  ready: (opened: T) => Promise<void>,
): Promise<void> {
  const stopping = Promise.withResolvers<string>();
  const signals = onStopSignals({ stop: stopping.resolve, stopNow: () => process.exit(1) });
  const unwatch = watchParents(() => stopping.resolve('the process that started it has ended'));
  try {
    const opened = await Promise.race([open(), stopping.promise]);
    // Stopped before it was open: what is half open ends with the process.
    if (typeof opened === 'string') return;
    try {
      const is_ready = await Promise.race([ready(opened).then(() => true), stopping.promise]);
      const reason =
        typeof is_ready === 'string' ? is_ready : await Promise.race([stopping.promise, opened.failed]);
      await write(terminal.stderr, `Stopping (${reason}) …\n`);
    } finally {
      await closeInTime(opened);
    }
    await write(terminal.stderr, 'Stopped.\n');
  } finally {
    unwatch();
    signals.close();
  }
}

/** What does not end in time is left to the guards and to the system: nothing hangs. */
async function closeInTime(opened: Lasting): Promise<void> {
  const deadline = setTimeout(() => process.exit(1), STOP_DEADLINE_MS - 1000);
  await opened.close();
  clearTimeout(deadline);
}
