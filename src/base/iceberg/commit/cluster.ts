import type { ManifestEntry, ManifestFile } from '../model.ts';
import { carried, isLive, once, type Workshop, writeEntries } from './manifests.ts';
import { newTally } from './summary.ts';

// Entries that lie by the time they came, laid by partition instead, in manifests near the target size: a filter on the partition
// then opens few of them.

/** Sorted at once, at most: beyond that the manifests are taken in the order of their first partition, run by run. */
const ENTRIES_AT_ONCE = 100_000;

export interface Clustered {
  manifests: ManifestFile[];
  summary: Record<string, string>;
}

/** Undefined: each spec has one manifest at most, which cannot be better. */
export async function clusterManifests(
  shop: Workshop,
  before: readonly ManifestFile[],
): Promise<Clustered | undefined> {
  const groups = [...Map.groupBy(before, m => `${m.content}:${m.partition_spec_id}`).values()];
  const manifests: ManifestFile[] = [];
  let replaced = 0;
  let processed = 0;
  for (const group of groups) {
    if (group.length === 1) {
      manifests.push(...group);
      continue;
    }
    replaced += group.length;
    for (const run of runs(group)) {
      const sorted = await sortedManifests(shop, run);
      manifests.push(...sorted);
      processed += sorted.reduce((sum, manifest) => sum + entriesOf(manifest), 0);
    }
  }
  if (replaced === 0) return undefined;
  return {
    manifests,
    summary: {
      'manifests-created': String(manifests.length - (before.length - replaced)),
      'manifests-kept': String(before.length - replaced),
      'manifests-replaced': String(replaced),
      'entries-processed': String(processed),
    },
  };
}

/** Neighbours by their lowest partition, as many as fit into memory together. */
function runs(manifests: readonly ManifestFile[]): ManifestFile[][] {
  const sorted = manifests.toSorted((a, b) => Buffer.compare(lowest(a), lowest(b)));
  const all: ManifestFile[][] = [];
  let entries = Number.POSITIVE_INFINITY;
  for (const manifest of sorted) {
    entries += entriesOf(manifest);
    if (entries > ENTRIES_AT_ONCE) {
      all.push([]);
      entries = entriesOf(manifest);
    }
    all.at(-1)?.push(manifest);
  }
  return all;
}

/** Bytes of a bound do not sort as its values do, but equal ones meet: a rough order that only decides what is sorted together. */
function lowest(manifest: ManifestFile): Buffer {
  return manifest.partitions?.[0]?.lower_bound ?? Buffer.alloc(0);
}

function entriesOf(manifest: ManifestFile): number {
  return (manifest.added_files_count ?? 0) + (manifest.existing_files_count ?? 0);
}

async function sortedManifests(
  shop: Workshop,
  run: readonly ManifestFile[],
): Promise<readonly ManifestFile[]> {
  const key = `cluster ${run.map(manifest => manifest.manifest_path).join(' ')}`;
  const made = await once(shop.staged, key, async () => {
    const entries: ManifestEntry[] = [];
    for (const manifest of run)
      for (const entry of await shop.reader.entries(shop.metadata, manifest))
        if (isLive(entry)) entries.push(carried(entry));
    entries.sort(byPartition);
    return { manifests: await writeEntries(shop, entries), tally: newTally(), found: [] };
  });
  return made.manifests;
}

function byPartition(a: ManifestEntry, b: ManifestEntry): number {
  for (const [i, value] of a.file.partition.entries()) {
    const order = compare(value, b.file.partition[i] ?? null);
    if (order !== 0) return order;
  }
  return a.sequence_number - b.sequence_number;
}

type PartitionValue = ManifestEntry['file']['partition'][number];

/** Both of one type: those of one field of one spec. */
function compare(a: PartitionValue, b: PartitionValue): number {
  if (a === null || b === null) return Number(b === null) - Number(a === null);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  return a < b ? -1 : Number(a > b);
}
