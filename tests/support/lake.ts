import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Schema } from '../../src/base/iceberg/index.ts';
import { type Clock, systemClock } from '../../src/base/kit/clock.ts';
import { newId } from '../../src/base/kit/ids.ts';
import { openCache, openFolderStorage, openWorkplace, type Storage } from '../../src/base/storage/index.ts';
import { recordChange } from '../../src/domains/access/index.ts';
import { lakeFiles } from '../../src/domains/lakehouse/files.ts';
import type { Lake, LakeContext } from '../../src/domains/lakehouse/lake.ts';
import { assemble, lakeOf } from '../../src/domains/lakehouse/open.ts';
import type { LakeParts, Parts } from '../../src/domains/lakehouse/parts.ts';
import { plantWorkspace } from './attempts.ts';
import { type TestDatabase, testDatabase } from './database.ts';
import { defer } from './defer.ts';
import { scratchFolder } from './scratch.ts';

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
