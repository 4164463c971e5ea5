import { IcebergError } from '../errors.ts';
import { bind, type Filter, filterSql, quoteName } from '../filter/index.ts';
import type { DataFile, Field, Schema, SnapshotId, TableMetadata } from '../model.ts';
import {
  type OpenScan,
  openScan,
  type Plan,
  type PlannedFile,
  placeNames,
  planScan,
  type TableAt,
} from '../scan/index.ts';
import { findField } from '../schema/index.ts';
import type { Engine, Files } from '../world.ts';
import { duckType, writeData, writePositionDeletes } from '../write/index.ts';
import { type ChangeMode, type ModeChoice, modeChoice, modeOf } from './change-mode.ts';
import type { Overwrite, RowDelta } from './operation.ts';

// Rows that change: first which files have any, then what is to be written. A plan is SQL for DuckDB over files that are held
// open; nothing is written before `stageRows`.

export interface RowWorld {
  files: Files;
  engine: Engine;
}

/** Which rows. `sql` decides, over the columns of the table by name; `filter` is what it implies, and finds the files. */
export interface Condition {
  filter: Filter;
  sql?: string;
}

export interface RowPlan {
  kind: RowDelta['kind'];
  metadata: TableMetadata;
  started_from: SnapshotId | null;
  schema_id: number;
  reads: Filter;
  /** Go as they are, or are written again by `write`. */
  removed: DataFile[];
  /** Have rows struck out. */
  targets: DataFile[];
  /** A SELECT of all rows to be written, by the columns of the table. */
  write?: string;
  /** A SELECT of `file_path` and `pos`. */
  strike?: string;
  release(): Promise<void>;
}

/** Removes the rows for which the condition holds. Files that match as a whole go unread. */
export async function planDelete(
  table: TableAt,
  where: Condition,
  world: RowWorld,
  choice: ModeChoice = modeChoice('delete', table.metadata),
): Promise<RowPlan> {
  const plan = await planScan(table, { filter: where.filter });
  const [whole, partly] = divide(plan.files, where.sql === undefined);
  const opened = await openFor(partly, plan, world);
  try {
    const cond = conditionSql(where, table.schema);
    const hits = await hitsOf(opened, cond, world.engine);
    const { gone, rewritten, struck } = choose(partly, hits, choice, true);
    const kept = await scanOf(opened, rewritten, plan, world);
    const doomed = await scanOf(opened, struck, plan, world, true);
    return {
      ...headOf('delete', table, where.filter),
      removed: filesOf([...whole, ...gone, ...rewritten]),
      targets: filesOf(struck),
      ...(kept === undefined ? {} : { write: `SELECT * FROM (${kept}) t WHERE (${cond}) IS NOT TRUE` }),
      ...(doomed === undefined ? {} : { strike: positionsSql(doomed, cond, opened) }),
      release: async () => opened.release(),
    };
  } catch (error) {
    opened.release();
    throw error;
  }
}

/** Gives columns of the rows for which the condition holds new values: expressions of SQL over the old ones. */
export async function planUpdate(
  table: TableAt,
  where: Condition,
  set: Readonly<Record<string, string>>,
  world: RowWorld,
): Promise<RowPlan> {
  const plan = await planScan(table, { filter: where.filter });
  const opened = await openFor(plan.files, plan, world);
  try {
    const cond = conditionSql(where, table.schema);
    const changed = assignments(table.schema, set);
    const hits = await hitsOf(opened, cond, world.engine);
    const { rewritten, struck } = choose(plan.files, hits, modeChoice('update', table.metadata), false);
    const whole = await scanOf(opened, rewritten, plan, world);
    const moving = await scanOf(opened, struck, plan, world, true);
    const parts = [
      ...(whole === undefined ? [] : [`SELECT ${columnsSql(table.schema, changed, cond)} FROM (${whole}) t`]),
      ...(moving === undefined
        ? []
        : [`SELECT ${columnsSql(table.schema, changed)} FROM (${moving}) t WHERE (${cond})`]),
    ];
    return {
      ...headOf('update', table, where.filter),
      removed: filesOf(rewritten),
      targets: filesOf(struck),
      ...(parts.length === 0 ? {} : { write: parts.join('\nUNION ALL\n') }),
      ...(moving === undefined ? {} : { strike: positionsSql(moving, cond, opened) }),
      release: async () => opened.release(),
    };
  } catch (error) {
    opened.release();
    throw error;
  }
}

export interface StageOptions {
  attempt: string;
  isolation?: RowDelta['isolation'];
  branch?: string;
  summary?: RowDelta['summary'];
}

/** Writes what the plan says, and gives the operation to commit. The plan is released either way. */
export async function stageRows(plan: RowPlan, world: RowWorld, options: StageOptions): Promise<RowDelta> {
  const { metadata, schema_id } = plan;
  const { attempt, ...common } = options;
  const staged: DataFile[] = [];
  try {
    const added =
      plan.write === undefined
        ? []
        : await writeData(world.engine, world.files, { metadata, schema_id, select: plan.write, attempt });
    staged.push(...added);
    const deletes =
      plan.strike === undefined
        ? []
        : await writePositionDeletes(world.engine, world.files, {
            metadata,
            select: plan.strike,
            targets: plan.targets,
            attempt,
          });
    return {
      ...common,
      kind: plan.kind,
      started_from: plan.started_from,
      schema_id,
      reads: plan.reads,
      removed: plan.removed,
      added,
      deletes,
      targets: plan.targets.map(file => file.file_path),
    };
  } catch (error) {
    await takeBack(staged, world.files);
    throw error;
  } finally {
    await plan.release();
  }
}

/**
 * The rows that match go, those of `select` come: files that match as a whole are dropped unread, what is kept of others is written
 * again.
 */
export async function stageOverwrite(
  table: TableAt,
  where: Filter,
  select: string,
  world: RowWorld,
  options: StageOptions,
): Promise<Overwrite> {
  const plan = await planDelete(table, { filter: where }, world, 'rewrite');
  const kept = await stageRows(plan, world, options);
  try {
    const { metadata } = table;
    const { schema_id, started_from, removed } = kept;
    const { attempt, ...common } = options;
    const added = await writeData(world.engine, world.files, { metadata, schema_id, select, attempt });
    return {
      ...common,
      kind: 'overwrite',
      where,
      started_from,
      schema_id,
      removed,
      added: [...kept.added, ...added],
    };
  } catch (error) {
    await takeBack(kept.added, world.files);
    throw error;
  }
}

/** Best effort: what stays is an orphan of this attempt. */
async function takeBack(written: readonly DataFile[], files: Files): Promise<void> {
  for (const { file_path } of written) await files.remove(file_path).catch(() => undefined);
}

// ── Files ───────────────────────────────────────────────────────────────────────────────────────────

/** Files of which the filter itself says that every row matches; only where the filter is all there is to ask. */
function divide(files: readonly PlannedFile[], is_exact: boolean): [PlannedFile[], PlannedFile[]] {
  const whole = files.filter(planned => is_exact && !planned.residual);
  const partly = files.filter(planned => !is_exact || planned.residual);
  return [whole, partly];
}

export interface Choice {
  /** Without a row left. */
  gone: PlannedFile[];
  rewritten: PlannedFile[];
  struck: PlannedFile[];
}

/** By the number of rows that change in each file; what is not named has none. */
export function choose(
  files: readonly PlannedFile[],
  hits: ReadonlyMap<string, number>,
  choice: ModeChoice,
  rows_go: boolean,
): Choice {
  const chosen: Choice = { gone: [], rewritten: [], struck: [] };
  const into: Record<ChangeMode, PlannedFile[]> = { rewrite: chosen.rewritten, strike_out: chosen.struck };
  for (const planned of files) {
    const rows = hits.get(planned.file.file_path) ?? 0;
    if (rows === 0) continue;
    if (rows_go && rows === planned.file.record_count) chosen.gone.push(planned);
    else into[modeOf(planned, rows, choice)].push(planned);
  }
  return chosen;
}

export function filesOf(planned: readonly PlannedFile[]): DataFile[] {
  return planned.map(({ file }) => file);
}

export function headOf(
  kind: RowDelta['kind'],
  { metadata, snapshot, schema }: TableAt,
  reads: Filter,
): Pick<RowPlan, 'kind' | 'metadata' | 'started_from' | 'schema_id' | 'reads'> {
  return {
    kind,
    metadata,
    started_from: snapshot?.['snapshot-id'] ?? null,
    schema_id: schema['schema-id'],
    reads,
  };
}

// ── SQL ─────────────────────────────────────────────────────────────────────────────────────────────

/** What the file of a row and its place there are called in a scan. */
type Places = ReturnType<typeof placeNames>;

export interface Opened extends OpenScan {
  files: readonly PlannedFile[];
  places: Places;
}

/** Every row of these files with its place, whatever the filter says: it only finds files, the condition decides. */
export async function openFor(files: readonly PlannedFile[], plan: Plan, world: RowWorld): Promise<Opened> {
  const scan = await openScan({ ...plan, files, filter: { op: 'true' } }, world, { positions: true });
  return { ...scan, files, places: placeNames(plan.columns) };
}

/** The scan of some of the files. They are open already; this opens them once more, which costs nothing, and ends with the rest. */
export async function scanOf(
  opened: Opened,
  some: readonly PlannedFile[],
  plan: Plan,
  world: RowWorld,
  positions = false,
): Promise<string | undefined> {
  if (some.length === 0) return undefined;
  const scan = await openScan({ ...plan, files: some, filter: { op: 'true' } }, world, { positions });
  const { release } = opened;
  opened.release = () => {
    scan.release();
    release();
  };
  return scan.sql;
}

async function hitsOf(opened: Opened, cond: string, engine: Engine): Promise<Map<string, number>> {
  if (opened.files.length === 0) return new Map();
  const rows = await engine.query(
    `SELECT ${quoteName(opened.places.file)} AS file, count(*) AS hits FROM (${opened.sql}) t WHERE (${cond}) GROUP BY ALL`,
  );
  return new Map(rows.map(row => [String(row.file), Number(row.hits)]));
}

function conditionSql(where: Condition, schema: Schema): string {
  return where.sql === undefined ? filterSql(bind(where.filter, schema)) : `\n${where.sql}\n`;
}

function positionsSql(scan: string, cond: string, { places: { file, pos } }: Opened): string {
  return `SELECT ${quoteName(file)} AS file_path, ${quoteName(pos)} AS pos FROM (${scan}) t WHERE (${cond})`;
}

export type Assigned = ReadonlyMap<number, string>;

/** Each value becomes one of its column's type, or fails, as an assignment does. */
export function assignments(schema: Schema, set: Readonly<Record<string, string>>): Assigned {
  const assigned = new Map<number, string>();
  for (const [name, sql] of Object.entries(set)) {
    const place = findField(schema, [name]);
    if (!place) throw new IcebergError('invalid', `There is no column '${name}'.`, { field: name });
    if (assigned.has(place.field.id))
      throw new IcebergError('invalid', `Column '${name}' is set twice.`, { field: name });
    assigned.set(place.field.id, `CAST((\n${sql}\n) AS ${duckType(place.field.type)})`);
  }
  return assigned;
}

/** All columns of the table, some with new values: everywhere, or where `when` holds. */
export function columnsSql(schema: Schema, assigned: Assigned, when?: string, from = 't'): string {
  return schema.fields.map(field => columnSql(field, assigned.get(field.id), when, from)).join(', ');
}

function columnSql(field: Field, value: string | undefined, when: string | undefined, from: string): string {
  const name = quoteName(field.name);
  const old = `${from}.${name}`;
  if (value === undefined) return `${old} AS ${name}`;
  return when === undefined
    ? `${value} AS ${name}`
    : `CASE WHEN (${when}) THEN ${value} ELSE ${old} END AS ${name}`;
}
