import type { Tx } from '../../../base/db/index.ts';
import { toTimestamp } from '../../../base/kit/clock.ts';
import type { Config } from '../../../contract/config.ts';
import type { PackParts } from './pack.ts';
import { deletePiecesBefore, deleteRunsBefore, surplusBefore, usedObjects } from './store.ts';

const DAY_MS = 86_400_000;

export type RunRetention = Pick<Config['retention'], 'run_logs_days' | 'run_logs_bytes' | 'runs_days'>;

export interface TrimReport {
  pieces: number;
  objects: number;
  runs: number;
}

interface Deleted {
  count: number;
  objects: string[];
}

/** Rows first, then the objects that no row refers to any more; what a crash leaves between, the sweeper finds. */
export async function trimLogs(parts: PackParts, keep: RunRetention): Promise<TrimReport> {
  const { store, now } = parts;
  const runs = await deleteAll(parts, tx =>
    deleteRunsBefore(tx, toTimestamp(now() - keep.runs_days * DAY_MS)),
  );
  const old = await deleteAll(parts, tx =>
    deletePiecesBefore(tx, toTimestamp(now() - keep.run_logs_days * DAY_MS)),
  );
  const before = await store.withInstance('measure logs', tx => surplusBefore(tx, keep.run_logs_bytes));
  const surplus =
    before === undefined ? NOTHING : await deleteAll(parts, tx => deletePiecesBefore(tx, before));
  return {
    runs: runs.count,
    pieces: old.count + surplus.count,
    objects: runs.objects + old.objects + surplus.objects,
  };
}

const NOTHING = { count: 0, objects: 0 };

/** Batch by batch, each a transaction of its own: years of logs must not be one. */
async function deleteAll(
  parts: PackParts,
  deleteSome: (tx: Tx) => Promise<Deleted>,
): Promise<{ count: number; objects: number }> {
  const total = { ...NOTHING };
  for (;;) {
    const { count, objects } = await parts.store.withInstance('trim logs and runs', deleteSome);
    total.count += count;
    total.objects += await deleteUnused(parts, objects);
    if (count === 0) return total;
  }
}

async function deleteUnused({ store, storage }: PackParts, objects: readonly string[]): Promise<number> {
  const used = await store.withInstance('look for unused logs', tx => usedObjects(tx, objects));
  const unused = objects.filter(object => !used.has(object));
  await storage.delete(unused);
  return unused.length;
}
