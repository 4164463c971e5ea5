import { randomUUID } from 'node:crypto';
import {
  type Committed,
  type Condition,
  type Merge,
  openReader,
  planDelete,
  planMerge,
  planUpdate,
  type RowPlan,
  stageRows,
} from '../commit/index.ts';
import { IcebergError } from '../errors.ts';
import { type Filter, parseFilter } from '../filter/index.ts';
import type { CompactionRules, ExpirePolicy, Health } from '../maintain/index.ts';
import { expireSnapshots, garbage, health } from '../maintain/index.ts';
import { currentSchema, isAncestor, LAST_ADDED, resolveRef, type Update } from '../metadata/index.ts';
import type { Schema, Snapshot, TableMetadata } from '../model.ts';
import {
  type ManifestReader,
  openChanges,
  openScan,
  planAppends,
  planChanges,
  planScan,
  type TableAt,
  tableAt,
} from '../scan/index.ts';
import type { SchemaChange } from '../schema/index.ts';
import type { Engine, Files, Pointer, Row } from '../world.ts';
import { writeData } from '../write/index.ts';
import { type CommitWorld, commit, commitUpdates, replan } from './commits.ts';
import { type Compaction, compactTable } from './compact.ts';
import { orderOf, specOf, type TableDefinition } from './define.ts';
import { evolveTable } from './evolve.ts';
import { exactSql } from './exact.ts';

export interface TableWorld {
  files: Files;
  engine: Engine;
  pointer: Pointer;
  /** Shared by tables that are opened often: it keeps what it read. */
  reader?: ManifestReader;
  now?: () => number;
}

/** `amount > 3 AND city IN ('a', 'b')`; or a filter; or SQL of DuckDB over the columns, which looks into every file. */
export type Where = string | Filter | { sql: string };

export interface WriteTo {
  /** `main`, unless another is named. */
  branch?: string;
  /** More lines for the summary of the snapshot. */
  summary?: Readonly<Record<string, string>>;
}

export interface ScanOf {
  where?: string | Filter;
  columns?: readonly string[];
  /** A branch, a tag, the id of a snapshot, a time (`2026-01-31`): the table as it was then. */
  at?: string;
  limit?: number;
}

export interface ChangesOf {
  /** After this snapshot, tag or time; from the beginning, unless said. */
  after?: string;
  until?: string;
  columns?: readonly string[];
  /** `appends`: only rows that appends brought, as they were. `all`: with `_change_type` and two more columns beside each row. */
  kind?: 'appends' | 'all';
}

/**
 * A table to work with. Every change is one snapshot, there as a whole or not at all, whoever else writes at the same time; each
 * answers that snapshot, or undefined where there was nothing to change.
 */
export interface Table {
  /** As it is now, in the words of the specification. */
  metadata(): Promise<TableMetadata>;
  schema(): Promise<Schema>;

  /** Rows come with 64-bit numbers as bigint, decimals and moments as text, maps as lists of `{key, value}`. */
  scan(of?: ScanOf): AsyncIterable<Row>;
  count(of?: Pick<ScanOf, 'where' | 'at'>): Promise<number>;
  /** The scan as one SELECT for DuckDB, whose columns have their own types; to be run within `work`. */
  query<T>(of: ScanOf, work: (sql: string) => Promise<T>): Promise<T>;
  changes(of?: ChangesOf): AsyncIterable<Row>;

  append(select: string, to?: WriteTo): Promise<Snapshot | undefined>;
  /** New rows in place of those that match; of all, unless said. */
  overwrite(select: string, to?: WriteTo & { where?: string | Filter }): Promise<Snapshot | undefined>;
  /** New rows in place of everything in the partitions that they belong to. */
  replacePartitions(select: string, to?: WriteTo): Promise<Snapshot | undefined>;
  delete(where: Where, to?: WriteTo): Promise<Snapshot | undefined>;
  /** `set`: SQL over the columns, by the column that gets it. */
  update(where: Where, set: Readonly<Record<string, string>>, to?: WriteTo): Promise<Snapshot | undefined>;
  merge(merge: Merge, to?: WriteTo): Promise<Snapshot | undefined>;

  /** Newest first. */
  history(): Promise<Snapshot[]>;
  /** Back to a snapshot, tag or time of the table's own past. What came after stays in the history. */
  rollback(at: string): Promise<void>;
  tag(name: string, at?: string): Promise<void>;
  branch(name: string, at?: string): Promise<void>;
  /** Of a branch or tag. Its snapshots go when they expire. */
  drop(name: string): Promise<void>;
  evolve(changes: readonly SchemaChange[]): Promise<Schema>;
  /** How rows are divided and sorted from now on: `day(at)`, `id desc`. What is there stays as it is until it is compacted. */
  layOut(layout: Pick<TableDefinition, 'partition' | 'order'>): Promise<void>;
  setProperties(properties: Readonly<Record<string, string | null>>): Promise<void>;

  compact(rules?: Partial<CompactionRules>): Promise<Compaction>;
  /** Forgets old snapshots and removes the files that only they needed. */
  expire(policy?: ExpirePolicy): Promise<{ snapshots: number; files: number }>;
  health(): Promise<Health>;
}

export function openTable(given: TableWorld): Table {
  const { files, engine, pointer } = given;
  const reader = given.reader ?? openReader(files);
  const now = given.now ?? Date.now;
  const world: CommitWorld & { engine: Engine } = { files, engine, pointer, reader, now };

  const load = async () => (await pointer.load()).metadata;
  const at = async (name?: string): Promise<TableAt> => tableAt(await load(), reader, name);

  const query = async <T>(of: ScanOf, work: (sql: string) => Promise<T>): Promise<T> => {
    const scan = await open(of);
    try {
      return await work(scan.sql);
    } finally {
      scan.release();
    }
  };

  const open = async ({ where, columns, at: moment, limit }: ScanOf) => {
    const table = await at(moment);
    const plan = await planScan(table, { filter: filterOf(where), columns });
    const scan = await openScan(plan, world);
    return { ...scan, sql: limited(scan.sql, limit), columns: plan.columns };
  };

  const append = (select: string, to: WriteTo, kind: 'append' | 'replace_partitions') =>
    replan(async () => {
      const metadata = await load();
      const attempt = randomUUID();
      const added = await writeData(engine, files, { metadata, select, attempt });
      const schema_id = metadata['current-schema-id'];
      return snapshotOf(await commit(world, { ...to, kind, added, schema_id }, attempt));
    });

  const change = (plan: (table: TableAt) => Promise<RowPlan>, to: WriteTo) =>
    replan(async () => {
      const attempt = randomUUID();
      const planned = await plan(await at(to.branch));
      const operation = await stageRows(planned, world, { ...to, attempt });
      return snapshotOf(await commit(world, operation, attempt));
    });

  const setRef = async (name: string, type: 'branch' | 'tag', moment?: string) => {
    await commitUpdates(world, metadata => {
      if (metadata.refs[name])
        throw new IcebergError('invalid', `there is a ${metadata.refs[name].type} ${name} already`, {
          ref: name,
        });
      const id = needed(metadata, moment)['snapshot-id'];
      return [{ action: 'set-snapshot-ref', 'ref-name': name, type, 'snapshot-id': id }];
    });
  };

  return {
    metadata: load,
    schema: async () => currentSchema(await load()),

    scan: async function* (of = {}) {
      const scan = await open(of);
      try {
        yield* rowsOf(engine, exactSql(scan.sql, scan.columns));
      } finally {
        scan.release();
      }
    },
    count: async of => {
      const [row] = await query({ ...of }, sql => engine.query(`SELECT count(*) AS rows FROM (${sql}) t`));
      return Number(row?.rows ?? 0);
    },
    query,
    changes: async function* ({ after, until, columns, kind = 'all' } = {}) {
      const table = await at(until);
      const from = after === undefined ? undefined : needed(table.metadata, after)['snapshot-id'];
      const scan =
        kind === 'appends'
          ? await openScan(await planAppends(table, from, { columns }), world)
          : await openChanges(await planChanges(table, from, { columns }), world);
      try {
        yield* rowsOf(engine, scan.sql);
      } finally {
        scan.release();
      }
    },

    append: (select, to = {}) => append(select, to, 'append'),
    replacePartitions: (select, to = {}) => append(select, to, 'replace_partitions'),
    overwrite: (select, { where, ...to } = {}) =>
      replan(async () => {
        const attempt = randomUUID();
        const table = await at(to.branch);
        const filter = filterOf(where);
        const kept = await stageRows(await planDelete(wholeFiles(table), { filter }, world), world, {
          ...to,
          attempt,
        });
        const { metadata } = table;
        const added = await writeData(engine, files, { metadata, select, attempt });
        return snapshotOf(
          await commit(
            world,
            {
              ...to,
              kind: 'overwrite',
              where: filter,
              started_from: kept.started_from,
              schema_id: kept.schema_id,
              removed: kept.removed,
              added: [...kept.added, ...added],
            },
            attempt,
          ),
        );
      }),
    delete: (where, to = {}) => change(table => planDelete(table, conditionOf(where), world), to),
    update: (where, set, to = {}) => change(table => planUpdate(table, conditionOf(where), set, world), to),
    merge: (merge, to = {}) => change(table => planMerge(table, merge, world), to),

    history: async () => (await load()).snapshots.toReversed(),
    rollback: async moment => {
      await commitUpdates(world, metadata => {
        const target = needed(metadata, moment)['snapshot-id'];
        const head = metadata['current-snapshot-id'];
        if (head === undefined || !isAncestor(metadata, target, head))
          throw new IcebergError('invalid', `${moment} is not in the past of the table as it is`, {
            at: moment,
          });
        return [{ action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': target }];
      });
    },
    tag: (name, moment) => setRef(name, 'tag', moment),
    branch: (name, moment) => setRef(name, 'branch', moment),
    drop: async name => {
      await commitUpdates(world, metadata => {
        if (name === 'main' || !metadata.refs[name])
          throw new IcebergError('no_such_ref', `there is no branch or tag ${name} to drop`, { ref: name });
        return [{ action: 'remove-snapshot-ref', 'ref-name': name }];
      });
    },
    evolve: changes => evolveTable(world, changes),
    layOut: async layout => {
      await commitUpdates(world, metadata => layoutUpdates(currentSchema(metadata), layout));
    },
    setProperties: async properties => {
      await commitUpdates(world, () => propertyUpdates(properties));
    },

    compact: rules => compactTable(world, rules),
    expire: async (policy = {}) => {
      const { before, after } = await commitUpdates(
        world,
        metadata => expireSnapshots(metadata, policy, now()).updates,
      );
      let count = 0;
      for await (const batch of garbage(before, after, reader))
        for (const location of batch) {
          await files.remove(location);
          count += 1;
        }
      return { snapshots: before.snapshots.length - after.snapshots.length, files: count };
    },
    health: async () => {
      const { metadata } = await pointer.load();
      return health(metadata, reader, now());
    },
  };
}

async function* rowsOf(engine: Engine, sql: string): AsyncIterable<Row> {
  if (engine.stream) for await (const rows of engine.stream(sql)) yield* rows;
  else yield* await engine.query(sql);
}

function snapshotOf(committed: Committed): Snapshot | undefined {
  return committed.snapshot;
}

function needed(metadata: TableMetadata, moment?: string): Snapshot {
  const snapshot = resolveRef(metadata, moment ?? 'main');
  if (snapshot) return snapshot;
  throw new IcebergError('no_such_snapshot', 'the table is empty, and has no snapshot', {});
}

function filterOf(where: string | Filter | undefined): Filter {
  if (where === undefined) return { op: 'true' };
  return typeof where === 'string' ? parseFilter(where) : where;
}

function conditionOf(where: Where): Condition {
  if (typeof where === 'object' && 'sql' in where) return { filter: { op: 'true' }, sql: where.sql };
  return { filter: filterOf(where) };
}

/** Rows that are struck out have no place in an overwrite: what is kept of a file is written again. */
function wholeFiles(table: TableAt): TableAt {
  const properties = { ...table.metadata.properties, 'write.delete.mode': 'copy-on-write' };
  return { ...table, metadata: { ...table.metadata, properties } };
}

function limited(sql: string, limit: number | undefined): string {
  if (limit === undefined) return sql;
  if (!Number.isSafeInteger(limit) || limit < 0)
    throw new IcebergError('invalid', `${limit} is no number of rows`, { limit });
  return `SELECT * FROM (${sql}) t LIMIT ${limit}`;
}

function layoutUpdates(
  schema: Schema,
  { partition, order }: Pick<TableDefinition, 'partition' | 'order'>,
): Update[] {
  const updates: Update[] = [];
  if (partition)
    updates.push(
      { action: 'add-spec', spec: specOf(partition, schema) },
      { action: 'set-default-spec', 'spec-id': LAST_ADDED },
    );
  if (order)
    updates.push(
      { action: 'add-sort-order', 'sort-order': orderOf(order, schema) },
      { action: 'set-default-sort-order', 'sort-order-id': LAST_ADDED },
    );
  return updates;
}

function propertyUpdates(properties: Readonly<Record<string, string | null>>) {
  const removals = Object.keys(properties).filter(name => properties[name] === null);
  const updates = Object.fromEntries(
    Object.entries(properties).flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  );
  return [
    ...(Object.keys(updates).length > 0 ? [{ action: 'set-properties' as const, updates }] : []),
    ...(removals.length > 0 ? [{ action: 'remove-properties' as const, removals }] : []),
  ];
}
