import { join } from 'node:path';
import {
  type Files,
  keepTo,
  type LocalEngine,
  localEngine,
  type ManifestReader,
  openReader,
  parseMetadata,
  type TableMetadata,
} from '../../../base/iceberg/index.ts';
import {
  openCache,
  openFolderStorage,
  openS3Storage,
  openWorkplace,
  type Storage,
} from '../../../base/storage/index.ts';
import type { RunContext } from '../../runs/index.ts';
import { lakeFiles } from '../files.ts';
import { isIn } from '../places.ts';
import { type Given, isGiven, joinSecrets } from './given.ts';

// The lake in a runner: its files and an engine, and nothing of the store. What it may write to is its workspace's part.

export interface RunnerLake extends AsyncDisposable {
  given: Given;
  storage: Storage;
  files: Files;
  engine: LocalEngine;
  reader: ManifestReader;
  metadata: TableMetadata | undefined;
}

const CACHE_BYTES = 20 * 1024 ** 3;

export async function openRunnerLake(
  context: Pick<RunContext, 'given' | 'secrets' | 'folder'>,
  memory_mb: number,
): Promise<RunnerLake> {
  const { given, secrets, folder } = context;
  if (!isGiven(given)) throw new Error('the worker said nothing about the lake');
  const settings = joinSecrets(given.storage, secrets);
  const storage =
    settings.kind === 'folder'
      ? await openFolderStorage(settings.folder)
      : await openS3Storage(settings.options);
  const cache = await openCache(join(folder, 'cache'), { storage, max_bytes: CACHE_BYTES });
  const drafts = await openWorkplace(join(folder, 'drafts'));
  const engine = await localEngine({ memory: `${memory_mb}MB`, temp_folder: join(folder, 'spill') });
  const { workspace_id: within, own } = given;
  const files = lakeFiles({ storage, cache, drafts, within, own });
  return {
    ...{ given, storage, files, engine, reader: keepTo(openReader(files), isIn(storage, own)) },
    metadata: given.table ? parseMetadata(given.table.metadata) : undefined,
    async [Symbol.asyncDispose]() {
      await engine.close();
      cache.close();
      drafts.close();
    },
  };
}
