import { isLive } from '../commit/index.ts';
import { type IcebergError, isIcebergError } from '../errors.ts';
import type { ManifestFile, Snapshot, TableMetadata } from '../model.ts';
import type { ManifestReader } from '../scan/index.ts';
import { normalLocation } from '../scan/index.ts';

// Which files a table needs. A table may have millions of files and thousands of snapshots, which share nearly all of them: each
// manifest is opened once, and no more locations are held than `at_once`.

export type Use = 'metadata' | 'list' | 'manifest' | 'statistics' | 'file';

export interface Needed {
  location: string;
  use: Use;
}

/** Everything that the metadata leads to. `location` is its own file. */
export async function* reachable(
  metadata: TableMetadata,
  location: string | undefined,
  reader: ManifestReader,
): AsyncGenerator<Needed> {
  if (location !== undefined) yield { location, use: 'metadata' };
  for (const entry of metadata['metadata-log']) yield { location: entry['metadata-file'], use: 'metadata' };
  yield* statisticsOf(metadata, () => true);
  for (const snapshot of metadata.snapshots) yield* listOf(snapshot);
  for (const manifest of (await manifestsOf(metadata, metadata.snapshots, reader)).values()) {
    yield { location: manifest.manifest_path, use: 'manifest' };
    yield* liveFiles(metadata, manifest, reader);
  }
}

function* listOf(snapshot: Snapshot): Generator<Needed> {
  const location = snapshot['manifest-list'];
  if (location !== undefined) yield { location, use: 'list' };
}

function* statisticsOf(metadata: TableMetadata, is: (id: bigint) => boolean): Generator<Needed> {
  for (const file of [...metadata.statistics, ...metadata['partition-statistics']])
    if (is(file['snapshot-id'])) yield { location: file['statistics-path'], use: 'statistics' };
}

/** By location, each once: one name for each manifest of the table's whole history is what this holds. */
async function manifestsOf(
  metadata: TableMetadata,
  snapshots: readonly Snapshot[],
  reader: ManifestReader,
): Promise<Map<string, ManifestFile>> {
  const found = new Map<string, ManifestFile>();
  for (const snapshot of snapshots)
    for (const manifest of await reader.manifests(metadata, snapshot)) {
      const key = normalLocation(manifest.manifest_path);
      if (!found.has(key)) found.set(key, manifest);
    }
  return found;
}

async function* liveFiles(
  metadata: TableMetadata,
  manifest: ManifestFile,
  reader: ManifestReader,
): AsyncGenerator<Needed> {
  for (const entry of await reader.entries(metadata, manifest))
    if (isLive(entry)) yield { location: entry.file.file_path, use: 'file' };
}

// ── What an expiry leaves behind ────────────────────────────────────────────────────────────────────

export interface GarbageOptions {
  /** Whose files may be removed at all: those in the table's folder, unless said. */
  owns?: (location: string) => boolean;
  at_once?: number;
  /**
   * A list or manifest that is gone or damaged: whatever it names stays. Where a snapshot that is kept needs it, nobody knows what
   * else that needs, and nothing is answered at all. Without this, it is an error.
   */
  unread?: (error: IcebergError) => void;
}

const AT_ONCE = 200_000;

/**
 * Files that `before` needed and `after` does not, in batches; where there are more than fit into memory, one may come twice.
 * Metadata may name any file of the storage, for anyone can write metadata: what is not the table's own is left alone.
 */
export async function* garbage(
  before: TableMetadata,
  after: TableMetadata,
  reader: ManifestReader,
  options: GarbageOptions = {},
): AsyncGenerator<string[]> {
  const owns = options.owns ?? ownsOf(after);
  const kept = new Set(after.snapshots.map(snapshot => snapshot['snapshot-id']));
  const expired = before.snapshots.filter(snapshot => !kept.has(snapshot['snapshot-id']));
  if (expired.length === 0) return;
  const past = tolerant(reader, options.unread);
  const needed = await manifestsOf(after, after.snapshots, reader).catch(noted(options.unread));
  if (!needed) return;
  const dropped = await manifestsOf(before, expired, past);
  for (const key of needed.keys()) dropped.delete(key);

  const files = batchesOf(
    candidates(before, after, expired, dropped, past),
    owns,
    options.at_once ?? AT_ONCE,
  );
  for await (const batch of files) {
    const is_known = await withoutNeeded(batch, after, needed.values(), reader).catch(noted(options.unread));
    if (!is_known) return;
    if (batch.size > 0) yield [...batch.values()];
  }
}

async function withoutNeeded(
  batch: Map<string, string>,
  after: TableMetadata,
  needed: Iterable<ManifestFile>,
  reader: ManifestReader,
): Promise<true> {
  for (const manifest of needed)
    for await (const { location } of liveFiles(after, manifest, reader))
      batch.delete(normalLocation(location));
  return true;
}

type Unread = GarbageOptions['unread'];

/** Says it and goes on, where somebody wants to hear it. A storage that is away for a moment is not meant. */
function noted(unread: Unread): (error: unknown) => undefined {
  return error => {
    if (!unread || !(isIcebergError(error, 'missing_file') || isIcebergError(error, 'corrupt'))) throw error;
    unread(error);
  };
}

/** What cannot be read of the past holds nothing. */
function tolerant(reader: ManifestReader, unread: Unread): ManifestReader {
  return {
    manifests: async (...of) => (await reader.manifests(...of).catch(noted(unread))) ?? [],
    entries: async (...of) => (await reader.entries(...of).catch(noted(unread))) ?? [],
  };
}

async function* candidates(
  before: TableMetadata,
  after: TableMetadata,
  expired: readonly Snapshot[],
  dropped: ReadonlyMap<string, ManifestFile>,
  reader: ManifestReader,
): AsyncGenerator<Needed> {
  const lists = new Set(after.snapshots.map(snapshot => snapshot['manifest-list']));
  const gone = new Set(expired.map(snapshot => snapshot['snapshot-id']));
  for (const manifest of dropped.values()) {
    yield* liveFiles(before, manifest, reader);
    yield { location: manifest.manifest_path, use: 'manifest' };
  }
  for (const snapshot of expired) if (!lists.has(snapshot['manifest-list'])) yield* listOf(snapshot);
  yield* statisticsOf(before, id => gone.has(id));
}

export async function* batchesOf(
  candidates: AsyncIterable<{ location: string }>,
  wanted: (location: string) => boolean,
  at_once: number,
): AsyncGenerator<Map<string, string>> {
  let batch = new Map<string, string>();
  for await (const { location } of candidates) {
    if (wanted(location)) batch.set(normalLocation(location), location);
    if (batch.size < at_once) continue;
    yield batch;
    batch = new Map();
  }
  if (batch.size > 0) yield batch;
}

export function ownsOf(metadata: TableMetadata): (location: string) => boolean {
  const folder = `${normalLocation(metadata.location).replace(/\/+$/, '')}/`;
  // `..` in a path would lead out of the folder that the text begins with.
  return location => {
    const normal = normalLocation(location);
    return normal.startsWith(folder) && !/(^|\/)\.\.?(\/|$)/.test(normal.slice(folder.length));
  };
}
