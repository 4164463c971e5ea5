import { IcebergError, isIcebergError } from '../errors.ts';
import { findSnapshot } from '../metadata/index.ts';
import type { Snapshot, TableMetadata } from '../model.ts';
import type { Pointer } from '../world.ts';
import { countOr } from './merge.ts';
import type { Operation } from './operation.ts';
import { type Produced, produce, type World } from './produce.ts';
import { discard, type Staged, stage } from './staged.ts';

export interface RetryOptions {
  /** `commit.retry.num-retries` of the table, unless said; 20 where nobody said. */
  attempts?: number;
  staged?: Staged;
  now?: () => number;
  wait?: (ms: number) => Promise<void>;
  random?: () => number;
}

export interface Committed {
  metadata: TableMetadata;
  /** Absent: there was nothing to change. */
  snapshot?: Snapshot;
  tries: number;
}

/**
 * Produces and swaps until it is the one that was fastest, a conflict says that it may not be, or the tries are used up. What it
 * wrote is removed where the table certainly does not name it, and only there.
 */
export async function commitWithRetry(
  pointer: Pointer,
  operation: Operation,
  world: Omit<World, 'now_ms'>,
  options: RetryOptions = {},
): Promise<Committed> {
  const staged = options.staged ?? stage();
  for (let tries = 1; ; tries += 1) {
    const base = await pointer.load();
    const produced = await produceOrDiscard(operation, base, staged, world, options.now ?? Date.now);
    if (produced.snapshot === undefined || produced.already)
      return { metadata: base.metadata, snapshot: produced.snapshot, tries };
    if (await swap(pointer, base.location, produced)) {
      await removeUnused(produced, world);
      return { metadata: produced.metadata, snapshot: produced.snapshot, tries };
    }
    const limit = options.attempts ?? triesOf(base.metadata.properties);
    if (tries >= limit) return giveUp(staged, world, tries);
    await (options.wait ?? pause)(backOff(tries, options.random ?? Math.random));
  }
}

/** A conflict, a file that is missing: nothing of this was ever offered to the pointer, or the pointer said no. */
async function produceOrDiscard(
  operation: Operation,
  base: { metadata: TableMetadata; location: string },
  staged: Staged,
  world: Omit<World, 'now_ms'>,
  now: () => number,
): Promise<Produced> {
  try {
    return await produce(operation, base, staged, { ...world, now_ms: now() });
  } catch (error) {
    await discardQuietly(staged, world);
    throw error;
  }
}

/** An answer that got lost leaves two possibilities; the table itself knows which. */
async function swap(pointer: Pointer, base: string, produced: Produced): Promise<boolean> {
  try {
    return await pointer.swap(base, produced.metadata);
  } catch (error) {
    const id = produced.snapshot?.['snapshot-id'];
    const now = await pointer.load().catch(() => undefined);
    if (now && id !== undefined && findSnapshot(now.metadata, id)) return true;
    // It may still arrive. The files stay, until the attempt is known to have ended.
    throw error;
  }
}

async function giveUp(staged: Staged, world: Omit<World, 'now_ms'>, tries: number): Promise<never> {
  await discardQuietly(staged, world);
  throw new IcebergError('conflict', `others were faster ${tries} times`, { rule: 'outrun', tries });
}

/** Best effort: what stays is an orphan, which maintenance finds. The first error is the one that is told. */
async function discardQuietly(staged: Staged, world: Omit<World, 'now_ms'>): Promise<void> {
  await discard(staged, world.files).catch(() => undefined);
}

/** Best effort, as above: the commit is true already. */
async function removeUnused(produced: Produced, world: Omit<World, 'now_ms'>): Promise<void> {
  for (const location of produced.unused) await world.files.remove(location).catch(() => undefined);
}

function triesOf(properties: Readonly<Record<string, string>>): number {
  return countOr(properties['commit.retry.num-retries'], 19, 0) + 1;
}

const FIRST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 500;

/** Up to double each time, at random: two that collided must not collide again in step. */
export function backOff(tries: number, random: () => number): number {
  return random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries);
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}

export function isConflict(error: unknown): error is IcebergError {
  return isIcebergError(error, 'conflict');
}
