import { sql } from 'kysely';
import { notifyAfterCommit, type Tx } from '../../../base/db/index.ts';
import { fromMicros } from './line.ts';
import type { Piece } from './piece.ts';

export const LOG_CHANNEL = 'moulin_logs';

export interface AttemptRef {
  workspace_id: string;
  run_id: string;
  task_id: string;
  attempt: number;
}

// ── Writing ─────────────────────────────────────────────────────────────────────────────────────────

export interface NewPiece extends Piece {
  ref: AttemptRef;
  first_line: number;
}

/**
 * Instance door. May come twice with the same pieces (the answer to the first time was lost), also when they were packed
 * meanwhile: what an earlier piece covers is not written again.
 */
export async function addPieces(tx: Tx, pieces: readonly NewPiece[]): Promise<void> {
  const column = <T>(pick: (piece: NewPiece) => T): T[] => pieces.map(pick);
  await sql`
    insert into log_pieces (task_id, attempt, first_line, workspace_id, run_id, lines, raw_bytes, min_level, max_level,
      first_at, last_at, data)
    select n.* from unnest(
      ${column(({ ref }) => ref.task_id)}::uuid[],
      ${column(({ ref }) => ref.attempt)}::integer[],
      ${column(({ first_line }) => first_line)}::bigint[],
      ${column(({ ref }) => ref.workspace_id)}::uuid[],
      ${column(({ ref }) => ref.run_id)}::uuid[],
      ${column(({ lines }) => lines)}::integer[],
      ${column(({ raw_bytes }) => raw_bytes)}::integer[],
      ${column(({ min_level }) => min_level)}::smallint[],
      ${column(({ max_level }) => max_level)}::smallint[],
      ${column(({ first_at }) => fromMicros(first_at))}::timestamptz[],
      ${column(({ last_at }) => fromMicros(last_at))}::timestamptz[],
      ${column(({ data }) => data)}::bytea[]
    ) as n (task_id, attempt, first_line, workspace_id, run_id, lines, raw_bytes, min_level, max_level, first_at, last_at, data)
    where coalesce((
      select p.first_line + p.lines from log_pieces p
      where p.task_id = n.task_id and p.attempt = n.attempt and p.first_line <= n.first_line
      order by p.first_line desc limit 1
    ), 0) <= n.first_line
    on conflict do nothing`.execute(tx);
  notifyAfterCommit(tx, LOG_CHANNEL);
}

// ── Reading ─────────────────────────────────────────────────────────────────────────────────────────

/** The log of one attempt, as far as it is known. */
export interface LogPlace {
  task_id: string;
  task_name: string;
  /** Null: the task has not been tried yet. */
  attempt: number | null;
  open: boolean;
  /** The first line that is kept, and the one after the last that is written. */
  first: number;
  lines: number;
  dropped: number;
  /** What the attempt said that it had written, when it ended. */
  written: number;
}

/** Workspace door. Undefined: no such task, or no such attempt. */
export async function findPlace(
  tx: Tx,
  asked: { workspace_id: string; task_id: string; attempt: number | undefined },
): Promise<LogPlace | undefined> {
  const { rows } = await sql<Record<keyof LogPlace, string | number | boolean | null>>`
    select t.id as task_id, t.name as task_name, a.number as attempt,
      case when a.number is null then t.ended_at is null else a.ended_at is null end as open,
      coalesce((select first_line from log_pieces p where p.task_id = t.id and p.attempt = a.number
        order by first_line limit 1), 0) as first,
      coalesce((select first_line + lines from log_pieces p where p.task_id = t.id and p.attempt = a.number
        order by first_line desc limit 1), 0) as lines,
      coalesce(a.log_dropped, 0) as dropped, coalesce(a.log_lines, 0) as written
    from task_runs t
    left join task_attempts a on a.task_id = t.id and a.number = coalesce(${asked.attempt ?? null}::integer,
      (select max(number) from task_attempts m where m.task_id = t.id))
    where t.workspace_id = ${asked.workspace_id} and t.id = ${asked.task_id}
      and (a.number is not null or ${asked.attempt ?? null}::integer is null)`.execute(tx);
  const [row] = rows;
  return (
    row && {
      task_id: String(row.task_id),
      task_name: String(row.task_name),
      attempt: row.attempt === null ? null : Number(row.attempt),
      open: row.open === true,
      first: Number(row.first),
      lines: Number(row.lines),
      dropped: Number(row.dropped),
      written: Number(row.written),
    }
  );
}

/** Where a piece lies: in the row, or in an object. */
export type Stored = { data: Buffer } | { object: string; offset: number; bytes: number };

export interface PieceRow {
  first_line: number;
  lines: number;
  stored: Stored;
}

export interface PieceQuery {
  workspace_id: string;
  task_id: string;
  attempt: number;
  /** A line number: pieces that hold it or what follows; with `back`, what comes before it. */
  from: number;
  back: boolean;
  /** Pieces whose worst line is less than this are left out. */
  min_level: number;
  limit: number;
}

/** Workspace door: in the order in which they are walked. */
export async function findPieces(tx: Tx, query: PieceQuery): Promise<PieceRow[]> {
  const { workspace_id, task_id, attempt, from, back, min_level, limit } = query;
  const start = sql<string>`coalesce((select s.first_line from log_pieces s
    where s.task_id = ${task_id} and s.attempt = ${attempt} and s.first_line <= ${from}
    order by s.first_line desc limit 1), 0)`;
  const rows = await tx
    .selectFrom('log_pieces')
    .select(['first_line', 'lines', 'data', 'object', 'object_offset', 'object_bytes'])
    .where('workspace_id', '=', workspace_id)
    .where('task_id', '=', task_id)
    .where('attempt', '=', attempt)
    .where('max_level', '>=', min_level)
    .where('first_line', back ? '<' : '>=', back ? sql<string>`${from}::bigint` : start)
    .orderBy('first_line', back ? 'desc' : 'asc')
    .limit(limit)
    .execute();
  return rows.map(row => ({
    first_line: Number(row.first_line),
    lines: row.lines,
    stored: storedOf(row),
  }));
}

interface StoredColumns {
  data: Buffer | null;
  object: string | null;
  object_offset: string | null;
  object_bytes: number | null;
}

function storedOf({ data, object, object_offset, object_bytes }: StoredColumns): Stored {
  if (data !== null) return { data };
  return { object: object ?? '', offset: Number(object_offset), bytes: Number(object_bytes) };
}

export interface Growth {
  task_id: string;
  attempt: number;
  lines: number;
  ended: boolean;
}

/** Instance door, for all that is tailed at once: how far each has come. Only numbers cross it. */
export async function findGrowth(
  tx: Tx,
  places: readonly { task_id: string; attempt: number }[],
): Promise<Growth[]> {
  const { rows } = await sql<{ task_id: string; attempt: number; lines: string; ended: boolean }>`
    select k.task_id, k.attempt, a.number is null or a.ended_at is not null as ended,
      coalesce((select first_line + lines from log_pieces p where p.task_id = k.task_id and p.attempt = k.attempt
        order by first_line desc limit 1), 0) as lines
    from unnest(${places.map(({ task_id }) => task_id)}::uuid[], ${places.map(({ attempt }) => attempt)}::integer[])
      as k (task_id, attempt)
    left join task_attempts a on a.task_id = k.task_id and a.number = k.attempt`.execute(tx);
  return rows.map(row => ({ ...row, lines: Number(row.lines) }));
}

// ── Packing ─────────────────────────────────────────────────────────────────────────────────────────

export interface PackingPlan {
  /** Attempts with pieces that may be packed now, oldest first. */
  attempts: AttemptRef[];
  bytes: number;
  oldest_seconds: number;
}

/** Looked at in one round; what is beyond comes in the next. */
const MAX_LOOKED_AT = 20_000;
const MAX_OPEN_PIECES = 64;
/** An attempt that says little for ever is packed too, now and then. */
const OPEN_SECONDS = 3600;

/** Instance door: of attempts that have ended, of those that wrote many, and what has been lying for long. */
export async function planPacking(tx: Tx, settle_seconds: number): Promise<PackingPlan> {
  const { rows } = await sql<AttemptRef & { bytes: string; age: number }>`
    with unpacked as (
      select task_id, attempt, workspace_id, run_id, octet_length(data) as bytes, written_at
      from log_pieces
      where data is not null and written_at <= now() - make_interval(secs => ${settle_seconds})
      order by written_at limit ${MAX_LOOKED_AT}
    ), attempts as (
      select task_id, attempt, workspace_id, run_id, count(*) as pieces, sum(bytes) as bytes, min(written_at) as oldest
      from unpacked group by 1, 2, 3, 4
    )
    select u.task_id, u.attempt, u.workspace_id, u.run_id, u.bytes,
      extract(epoch from now() - u.oldest)::double precision as age
    from attempts u
    left join task_attempts a on a.task_id = u.task_id and a.number = u.attempt
    where a.number is null or a.ended_at is not null or u.pieces > ${MAX_OPEN_PIECES}
      or u.oldest < now() - make_interval(secs => ${OPEN_SECONDS})
    order by u.oldest`.execute(tx);
  return {
    attempts: rows.map(({ workspace_id, run_id, task_id, attempt }) => ({
      workspace_id,
      run_id,
      task_id,
      attempt,
    })),
    bytes: rows.reduce((sum, { bytes }) => sum + Number(bytes), 0),
    oldest_seconds: rows[0]?.age ?? 0,
  };
}

export interface UnpackedPiece {
  first_line: number;
  lines: number;
  raw_bytes: number;
  data: Buffer;
  written_at: string;
}

/** Instance door: the next ones of an attempt, in order, about as much as `raw_bytes` of them. */
export async function unpackedPieces(
  tx: Tx,
  { task_id, attempt }: AttemptRef,
  { from, settle_seconds, raw_bytes }: { from: number; settle_seconds: number; raw_bytes: number },
): Promise<UnpackedPiece[]> {
  const { rows } = await sql<Omit<UnpackedPiece, 'first_line'> & { first_line: string }>`
    select first_line, lines, raw_bytes, data, written_at from (
      select *, sum(raw_bytes) over (order by first_line) - raw_bytes as before
      from (
        select first_line, lines, raw_bytes, data, written_at from log_pieces
        where task_id = ${task_id} and attempt = ${attempt} and first_line >= ${from} and data is not null
          and written_at <= now() - make_interval(secs => ${settle_seconds})
        order by first_line limit 1000
      ) following
    ) summed
    where before < ${raw_bytes}
    order by first_line`.execute(tx);
  return rows.map(row => ({ ...row, first_line: Number(row.first_line) }));
}

export interface PackedPiece extends Omit<Piece, 'data'> {
  ref: AttemptRef;
  first_line: number;
  object: string;
  offset: number;
  bytes: number;
  written_at: string;
  /** First lines of the pieces that it takes the place of. */
  instead_of: number[];
}

/**
 * Instance door: all pieces of one object, or none. False when one that was to be replaced is not there any more: another
 * packer was faster, or retention.
 */
export async function replacePieces(tx: Tx, packed: readonly PackedPiece[]): Promise<boolean> {
  const old = packed.flatMap(({ ref, instead_of }) => instead_of.map(first_line => ({ ...ref, first_line })));
  const deleted = await sql`
    delete from log_pieces p using unnest(
      ${old.map(({ task_id }) => task_id)}::uuid[],
      ${old.map(({ attempt }) => attempt)}::integer[],
      ${old.map(({ first_line }) => first_line)}::bigint[]
    ) as o (task_id, attempt, first_line)
    where p.task_id = o.task_id and p.attempt = o.attempt and p.first_line = o.first_line and p.data is not null`.execute(
    tx,
  );
  if (Number(deleted.numAffectedRows) !== old.length) return false;
  await tx
    .insertInto('log_pieces')
    .values(
      packed.map(piece => ({
        ...piece.ref,
        first_line: String(piece.first_line),
        lines: piece.lines,
        raw_bytes: piece.raw_bytes,
        min_level: piece.min_level,
        max_level: piece.max_level,
        first_at: fromMicros(piece.first_at),
        last_at: fromMicros(piece.last_at),
        object: piece.object,
        object_offset: String(piece.offset),
        object_bytes: piece.bytes,
        written_at: piece.written_at,
      })),
    )
    .execute();
  return true;
}

/** Instance door: those of the objects that some row refers to. */
export async function usedObjects(tx: Tx, objects: readonly string[]): Promise<Set<string>> {
  if (objects.length === 0) return new Set();
  const rows = await tx
    .selectFrom('log_pieces')
    .select('object')
    .distinct()
    .where('object', 'in', objects)
    .execute();
  return new Set(rows.flatMap(({ object }) => object ?? []));
}

// ── Retention ───────────────────────────────────────────────────────────────────────────────────────

const BATCH = 2000;

/** Instance door: some that were written then or before; answers the objects that they lay in, and how many they were. */
export async function deletePiecesBefore(
  tx: Tx,
  before: string,
): Promise<{ count: number; objects: string[] }> {
  const { rows } = await sql<{ object: string | null }>`
    delete from log_pieces where (task_id, attempt, first_line) in (
      select task_id, attempt, first_line from log_pieces where written_at <= ${before}::timestamptz
      order by written_at limit ${BATCH})
    returning object`.execute(tx);
  return { count: rows.length, objects: [...new Set(rows.flatMap(({ object }) => object ?? []))] };
}

/** Instance door: what was written before this is more than `bytes`, counted from the newest; undefined: all of it is less. */
export async function surplusBefore(tx: Tx, bytes: number): Promise<string | undefined> {
  const { rows } = await sql<{ written_at: string }>`
    select written_at from (
      select written_at, sum(coalesce(object_bytes, octet_length(data))) over (
        order by written_at desc, task_id desc, attempt desc, first_line desc) as total
      from log_pieces
    ) summed
    where total > ${bytes} order by written_at desc limit 1`.execute(tx);
  return rows[0]?.written_at;
}

/** Instance door: some runs that ended before, with all that hangs on them, and their logs. */
export async function deleteRunsBefore(
  tx: Tx,
  before: string,
): Promise<{ count: number; objects: string[] }> {
  const runs = await sql<{ id: string }>`
    select id from pipeline_runs where ended_at < ${before}::timestamptz
    order by ended_at limit 100 for update skip locked`.execute(tx);
  const ids = runs.rows.map(({ id }) => id);
  // By way of the tasks, which the index of the pieces knows; an index by run would cost every piece that is written.
  const pieces = await sql<{ object: string | null }>`
    delete from log_pieces where task_id in (select id from task_runs where run_id = any(${ids}::uuid[]))
    returning object`.execute(tx);
  await sql`delete from pipeline_runs where id = any(${ids}::uuid[])`.execute(tx);
  return { count: ids.length, objects: [...new Set(pieces.rows.flatMap(({ object }) => object ?? []))] };
}
