import type { Update } from '../../../base/iceberg/index.ts';
import { fail } from '../../../base/kit/errors.ts';

// Where a request says that something lies, or is to lie. What a table names is read for whoever may read the table, and is
// deleted with it: so a table may name its own place only. Neither another workspace, nor another table of this one.

export interface Territory {
  workspace_id: string;
  /** The key of a location in the storage of the lake, from any spelling; undefined where it leads out of it. */
  keyOf(location: string): string | undefined;
}

/** Properties of a table by which engines choose where they write. */
const PATH_PROPERTIES = [
  'write.data.path',
  'write.metadata.path',
  'write.object-storage.path',
  'write.folder-storage.path',
] as const;

/** A place in the part of the lake that is the workspace's; the catalog says which of those are free. */
export function checkNewHome(location: string, territory: Territory): void {
  const key = keyOf(location, territory);
  if (!key?.startsWith(`${territory.workspace_id}/`)) throw outside(location);
}

/** `home` is the location of the table; of one that the updates make, what they say it is. */
export function checkUpdates(
  updates: readonly Update[],
  home: string | undefined,
  territory: Territory,
): void {
  const made = updates.flatMap(update => (update.action === 'set-location' ? [update.location] : [])).at(-1);
  if (home === undefined && made !== undefined) checkNewHome(made, territory);
  keepInTable(updates.flatMap(locationsIn), home ?? made, territory);
}

export function checkProperties(
  properties: Readonly<Record<string, string>>,
  home: string | undefined,
  territory: Territory,
): void {
  keepInTable(pathsIn(properties), home, territory);
}

function keepInTable(locations: readonly string[], home: string | undefined, territory: Territory): void {
  const own = home === undefined ? undefined : keyOf(home, territory);
  for (const location of locations) {
    const key = keyOf(location, territory);
    if (own === undefined || key === undefined || (key !== own && !key.startsWith(`${own}/`)))
      throw outside(location);
  }
}

function locationsIn(update: Update): string[] {
  switch (update.action) {
    // Elsewhere it would take its files with it, and none of them moves.
    case 'set-location':
      return [update.location];
    case 'set-properties':
      return pathsIn(update.updates);
    case 'add-snapshot':
      return [update.snapshot['manifest-list'] ?? [], update.snapshot.manifests ?? []].flat();
    case 'set-statistics':
      return [update.statistics['statistics-path']];
    case 'set-partition-statistics':
      return [update['partition-statistics']['statistics-path']];
    default:
      return [];
  }
}

function pathsIn(properties: Readonly<Record<string, string>>): string[] {
  return PATH_PROPERTIES.flatMap(name => properties[name] ?? []);
}

function keyOf(location: string, territory: Territory): string | undefined {
  return territory.keyOf(location.replace(/\/+$/, ''));
}

function outside(location: string): Error {
  return fail('lake.outside', { location: location.slice(0, 500) });
}
