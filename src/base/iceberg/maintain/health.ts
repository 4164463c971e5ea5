import { isLive, totalsOf } from '../commit/index.ts';
import { currentSnapshot, printMetadata } from '../metadata/index.ts';
import { CONTENT, type ManifestFile, type TableMetadata } from '../model.ts';
import type { ManifestReader } from '../scan/index.ts';
import { type CompactionRules, compactionRules } from './compact.ts';
import { type ExpirePolicy, expireSnapshots } from './expire.ts';

// What a table is made of, and what is due because of it.

export interface Health {
  data_files: number;
  small_files: number;
  records: number;
  data_bytes: number;
  delete_files: number;
  /** Rows struck out by position, and values by which rows are struck out. */
  deletes: number;
  snapshots: number;
  manifests: number;
  metadata_bytes: number;
  manifest_bytes: number;
  due: Due[];
}

export const DUE = ['compact', 'remove_deletes', 'expire', 'rewrite_manifests'] as const;
export type Due = (typeof DUE)[number];

export interface HealthRules {
  compaction?: CompactionRules;
  policy?: ExpirePolicy;
  /** So many small files are due to be joined. */
  small_files?: number;
  /** Of all rows. */
  deleted_share?: number;
  manifests?: number;
}

/** Reads each manifest of the current snapshot once and holds none of them. */
export async function health(
  metadata: TableMetadata,
  reader: ManifestReader,
  now_ms: number,
  rules: HealthRules = {},
): Promise<Health> {
  const snapshot = currentSnapshot(metadata);
  const manifests = snapshot ? await reader.manifests(metadata, snapshot) : [];
  const { small_bytes } = rules.compaction ?? compactionRules(metadata.properties);
  const figures: Health = {
    data_files: 0,
    small_files: 0,
    records: 0,
    data_bytes: 0,
    delete_files: 0,
    deletes: 0,
    snapshots: metadata.snapshots.length,
    manifests: manifests.length,
    metadata_bytes: printMetadata(metadata).length,
    manifest_bytes: manifests.reduce((sum, manifest) => sum + manifest.manifest_length, 0),
    due: [],
  };
  for (const manifest of manifests) await count(figures, metadata, manifest, reader, small_bytes);
  return { ...figures, due: dueOf(figures, metadata, now_ms, rules) };
}

async function count(
  figures: Health,
  metadata: TableMetadata,
  manifest: ManifestFile,
  reader: ManifestReader,
  small_bytes: number,
): Promise<void> {
  for (const entry of await reader.entries(metadata, manifest)) {
    if (!isLive(entry)) continue;
    const { content, record_count, file_size_in_bytes } = entry.file;
    if (content === CONTENT.data) {
      figures.data_files += 1;
      figures.records += record_count;
      figures.data_bytes += file_size_in_bytes;
      if (file_size_in_bytes < small_bytes) figures.small_files += 1;
    } else {
      figures.delete_files += 1;
      figures.deletes += record_count;
    }
  }
}

/** From the figures; the limits are where reading starts to cost more than the work would. */
export function dueOf(
  figures: Omit<Health, 'due'>,
  metadata: TableMetadata,
  now_ms: number,
  rules: HealthRules = {},
): Due[] {
  const due: Due[] = [];
  const joins =
    figures.small_files >= (rules.small_files ?? 50) && figures.small_files * 2 > figures.data_files;
  if (joins) due.push('compact');
  if (
    figures.deletes > (rules.deleted_share ?? 0.05) * figures.records ||
    figures.delete_files > figures.data_files
  )
    due.push('remove_deletes');
  if (expireSnapshots(metadata, rules.policy ?? {}, now_ms).updates.length > 0) due.push('expire');
  // Many manifests that are each far from full: a scan opens them all.
  const average = figures.manifest_bytes / Math.max(1, figures.manifests);
  if (figures.manifests > (rules.manifests ?? 100) && average < 1024 * 1024) due.push('rewrite_manifests');
  return due;
}

/** From the summary of the current snapshot alone: what a list of a thousand tables can afford. Undefined where it has no totals. */
export function quickFigures(metadata: TableMetadata) {
  const snapshot = currentSnapshot(metadata);
  return snapshot && totalsOf(snapshot.summary);
}
