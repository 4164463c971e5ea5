import { setTimeout as pause } from 'node:timers/promises';
import { backOff, type Committed, commitWithRetry, type Operation, stage } from '../commit/index.ts';
import { IcebergError, isIcebergError } from '../errors.ts';
import { applyUpdates, type Update, withPrevious } from '../metadata/index.ts';
import type { DataFile, TableMetadata } from '../model.ts';
import type { ManifestReader } from '../scan/index.ts';
import type { Files, Pointer } from '../world.ts';

export interface CommitWorld {
  pointer: Pointer;
  files: Files;
  reader: ManifestReader;
  now: () => number;
}

/** Commits what was staged; where the table certainly does not have it then, its files go. */
export async function commit(world: CommitWorld, operation: Operation, attempt: string): Promise<Committed> {
  try {
    const { pointer, files, reader, now } = world;
    const options = { staged: stage(attempt), now };
    return await inTurn(pointer, () => commitWithRetry(pointer, operation, { files, reader }, options));
  } catch (error) {
    // After any other error the files may be the table's: an answer may have been lost.
    if (isIcebergError(error, 'conflict')) await removeAll(world.files, stagedFiles(operation));
    throw error;
  }
}

const turns = new WeakMap<Pointer, Promise<unknown>>();

/** Through one pointer they go one after the other: at once, they would only be faster than each other, and try again. */
function inTurn<T>(pointer: Pointer, work: () => Promise<T>): Promise<T> {
  const done = (turns.get(pointer) ?? Promise.resolve()).then(work);
  turns.set(
    pointer,
    done.catch(() => undefined),
  );
  return done;
}

function stagedFiles(operation: Operation): readonly DataFile[] {
  return [
    ...('added' in operation ? operation.added : []),
    ...('deletes' in operation ? operation.deletes : []),
  ];
}

/** Best effort: what stays is an orphan. */
async function removeAll(files: Files, data: readonly DataFile[]): Promise<void> {
  for (const { file_path } of data) await files.remove(file_path).catch(() => undefined);
}

const REPLANS = 5;

/** A change that was planned on a table of the past is planned again, as often as that is sensible. */
export async function replan<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isIcebergError(error, 'conflict') || tries === REPLANS) throw error;
    }
  }
}

const SWAPS = 20;

/** A change of metadata alone, decided on whatever is current; undefined: there is nothing to change. */
export async function commitUpdates(
  { pointer, now }: Pick<CommitWorld, 'pointer' | 'now'>,
  decide: (metadata: TableMetadata) => Update[] | undefined,
): Promise<{ before: TableMetadata; after: TableMetadata }> {
  for (let tries = 1; ; tries += 1) {
    const base = await pointer.load();
    const updates = decide(base.metadata);
    if (updates === undefined || updates.length === 0) return { before: base.metadata, after: base.metadata };
    const changed = applyUpdates(base.metadata, updates, { now_ms: now() });
    const after = withPrevious(changed, base.metadata, base.location);
    if (await pointer.swap(base.location, after)) return { before: base.metadata, after };
    if (tries === SWAPS) throw new IcebergError('conflict', `others were faster ${tries} times`, { tries });
    await pause(backOff(tries, Math.random));
  }
}

/** What is committed through this pointer carries these changes of metadata with it, all or nothing. */
export function withUpdates(
  pointer: Pointer,
  now: () => number,
  decide: (metadata: TableMetadata) => Update[],
): Pointer {
  return {
    load: async () => {
      const { metadata, location } = await pointer.load();
      return { metadata: applyUpdates(metadata, decide(metadata), { now_ms: now() }), location };
    },
    swap: pointer.swap,
  };
}
