import { IcebergError } from '../errors.ts';
import { UNASSIGNED, writeManifest } from '../manifest/index.ts';
import { specOf } from '../metadata/index.ts';
import {
  CONTENT,
  type DataFile,
  type ManifestEntry,
  type ManifestFile,
  STATUS,
  type TableMetadata,
} from '../model.ts';
import { type ManifestReader, normalLocation } from '../scan/index.ts';
import type { Files } from '../world.ts';
import { manifestSchema } from './reader.ts';
import { type Made, metadataFolder, type Staged } from './staged.ts';
import { count, countAdded, countRemoved, NOTHING, newTally, type Tally, type Totals } from './summary.ts';

// Manifests made for one snapshot: of its new files, of what is left of older manifests, of several together.

export interface Workshop {
  metadata: TableMetadata;
  staged: Staged;
  files: Files;
  reader: ManifestReader;
  target_bytes: number;
}

/** What goes, as a question to each live file. */
export interface Removal {
  /** Part of the key under which the outcome is kept: the same text, the same outcome. */
  key: string;
  touches(manifest: ManifestFile): boolean;
  takes(entry: ManifestEntry): boolean;
}

/** An entry of a file that is new to the table. An older `data_sequence` for rows that were there before: deletes since go on to apply to them. */
export function addedEntry(staged: Staged, file: DataFile, data_sequence = UNASSIGNED): ManifestEntry {
  return {
    status: STATUS.added,
    snapshot_id: staged.snapshot_id,
    sequence_number: data_sequence,
    file_sequence_number: UNASSIGNED,
    file,
  };
}

/** New files, in manifests of their own. */
export function addEntries(
  shop: Workshop,
  key: string,
  entries: () => AsyncIterable<ManifestEntry> | Iterable<ManifestEntry>,
): Promise<Made> {
  return once(shop.staged, key, async () => {
    const tally = newTally();
    const see = (entry: ManifestEntry) => countAdded(tally, entry.file);
    return { manifests: await writeEntries(shop, watched(entries(), see)), tally, found: [] };
  });
}

/** The manifest without the files that go: they stay in it once more as deleted, for those who ask what changed. */
export function dropEntries(shop: Workshop, manifest: ManifestFile, removal: Removal): Promise<Made> {
  return once(shop.staged, `drop ${removal.key} ${manifest.manifest_path}`, async () => {
    const entries = (await shop.reader.entries(shop.metadata, manifest)).filter(isLive);
    const going = new Set(entries.filter(entry => removal.takes(entry)));
    if (going.size === 0) return { manifests: [manifest], tally: newTally(), found: [] };
    const tally = newTally();
    for (const { file } of going) countRemoved(tally, file);
    const after = entries.map(entry =>
      going.has(entry) ? deletedEntry(shop.staged, entry) : carried(entry),
    );
    return {
      manifests: await writeEntries(shop, after),
      tally,
      found: [...going].map(({ file }) => normalLocation(file.file_path)),
    };
  });
}

/** Several manifests of one spec and content as one, or as few as fit. What was deleted in older snapshots is left out. */
export async function mergeManifests(
  shop: Workshop,
  manifests: readonly ManifestFile[],
): Promise<readonly ManifestFile[]> {
  const key = `merge ${manifests.map(manifest => manifest.manifest_path).join(' ')}`;
  const made = await once(shop.staged, key, async () => ({
    manifests: await writeEntries(shop, mergedEntries(shop, manifests)),
    tally: newTally(),
    found: [],
  }));
  return made.manifests;
}

async function* mergedEntries(
  shop: Workshop,
  manifests: readonly ManifestFile[],
): AsyncGenerator<ManifestEntry> {
  const ours = shop.staged.snapshot_id;
  for (const manifest of manifests)
    for (const entry of await shop.reader.entries(shop.metadata, manifest))
      if (entry.snapshot_id === ours && entry.status !== STATUS.existing) yield entry;
      else if (isLive(entry)) yield carried(entry);
}

export function isLive(entry: ManifestEntry): boolean {
  return entry.status !== STATUS.deleted;
}

/** From an older snapshot: it is neither new nor gone in this one. */
export function carried(entry: ManifestEntry): ManifestEntry {
  return { ...entry, status: STATUS.existing };
}

function deletedEntry(staged: Staged, entry: ManifestEntry): ManifestEntry {
  return { ...entry, status: STATUS.deleted, snapshot_id: staged.snapshot_id };
}

/** Of version 1, what nobody counted may be there. */
export function hasLive(manifest: ManifestFile): boolean {
  return manifest.added_files_count !== 0 || manifest.existing_files_count !== 0;
}

export async function once(staged: Staged, key: string, make: () => Promise<Made>): Promise<Made> {
  const known = staged.made.get(key);
  if (known) return known;
  const made = await make();
  staged.made.set(key, made);
  return made;
}

async function* watched<T>(
  entries: AsyncIterable<T> | Iterable<T>,
  see: (entry: T) => void,
): AsyncGenerator<T> {
  for await (const entry of entries) {
    see(entry);
    yield entry;
  }
}

// ── Writing ─────────────────────────────────────────────────────────────────────────────────────────

interface Batch {
  entries: ManifestEntry[];
  bytes: number;
}

/** Removing one file writes its manifest again: lines that are short must not make that a matter of seconds. */
const MOST_ENTRIES = 8_000;

/** One manifest for each spec and content, more where they grow beyond the target: memory holds one batch of each. */
export async function writeEntries(
  shop: Workshop,
  entries: AsyncIterable<ManifestEntry> | Iterable<ManifestEntry>,
): Promise<ManifestFile[]> {
  const open = new Map<string, Batch>();
  const written: ManifestFile[] = [];
  for await (const entry of entries) {
    const key = `${entry.file.spec_id} ${entry.file.content === CONTENT.data}`;
    const batch = open.get(key) ?? { entries: [], bytes: 0 };
    open.set(key, batch);
    batch.entries.push(entry);
    batch.bytes += roughBytes(entry.file);
    if (batch.bytes < shop.target_bytes && batch.entries.length < MOST_ENTRIES) continue;
    open.delete(key);
    written.push(await writeBatch(shop, batch.entries));
  }
  for (const batch of open.values()) written.push(await writeBatch(shop, batch.entries));
  return written;
}

/** What an entry takes in a manifest, about: its path, and for each column counts and two bounds, compressed to a half or so. */
function roughBytes(file: DataFile): number {
  return 60 + file.file_path.length / 2 + 12 * file.value_counts.size + 8 * file.lower_bounds.size;
}

async function writeBatch(shop: Workshop, entries: readonly ManifestEntry[]): Promise<ManifestFile> {
  const [first] = entries;
  if (first === undefined) throw new IcebergError('invalid', 'a manifest without entries');
  const { metadata, staged, files, reader } = shop;
  const spec = specOf(metadata, first.file.spec_id);
  const { bytes, summary } = writeManifest(
    {
      schema: manifestSchema(metadata, spec),
      spec,
      content: first.file.content === CONTENT.data ? 0 : 1,
      snapshot_id: staged.snapshot_id,
    },
    entries,
  );
  const location = `${metadataFolder(metadata)}/${staged.attempt}-m${staged.written.size}.avro`;
  staged.written.add(location);
  await files.write(location, bytes);
  reader.wrote?.(location, bytes);
  return { manifest_path: location, ...summary };
}

export async function countLive(
  metadata: TableMetadata,
  manifests: readonly ManifestFile[],
  reader: ManifestReader,
): Promise<Totals> {
  const totals = { ...NOTHING };
  for (const manifest of manifests)
    for (const entry of await reader.entries(metadata, manifest))
      if (isLive(entry)) count(totals, entry.file);
  return totals;
}

export function sumTallies(tallies: readonly Tally[]): Tally {
  const sum = newTally();
  for (const tally of tallies) {
    for (const column of Object.keys(sum.added) as (keyof Tally['added'])[]) {
      sum.added[column] += tally.added[column];
      sum.removed[column] += tally.removed[column];
    }
    sum.added_position_files += tally.added_position_files;
    sum.added_equality_files += tally.added_equality_files;
    sum.removed_position_files += tally.removed_position_files;
    sum.removed_equality_files += tally.removed_equality_files;
    for (const partition of tally.partitions) sum.partitions.add(partition);
  }
  return sum;
}
