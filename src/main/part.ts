import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { ResolvedConfig } from '../base/kit/config.ts';
import { fail, isFailure } from '../base/kit/errors.ts';
import type { ErrorCode, ErrorParams } from '../contract/errors.ts';
import { type PartName, partWord } from './part-word.ts';
import type { ServerFacts } from './server.ts';
import type { StoreAddress } from './store.ts';

// The supervisor and its parts, the server and the worker, are processes of one program: both ends of the channel between
// them are this file, and what goes over it (passwords too) is in no command line and no environment.

export type { PartName };

export interface Opening {
  resolved: ResolvedConfig;
  address: StoreAddress;
  /** Where the server listened before it was started again: pages that are open look for it there. */
  port: number | undefined;
  /** Workers of this supervisor that have ended: what they had may be started again at once. */
  ended_workers: readonly string[];
}

export type ToPart = { type: 'open'; opening: Opening } | { type: 'stop' };

export type FromPart =
  | { type: 'listening'; facts: ServerFacts; local_token: string; started_at: string }
  | { type: 'working'; worker_id: string }
  | { type: 'failed'; failure: { code: ErrorCode; params: ErrorParams } | { message: string } };

/**
 * V8 lets its young generation grow to three times 16 MB before it cleans up, and seldom gives them back: with a start
 * behind it that is a third of what the worker weighs while nothing happens. The server keeps it: cleaning up four times as
 * often is what its slowest answers would wait for.
 */
const YOUNG_FLAG = '--max-semi-space-size=4';

/** The flags that somebody gave to Node, without ours: what works hard, in a runner, is to have its young generation. */
export function givenFlags(): string[] {
  return process.execArgv.filter(flag => flag !== YOUNG_FLAG);
}

export function spawnPart(name: PartName, package_folder: string): ChildProcess {
  const program = join(package_folder, 'bin', 'main.mjs');
  const young = name === 'worker' ? [YOUNG_FLAG] : [];
  return spawn(process.execPath, [...givenFlags(), ...young, program, partWord(name)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // A group of its own: Ctrl-C reaches the supervisor alone, which ends its parts in their order.
    detached: true,
    windowsHide: true,
  });
}

export function describeFailure(error: unknown): FromPart & { type: 'failed' } {
  const failure = isFailure(error)
    ? { code: error.code, params: error.params }
    : { message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  return { type: 'failed', failure };
}

export function asError({ failure }: FromPart & { type: 'failed' }): Error {
  return 'code' in failure ? fail(failure.code, failure.params) : new Error(failure.message);
}

// ── In the part ─────────────────────────────────────────────────────────────────────────────────────

/** So that the store, which ends after its parts, is still in time. */
const LAST_MS = 7000;
/** Nobody is left to wait for. */
const ORPHAN_MS = 2000;

/**
 * The life of a part: opened by the first message, closed by a word, a signal, or the end of the supervisor (the channel
 * breaks). What does not close in time ends all the same.
 */
export async function livePart(
  open: (
    opening: Opening,
    tell: (message: FromPart) => Promise<void>,
  ) => Promise<{ close(): Promise<void>; failed: Promise<string> }>,
): Promise<void> {
  const ending = Promise.withResolvers<number>();
  const first = Promise.withResolvers<Opening>();
  process.on('message', (message: ToPart) => {
    if (message.type === 'open') first.resolve(message.opening);
    else ending.resolve(LAST_MS);
  });
  process.once('disconnect', () => ending.resolve(ORPHAN_MS));
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => ending.resolve(LAST_MS));
  if (!process.connected) return;

  const tell = (message: FromPart): Promise<void> =>
    new Promise(resolve => (process.send ? process.send(message, () => resolve()) : resolve()));
  try {
    const opening = await Promise.race([first.promise, ending.promise]);
    if (typeof opening === 'number') return;
    const part = await open(opening, tell);
    const failed = part.failed.then(() => {
      process.exitCode = 1;
      return LAST_MS;
    });
    const patience = await Promise.race([ending.promise, failed]);
    setTimeout(() => process.exit(1), patience).unref();
    await part.close();
  } catch (error) {
    process.exitCode = 1;
    await tell(describeFailure(error));
  }
}
