import type { Committed, TableChange } from '../lake.ts';
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
  return { table, requirements, updates };
}

/** The end of a staged creation; whoever expects a table that is gone must not make one. */
function newPlace(identifier: Identifier, requirements: Change['requirements']): TableChange['table'] {
  if (!requirements.some(({ type }) => type === 'assert-create')) throw missing('table', identifier);
  return { ...identifier, create: true };
}

export function territoryOf({ storage }: CatalogParts, { workspace_id }: CatalogCall): Territory {
  return { workspace_id, keyOf: location => storage.keyOf(location) };
}
