import type { TableMetadata } from '../model.ts';
import type { ManifestReader } from '../scan/index.ts';
import { normalLocation } from '../scan/index.ts';
import type { Files } from '../world.ts';
import { batchesOf, reachable } from './reachable.ts';

// Files that lie in the table's folder and belong to nobody: of attempts that ended without a commit, and of others, who may
// be writing still, only after days.

const DAY_MS = 86_400_000;

export interface OrphanRules {
  /** Of whose attempt a file is, by its name; undefined: not one of ours. */
  attempt_of: (location: string) => string | undefined;
  /** What is not known to have ended may be running: somewhere, or after a failover. */
  has_ended: (attempt: string) => boolean;
  /** The storage's clock (the time that it gave to a file just written): ours may be wrong by more than the limit. */
  storage_now_ms: number;
  /** Seven days, unless said. */
  foreign_after_ms?: number;
}

export interface Listed {
  location: string;
  modified_ms: number;
}

/** May go, if nothing refers to it. */
export function isCandidate(listed: Listed, rules: OrphanRules): boolean {
  if (isMirror(listed.location)) return false;
  const attempt = rules.attempt_of(listed.location);
  if (attempt !== undefined) return rules.has_ended(attempt);
  return rules.storage_now_ms - listed.modified_ms > (rules.foreign_after_ms ?? 7 * DAY_MS);
}

/** For readers without a catalog: nothing in the metadata refers to these, and whoever writes them tidies them up. */
function isMirror(location: string): boolean {
  return /\/(v\d+(\.gz)?\.metadata\.json(\.gz)?|version-hint\.text)$/.test(location);
}

/** The decision alone, for who has a listing and knows what is needed. */
export function orphans(
  listing: Iterable<Listed>,
  is_reachable: (location: string) => boolean,
  rules: OrphanRules,
): string[] {
  return [...listing]
    .filter(listed => isCandidate(listed, rules) && !is_reachable(listed.location))
    .map(listed => listed.location);
}

export interface OrphanSearch {
  files: Files;
  reader: ManifestReader;
  /** The table's folder. */
  prefix: string;
  /** The current metadata, and what else must stay (snapshots that were just expired but are being read). */
  load: () => Promise<{ metadata: TableMetadata; location: string; also?: readonly TableMetadata[] }>;
  rules: OrphanRules;
  at_once?: number;
}

/**
 * The order makes it safe: first it is known which attempts have ended, then the folder is listed, and only then the metadata is
 * loaded. A file of an attempt that ended is committed before that or never, so the metadata that comes last knows it.
 */
export async function* findOrphans(search: OrphanSearch): AsyncGenerator<string[]> {
  const { files, reader, rules } = search;
  const listed = candidates(files.list(search.prefix), rules);
  for await (const batch of batchesOf(listed, () => true, search.at_once ?? 200_000)) {
    const { metadata, location, also = [] } = await search.load();
    for (const table of [metadata, ...also])
      for await (const needed of reachable(table, table === metadata ? location : undefined, reader))
        batch.delete(normalLocation(needed.location));
    if (batch.size > 0) yield [...batch.values()];
  }
}

async function* candidates(listing: AsyncIterable<Listed>, rules: OrphanRules): AsyncGenerator<Listed> {
  for await (const listed of listing) if (isCandidate(listed, rules)) yield listed;
}
