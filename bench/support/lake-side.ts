import { open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type LocalLake, localEngine, openLake, type Table } from '../../src/base/iceberg/index.ts';
import { serve } from './side.ts';

// One process of a comparison: either tables in a folder, or DuckDB alone. Both have the same DuckDB, threads and memory.

/** What a runner that writes into tables has. */
const MEMORY = '768MB';

const engine = await localEngine({ memory: MEMORY });
let lake: LocalLake | undefined;

async function tableOf(name: string): Promise<Table> {
  if (!lake) throw new Error('there is no lake yet');
  return lake.openTable(name);
}

serve({
  async open({ folder }: { folder: string }) {
    lake = await openLake(folder, { memory: MEMORY });
  },
  async create({ name, ...definition }: { name: string } & Parameters<LocalLake['createTable']>[1]) {
    await lake?.createTable(name, definition);
  },
  async append({ name, select }: { name: string; select: string }) {
    await (await tableOf(name)).append(select);
  },
  async merge({ name, source, on }: { name: string; source: string; on: string[] }) {
    const table = await tableOf(name);
    const done = await table.merge({ source, on, matched: [{ action: 'update' }], not_matched: [{}] });
    return done?.summary;
  },
  async rollback({ name, at }: { name: string; at: string }) {
    const table = await tableOf(name);
    await table.rollback(at);
    // What came after is of no use to anybody, and the disk is not endless.
    await table.expire({ max_snapshot_age_ms: 0, min_snapshots_to_keep: 1 });
  },
  async head({ name }: { name: string }) {
    const [head] = await (await tableOf(name)).history();
    return String(head?.['snapshot-id']);
  },
  async count({ name }: { name: string }) {
    return (await tableOf(name)).count();
  },
  /** The files of a table, for whoever wants to do the same without it. */
  async paths({ name }: { name: string }) {
    return (await tableOf(name)).query({}, async sql =>
      [...sql.matchAll(/'([^']*\.parquet)'/g)].map(([, path]) => path),
    );
  },
  async drop({ name }: { name: string }) {
    await lake?.dropTable(name);
  },
  async sql({ sql }: { sql: string }) {
    return engine.query(sql);
  },
  /** As durable as a commit: the file, and the folder that has its name. */
  async copy({ select, path, options }: { select: string; path: string; options: string }) {
    await engine.query(`COPY (${select}) TO '${path}' (${options})`);
    for (const each of [path, dirname(path)]) {
      await using file = await open(each);
      await file.sync();
    }
  },
  async remove({ path }: { path: string }) {
    await rm(path, { recursive: true, force: true });
  },
});
