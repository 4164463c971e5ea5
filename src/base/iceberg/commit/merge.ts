import type { ManifestFile } from '../model.ts';

// Which manifests become one. Every small append brings a manifest; a hundred of them are read slower than one of a hundred
// entries, and merging at each append would write the same entries a hundred times. As in the library in Java: bins near the
// target size, and the newest bin waits until it has enough.

export interface MergeRules {
  enabled: boolean;
  target_bytes: number;
  min_count: number;
}

export function mergeRules(properties: Readonly<Record<string, string>>): MergeRules {
  return {
    enabled: properties['commit.manifest-merge.enabled'] !== 'false',
    target_bytes: countOr(properties['commit.manifest.target-size-bytes'], 8 * 1024 * 1024),
    min_count: countOr(properties['commit.manifest.min-count-to-merge'], 100),
  };
}

/** A property of others may be anything; what is no count is not there. `least`: 0 where none is a number like any other. */
export function countOr(text: string | undefined, otherwise: number, least = 1): number {
  const count = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
  return Number.isSafeInteger(count) && count >= least ? count : otherwise;
}

/** Groups in the order of the list, newest first; a group of one stays as it is. */
export function planMerges(newest_first: readonly ManifestFile[], rules: MergeRules): ManifestFile[][] {
  if (!rules.enabled) return newest_first.map(manifest => [manifest]);
  const groups: ManifestFile[][] = [];
  for (const same of bySpecAndContent(newest_first))
    for (const [i, bin] of binsFromOldest(same, rules.target_bytes).entries()) {
      const waits = i === 0 && bin.length < rules.min_count;
      groups.push(...(waits ? bin.map(manifest => [manifest]) : [bin]));
    }
  return groups;
}

function bySpecAndContent(manifests: readonly ManifestFile[]): ManifestFile[][] {
  const groups = Map.groupBy(manifests, manifest => `${manifest.content}:${manifest.partition_spec_id}`);
  return [...groups.values()];
}

/** Filled from the old end, so that the bin which is not full yet is the newest one, and full ones are never touched again. */
function binsFromOldest(newest_first: readonly ManifestFile[], target_bytes: number): ManifestFile[][] {
  const bins: ManifestFile[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const manifest of newest_first.toReversed()) {
    if (bytes + manifest.manifest_length > target_bytes) {
      bins.unshift([]);
      bytes = 0;
    }
    bins[0]?.unshift(manifest);
    bytes += manifest.manifest_length;
  }
  return bins;
}
