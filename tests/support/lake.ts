import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { type LocalEngine, localEngine, openTable, type Schema } from '../../src/base/iceberg/index.ts';
import { type Clock, systemClock } from '../../src/base/kit/clock.ts';
import { newId } from '../../src/base/kit/ids.ts';
import { openCache, openFolderStorage, openWorkplace, type Storage } from '../../src/base/storage/index.ts';
import { newRunSchema, type TaskError } from '../../src/contract/runs.ts';
import { hasEnded } from '../../src/contract/task-states.ts';
import { recordChange } from '../../src/domains/access/index.ts';
import { lakeFiles } from '../../src/domains/lakehouse/files.ts';
import type { Lake, LakeContext } from '../../src/domains/lakehouse/lake.ts';
import { assemble, lakeOf } from '../../src/domains/lakehouse/open.ts';
import type { LakeParts, Parts } from '../../src/domains/lakehouse/parts.ts';
import type { StorageSettings } from '../../src/domains/lakehouse/tasks/given.ts';
import { lakeKinds } from '../../src/domains/lakehouse/tasks/index.ts';
import { uploadKey } from '../../src/domains/lakehouse/uploads.ts';
import { type KindTable, kindTable } from '../../src/domains/runs/kinds.ts';
import { openRunsWorker } from '../../src/domains/runs/open.ts';
import { createRun } from '../../src/domains/runs/queue/index.ts';
import { plantWorkspace } from './attempts.ts';
import { type TestDatabase, testDatabase } from './database.ts';
import { defer } from './defer.ts';
import { scratchFolder } from './scratch.ts';
import { waitFor } from './wait-for.ts';

// A lake in a folder, on a real store, in the process of the test.

export interface LakeWorld {
  database: TestDatabase;
  workspace_id: string;
  context: LakeContext;
  folder: string;
  storage: Storage;
  lake: Lake;
  parts: Parts;
}

export async function lakeParts(
  t: Pick<TestContext, 'after'>,
  database: Pick<TestDatabase, 'store'>,
  folder: string,
  more: Partial<LakeParts> & { clock?: Clock } = {},
): Promise<LakeParts> {
  const storage = more.storage ?? (await openFolderStorage(join(folder, 'objects')));
  const cache = await openCache(join(folder, 'cache'), { storage, max_bytes: 1_000_000_000 });
  const drafts = await openWorkplace(join(folder, 'drafts'));
  defer(t, () => {
    cache.close();
    drafts.close();
  });
  const filesOf = (within: string) => lakeFiles({ storage, cache, drafts, within });
  return { store: database.store, storage, filesOf, clock: systemClock, record: recordChange, ...more };
}

export async function lakeWorld(t: TestContext, more: Partial<LakeParts> = {}): Promise<LakeWorld> {
  const database = await testDatabase(t);
  const folder = scratchFolder(t);
  const workspace_id = await plantWorkspace(database.store);
  const given = await lakeParts(t, database, folder, more);
  const parts = assemble(given);
  const lake = lakeOf(parts, more.access);
  return {
    database,
    workspace_id,
    context: contextOf(workspace_id),
    folder,
    storage: given.storage,
    lake,
    parts,
  };
}

export function contextOf(workspace_id: string): LakeContext {
  const actor = { kind: 'person' as const, id: newId(), name: 'Ada', ip: null, request_id: newId() };
  return { workspace_id, actor, via: 'api' };
}

/** `id` and `name`: enough for most. */
export const SCHEMA: Schema = {
  type: 'struct',
  'schema-id': 0,
  fields: [
    { id: 1, name: 'id', required: true, type: 'long' },
    { id: 2, name: 'name', required: false, type: 'string' },
  ],
};

// ── With a worker and runners ───────────────────────────────────────────────────────────────────────

const RUNNER = fileURLToPath(new URL('./lake-runner.ts', import.meta.url));
const SECONDS = 120;

export interface LakeWorker extends LakeWorld {
  kinds: KindTable;
  /** Starts a task and answers once it has ended. */
  run(
    kind: string,
    input: unknown,
  ): Promise<{ run_id: string; state: string; result: unknown; error: TaskError | null; attempt: number }>;
  /** A file that somebody sent. */
  upload(text: string | Uint8Array): Promise<string>;
  /** All rows of a table, by its name, in the order of the first column. */
  rows(name: string): Promise<Record<string, unknown>[]>;
  engine: LocalEngine;
}

export async function lakeWorker(
  t: TestContext,
  more: Partial<LakeParts> = {},
  reached?: StorageSettings,
  pass: readonly string[] = [],
): Promise<LakeWorker> {
  const world = await lakeWorld(t, more);
  const { database, workspace_id, folder, storage, lake, context } = world;
  const { store } = database;
  const settings = reached ?? { kind: 'folder' as const, folder: join(folder, 'objects') };
  const kinds = kindTable(lakeKinds({ ...world.parts, ...more }, settings));
  const worker = await openRunsWorker({
    ...{ store, kinds, clock: systemClock, name: 'test', tags: [], concurrency: 2, version: '1' },
    log: pino({ level: process.env.MOULIN_TEST_LOG ?? 'silent' }),
    redact: text => text,
    readSecret: async () => undefined,
    mayRun: async () => true,
    runners: { folder: join(folder, 'runners'), spawn_args: [RUNNER], pass },
    times: { poll_ms: 50, beat_ms: 100, asked_ms: 300, terminated_ms: 200, drain_ms: 5000 },
  });
  defer(t, () => worker.close());
  const engine = await localEngine({});
  defer(t, () => engine.close());
  return {
    ...world,
    ...{ kinds, engine },
    async run(kind, input) {
      const run = newRunSchema.parse({ title: kind, tasks: [{ name: kind, kind, input }] });
      const run_as = { kind: 'local', id: 'local', name: 'local' } as const;
      const { run_id } = await store.withWorkspace({ workspace_id }, tx =>
        createRun(tx, { workspace_id, run, kinds, run_as, trigger: 'manual' }),
      );
      const look = async () => {
        const [task] = await store.withInstance('test', tx =>
          tx
            .selectFrom('task_runs')
            .select(['state', 'result', 'error', 'attempt'])
            .where('run_id', '=', run_id)
            .execute(),
        );
        return task && hasEnded(task.state) && task;
      };
      const task = await waitFor(look, { seconds: SECONDS, what: () => `the task ${kind} to have ended` });
      return {
        run_id,
        state: task.state,
        result: task.result,
        error: task.error as TaskError | null,
        attempt: task.attempt,
      };
    },
    async upload(text) {
      const id = newId();
      await storage.put(uploadKey(workspace_id, id, 1), Buffer.from(text));
      return id;
    },
    async rows(name) {
      const row = await lake.tables.named(context, name);
      if (!row) throw new Error(`there is no ${name}`);
      const files = lake.filesOf(workspace_id);
      const table = openTable({ files, engine, pointer: lake.pointerOf(context, row.id) });
      return table.query({}, sql => engine.query(`SELECT * FROM (${sql}) t ORDER BY 1`));
    },
  };
}

/** Rows that go where they lie: files of deletes name the data files, and stand in the way of whoever moves them. */
export async function strikeOut(
  { lake, context, workspace_id, engine }: LakeWorker,
  name: string,
  where: string,
): Promise<void> {
  const row = await lake.tables.named(context, name);
  if (!row) throw new Error(`there is no table ${name}`);
  const pointer = lake.pointerOf(context, row.id);
  const table = openTable({ files: lake.filesOf(workspace_id), engine, pointer });
  await table.setProperties({ 'write.delete.mode': 'merge-on-read' });
  await table.delete({ sql: where });
}
