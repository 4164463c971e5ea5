import { fail } from '../../base/kit/errors.ts';
import { commit, pointerOf } from './commit.ts';
import type { Lake, LakeRow } from './lake.ts';
import { openMetadataCache } from './metadata-cache.ts';
import { openNamespaces } from './namespaces.ts';
import { type LakeParts, openQueues, type Parts } from './parts.ts';
import { readPinned } from './pins.ts';
import { keepInside } from './place.ts';
import { openManifestsOf } from './places.ts';
import { openTables } from './tables.ts';
import { openViews } from './views.ts';

export function assemble(given: LakeParts): Parts {
  const { store, storage } = given;
  return {
    ...given,
    root: storage.facts.root,
    keepInside: (workspace_id, location) => keepInside(storage, workspace_id, location),
    reached: given.reached ?? (() => {}),
    loadMounted: given.loadMounted ?? unreachable,
    cache: openMetadataCache(),
    manifestsOf: openManifestsOf(storage, given.filesOf),
    oneAtATime: openQueues(),
    read: ({ workspace_id }, work, options) =>
      store.withWorkspace({ workspace_id }, work, { ...options, read_only: true }),
    write: ({ workspace_id }, work, options) => store.withWorkspace({ workspace_id }, work, options),
  };
}

/** Where nobody gave the means to ask other catalogs. */
async function unreachable(row: LakeRow): Promise<never> {
  throw fail('lake.read_only', { name: row.name, mount: row.mount });
}

/** The lake of the installation, as one process works with it. */
export function openLake(given: LakeParts): Lake {
  return lakeOf(assemble(given), given.access);
}

/** Nobody is policed before there are policies; a test says otherwise. */
const everybody: Lake['access'] = async () => 'all';

export function lakeOf(parts: Parts, access: Lake['access'] = everybody): Lake {
  return {
    namespaces: openNamespaces(parts),
    tables: openTables(parts),
    views: openViews(parts),
    commit: (context, changes) => commit(parts, context, changes),
    pointerOf: (context, table_id, more) => pointerOf(parts, context, table_id, more),
    read: (context, table_id, work) => readPinned(parts, context, table_id, work),
    access,
    filesOf: parts.filesOf,
    manifestsOf: parts.manifestsOf,
    root: parts.root,
    reached: parts.reached,
  };
}
