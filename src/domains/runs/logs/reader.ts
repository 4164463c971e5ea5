import type { Store, Tx } from '../../../base/db/index.ts';
import { fail, isFailure } from '../../../base/kit/errors.ts';
import type { Storage } from '../../../base/storage/index.ts';
import type { LogLevel } from '../../../contract/runs.ts';
import { levelNumber, type NumberedLine, SHOWN_LENGTH } from './line.ts';
import type { OpenSearch, Search } from './search.ts';
import { type Selection, selectLines } from './select.ts';
import { findPieces, findPlace, type LogPlace, type PieceQuery, type PieceRow } from './store.ts';

export interface ReaderParts {
  store: Pick<Store, 'withWorkspace'>;
  storage: Storage;
  openSearch: OpenSearch;
  /** For the time that one page may take. */
  monotonic: () => number;
}

export interface AskedPlace {
  workspace_id: string;
  task_id: string;
  attempt?: number | undefined;
}

/** What is known of the log; throws `object.not_found`. */
export async function placeOf(parts: Pick<ReaderParts, 'store'>, asked: AskedPlace): Promise<LogPlace> {
  const { workspace_id, task_id, attempt } = asked;
  const place = await read(parts, workspace_id, tx => findPlace(tx, { workspace_id, task_id, attempt }));
  if (place) return place;
  const whole = attempt === undefined ? undefined : await placeOf(parts, { workspace_id, task_id });
  throw whole
    ? fail('object.not_found', { kind: 'attempt', id: String(attempt) })
    : fail('object.not_found', { kind: 'task', id: task_id });
}

/** Written once, and nothing of it is kept any more. */
export function isGone({ open, written, lines }: LogPlace): boolean {
  return !open && written > 0 && lines === 0;
}

// ── Pages ───────────────────────────────────────────────────────────────────────────────────────────

export interface PageQuery {
  /** The first line that may be in it; with `back`, the one after the last. */
  from: number;
  limit: number;
  back: boolean;
  level: LogLevel;
  search?: string | undefined;
  full: boolean;
}

export interface LinePage {
  lines: NumberedLine[];
  /** Where to go on: as `from`. Null: nothing is left that way. */
  next: number | null;
}

/** A page stops here and says how far it came. */
const PAGE_MS = 1500;
const PAGE_BYTES = 8 * 1024 * 1024;
const FIRST_PIECES = 1;
const MORE_PIECES = 8;

export async function readPage(
  parts: ReaderParts,
  workspace_id: string,
  place: LogPlace,
  query: PageQuery,
): Promise<LinePage> {
  const { attempt } = place;
  if (attempt === null) return { lines: [], next: null };
  const search = query.search ? await parts.openSearch(query.search) : undefined;
  try {
    return await collectPage(parts, { ...place, workspace_id, attempt }, query, search);
  } finally {
    await search?.close();
  }
}

type Place = LogPlace & { workspace_id: string; attempt: number };

async function collectPage(
  parts: ReaderParts,
  place: Place,
  query: PageQuery,
  search: Search | undefined,
): Promise<LinePage> {
  const { back, level, limit } = query;
  const stop_at = parts.monotonic() + PAGE_MS;
  const found: NumberedLine[] = [];
  let room = PAGE_BYTES;
  let at = back ? Math.min(query.from, place.lines) : query.from;
  const page = (next: number | null): LinePage => ({
    lines: back ? found.reverse() : found,
    next: next === null || isEnd(next) ? null : next,
  });
  const isEnd = (next: number) => (back ? next <= place.first : next >= place.lines);

  const pieces = walkPieces(parts, { ...place, from: at, back, min_level: levelNumber(level) });
  for await (const piece of pieces) {
    const end = piece.first_line + piece.lines;
    const wanted: Selection = {
      ...piece,
      from: back ? 0 : at,
      before: back ? at : Number.MAX_SAFE_INTEGER,
      level,
      limit: limit - found.length,
      back,
    };
    const lines = search ? await search.find(wanted) : selectLines(wanted);
    // In the order of the walk: backwards, the last one first.
    for (const line of back ? lines.reverse() : lines) {
      found.push(line);
      room -= query.full ? line.text.length : Math.min(line.text.length, SHOWN_LENGTH);
      if (found.length === limit || room <= 0) return page(back ? line.n : line.n + 1);
    }
    at = back ? piece.first_line : end;
    if (parts.monotonic() > stop_at) return page(at);
  }
  return page(null);
}

// ── Pieces ──────────────────────────────────────────────────────────────────────────────────────────

export interface ReadPiece {
  first_line: number;
  lines: number;
  data: Uint8Array;
}

/**
 * Piece by piece, each transaction short. Packing may put others in their place meanwhile, so each step begins from a line
 * number, and an object that has just gone is looked for again.
 */
export async function* walkPieces(
  parts: Pick<ReaderParts, 'store' | 'storage'>,
  query: Omit<PieceQuery, 'limit'>,
): AsyncGenerator<ReadPiece> {
  let { from } = query;
  let limit = FIRST_PIECES;
  for (;;) {
    const asked = { ...query, from, limit };
    const rows = await read(parts, query.workspace_id, tx => findPieces(tx, asked));
    for (const row of rows) {
      // The one that `from` lies in, or right after.
      if (!query.back && row.first_line + row.lines <= from) continue;
      const data = await load(parts, asked, row);
      if (data === undefined) break;
      yield { first_line: row.first_line, lines: row.lines, data };
      from = query.back ? row.first_line : row.first_line + row.lines;
    }
    if (rows.length < limit && !isBehind(rows, from, query.back)) return;
    limit = MORE_PIECES;
  }
}

/** A piece could not be loaded, because it lies elsewhere by now. */
function isBehind(rows: readonly PieceRow[], from: number, back: boolean): boolean {
  const last = rows.at(-1);
  if (last === undefined) return false;
  return back ? from > last.first_line : from < last.first_line + last.lines;
}

/** Undefined: the row has changed since it was read. */
async function load(
  parts: Pick<ReaderParts, 'store' | 'storage'>,
  query: PieceQuery,
  { first_line, stored }: PieceRow,
): Promise<Uint8Array | undefined> {
  if ('data' in stored) return stored.data;
  try {
    return await parts.storage.range(stored.object, stored.offset, stored.bytes);
  } catch (error) {
    if (!isFailure(error, 'storage.missing')) throw error;
    const again = { ...query, from: first_line, back: false, min_level: 0, limit: 1 };
    const [row] = await read(parts, query.workspace_id, tx => findPieces(tx, again));
    // The row still says so: the object was lost, and no second look will find it.
    if (row !== undefined && 'object' in row.stored && row.stored.object === stored.object) throw error;
    return undefined;
  }
}

function read<T>(
  { store }: Pick<ReaderParts, 'store'>,
  workspace_id: string,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  return store.withWorkspace({ workspace_id }, work, { read_only: true });
}
