import type { Store } from '../../../base/db/index.ts';
import { newId } from '../../../base/kit/ids.ts';
import type { Storage } from '../../../base/storage/index.ts';
import type { NumberedLine } from './line.ts';
import { decodePiece, encodePiece } from './piece.ts';
import {
  type AttemptRef,
  type PackedPiece,
  planPacking,
  replacePieces,
  type UnpackedPiece,
  unpackedPieces,
  usedObjects,
} from './store.ts';

// Small pieces of logs that have ended, and the many of those that go on, become large ones, and many large ones become one
// object. The object is durable before one transaction lets the rows point to it. What a crash leaves between the two is an
// object that no row knows; `sweepObjects` finds it.

export const LOG_OBJECTS = 'artifacts/logs/';

export interface PackParts {
  store: Pick<Store, 'withInstance'>;
  storage: Storage;
  /** For the day in the name of an object, which only people read. */
  now: () => number;
}

export interface PackOptions {
  /** Younger pieces stay: their writer may still not know that they were written. */
  settle_seconds: number;
  /** Fewer bytes wait for company, so that an hour of small tasks is one object and not hundreds … */
  worthwhile_bytes: number;
  /** … but no longer than this. */
  patience_seconds: number;
  object_bytes: number;
}

const OPTIONS: PackOptions = {
  settle_seconds: 10,
  worthwhile_bytes: 2 * 1024 * 1024,
  patience_seconds: 600,
  object_bytes: 16 * 1024 * 1024,
};
const PIECE_RAW_BYTES = 1024 * 1024;
/** Of one round; the next one goes on. */
const MAX_OBJECTS = 16;

export interface PackReport {
  objects: number;
  pieces: number;
  bytes: number;
}

/** One round. By the leader only; two at once waste work and harm nothing. */
export async function packLogs(parts: PackParts, given: Partial<PackOptions> = {}): Promise<PackReport> {
  const options = { ...OPTIONS, ...given };
  const report: PackReport = { objects: 0, pieces: 0, bytes: 0 };
  const plan = await parts.store.withInstance('plan the packing of logs', tx =>
    planPacking(tx, options.settle_seconds),
  );
  const is_due = plan.bytes >= options.worthwhile_bytes || plan.oldest_seconds >= options.patience_seconds;
  if (plan.attempts.length === 0 || !is_due) return report;
  const merged = mergeAttempts(parts, plan.attempts, options);
  while (report.objects < MAX_OBJECTS) {
    const pieces = await takeFor(merged, options.object_bytes);
    if (pieces.length === 0) break;
    if (!(await storeObject(parts, pieces))) break;
    report.objects += 1;
    report.pieces += pieces.reduce((sum, { instead_of }) => sum + instead_of.length, 0);
    report.bytes += pieces.reduce((sum, { data }) => sum + data.length, 0);
  }
  await merged.return(undefined);
  return report;
}

type Merged = Omit<PackedPiece, 'object' | 'offset' | 'bytes'> & { data: Buffer };

async function* mergeAttempts(
  { store }: PackParts,
  attempts: readonly AttemptRef[],
  { settle_seconds }: PackOptions,
): AsyncGenerator<Merged, void, undefined> {
  for (const ref of attempts)
    for (let from = 0; ; ) {
      const asked = { from, settle_seconds, raw_bytes: PIECE_RAW_BYTES };
      const pieces = await store.withInstance('read logs to pack', tx => unpackedPieces(tx, ref, asked));
      const together = withoutGaps(pieces);
      const [first] = together;
      if (first === undefined) break;
      const merged = merge(ref, together);
      if (merged) yield merged;
      from = first.first_line + together.reduce((sum, { lines }) => sum + lines, 0);
    }
}

/** What lies between may be packed already, or gone. */
function withoutGaps(pieces: readonly UnpackedPiece[]): readonly UnpackedPiece[] {
  const end = pieces.findIndex((piece, place) => {
    const before = pieces[place - 1];
    return before !== undefined && piece.first_line !== before.first_line + before.lines;
  });
  return end < 0 ? pieces : pieces.slice(0, end);
}

function merge(ref: AttemptRef, pieces: readonly UnpackedPiece[]): Merged | undefined {
  const all = pieces.flatMap(({ data, first_line }): NumberedLine[] => decodePiece(data, first_line));
  const [first, ...rest] = all;
  const newest = pieces.reduce((latest, { written_at }) => (written_at > latest ? written_at : latest), '');
  return (
    first && {
      ...encodePiece([first, ...rest]),
      ref,
      first_line: first.n,
      written_at: newest,
      instead_of: pieces.map(({ first_line }) => first_line),
    }
  );
}

/** As many as one object takes. */
async function takeFor(merged: AsyncGenerator<Merged, void, undefined>, bytes: number): Promise<Merged[]> {
  const taken: Merged[] = [];
  for (let size = 0; size < bytes - PIECE_RAW_BYTES; ) {
    const { value } = await merged.next();
    if (!value) break;
    taken.push(value);
    size += value.data.length;
  }
  return taken;
}

/** Durable first, known second. False: the rows had changed meanwhile, and the object was for nothing. */
async function storeObject({ store, storage, now }: PackParts, pieces: readonly Merged[]): Promise<boolean> {
  const object = `${LOG_OBJECTS}${new Date(now()).toISOString().slice(0, 10)}/${newId()}`;
  await storage.put(object, Buffer.concat(pieces.map(({ data }) => data)));
  let offset = 0;
  const rows = pieces.map(({ data, ...piece }) => {
    const row: PackedPiece = { ...piece, object, offset, bytes: data.length };
    offset += data.length;
    return row;
  });
  try {
    await store.withInstance('pack logs', async tx => {
      if (!(await replacePieces(tx, rows))) throw new Overtaken();
    });
    return true;
  } catch (error) {
    if (!(error instanceof Overtaken)) throw error;
    await storage.delete(object);
    return false;
  }
}

/** Ends the transaction; nobody else sees it. */
class Overtaken extends Error {}

// ── Orphans ─────────────────────────────────────────────────────────────────────────────────────────

export interface Sweeper {
  /** Looks through all objects; deletes those that no row has known for a while. Answers how many. */
  sweep(): Promise<number>;
}

/** Longer than any put and its transaction take. */
const ORPHAN_MS = 10 * 60_000;
const LIST_PAGE = 500;

/**
 * Remembers since when it has seen an object without a row, by a clock that does not step: the time of a file would make an
 * object that is just being packed look old on the day somebody sets the clock forward.
 */
export function openSweeper({
  store,
  storage,
  monotonic,
  orphan_ms = ORPHAN_MS,
}: Pick<PackParts, 'store' | 'storage'> & { monotonic: () => number; orphan_ms?: number }): Sweeper {
  let suspects = new Map<string, number>();

  async function orphansOf(keys: readonly string[]): Promise<string[]> {
    const used = await store.withInstance('look for orphaned logs', tx => usedObjects(tx, keys));
    return keys.filter(key => !used.has(key));
  }

  return {
    async sweep() {
      const now = monotonic();
      const still = new Map<string, number>();
      let deleted = 0;
      let after: string | null = '';
      while (after !== null) {
        const page: Awaited<ReturnType<Storage['list']>> = await storage.list(LOG_OBJECTS, {
          after,
          limit: LIST_PAGE,
        });
        for (const key of await orphansOf(page.items.map(item => item.key))) {
          const since = suspects.get(key) ?? now;
          if (now - since < orphan_ms) {
            still.set(key, since);
            continue;
          }
          await storage.delete(key);
          deleted += 1;
        }
        after = page.next;
      }
      suspects = still;
      return deleted;
    },
  };
}
