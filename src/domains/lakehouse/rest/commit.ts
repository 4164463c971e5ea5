import {
  applyUpdates,
  currentSnapshot,
  isIcebergError,
  type TableMetadata,
  type Update,
} from '../../../base/iceberg/index.ts';
import { fail } from '../../../base/kit/errors.ts';
import type { Committed, Loaded, TableChange } from '../lake.ts';
import { checkName } from '../names.ts';
import { toFailure } from '../problems.ts';
import type { CatalogCall } from './call.ts';
import { contextOf } from './context.ts';
import { checkUpdates, type Territory } from './locations.ts';
import { checkWhole, findObject, type Identifier, missing } from './objects.ts';
import type { CatalogParts } from './parts.ts';

type Change = Pick<TableChange, 'requirements' | 'updates'> & { identifier: Identifier };

/**
 * One table or many: all at once, or not at all. That a commit is in already, because its answer got lost and the client asks
 * again, is recognised below (`lake.commit`). After the pointers have moved nothing may fail any more: a client that hears of an
 * error deletes the files that are now in the table.
 */
export async function commitChanges(
  parts: CatalogParts,
  call: CatalogCall,
  changes: readonly Change[],
): Promise<Committed[]> {
  const placed: TableChange[] = [];
  for (const change of changes) placed.push(await place(parts, call, change));
  return parts.lake.commit(contextOf(call), placed);
}

async function place(parts: CatalogParts, call: CatalogCall, change: Change): Promise<TableChange> {
  const { lake } = parts;
  const { identifier, requirements, updates } = change;
  const row = await findObject(lake, call, 'table', identifier);
  if (row) await checkWhole(lake, call, row);
  const table = row?.id ?? newPlace(identifier, requirements);
  const loaded = row && (await lake.tables.load(contextOf(call), row.id));
  checkUpdates(updates, loaded?.metadata.location, territoryOf(parts, call));
  await checkFiles(parts, call, identifier.name, loaded, updates);
  return { table, requirements, updates };
}

/**
 * What a client commits it has written itself, and it may name files of other tables. Whoever reads the table refuses those too
 * (a manifest may be written over later); here they are refused before anybody can meet them. Manifests that are in the table
 * already are not opened again. One that cannot be read says nothing, and what it is to be called is said by the commit.
 */
async function checkFiles(
  { lake, clock }: CatalogParts,
  { workspace_id }: CatalogCall,
  name: string,
  loaded: Loaded | undefined,
  updates: readonly Update[],
): Promise<void> {
  const known = new Set(loaded?.metadata.snapshots.map(snapshot => snapshot['snapshot-id']));
  const added = updates.flatMap(update =>
    update.action === 'add-snapshot' && !known.has(update.snapshot['snapshot-id']) ? [update.snapshot] : [],
  );
  if (added.length === 0) return;
  const now_ms = Math.max(clock.now(), loaded?.metadata['last-updated-ms'] ?? 0);
  try {
    const metadata = applyUpdates(loaded?.metadata, updates, { now_ms });
    const { location } = metadata;
    const owner = loaded?.row ?? { workspace_id, location, places: [], mount_id: null };
    const reader = lake.manifestsOf(owner);
    const before = loaded && currentSnapshot(loaded.metadata);
    const opened = new Set<string>();
    if (loaded && before)
      for (const { manifest_path } of await reader.manifests(loaded.metadata, before).catch(() => []))
        opened.add(manifest_path);
    for (const snapshot of added)
      for (const manifest of await reader.manifests(metadata, snapshot)) {
        if (opened.has(manifest.manifest_path)) continue;
        opened.add(manifest.manifest_path);
        refuseForgotten(metadata, manifest.partition_spec_id, name);
        await reader.entries(metadata, manifest);
      }
  } catch (error) {
    if (isIcebergError(error, 'foreign_file')) throw toFailure(error, name);
    if (!isIcebergError(error)) throw error;
  }
}

/** The end of a staged creation; whoever expects a table that is gone must not make one. */
function newPlace(identifier: Identifier, requirements: Change['requirements']): TableChange['table'] {
  if (!requirements.some(({ type }) => type === 'assert-create')) throw missing('table', identifier);
  checkName(identifier.name);
  return { ...identifier, create: true };
}

export function territoryOf({ storage }: CatalogParts, { workspace_id }: CatalogCall): Territory {
  return { workspace_id, keyOf: location => storage.keyOf(location) };
}

/** An expiry forgets how the table was divided once. Who began to write before that would leave files that nobody understands. */
function refuseForgotten({ 'partition-specs': specs }: TableMetadata, id: number, name: string): void {
  if (specs.some(spec => spec['spec-id'] === id)) return;
  throw fail('lake.conflict', { name, reason: `the table has no partition spec ${id} any more` });
}
