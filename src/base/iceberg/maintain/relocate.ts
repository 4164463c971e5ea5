import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isLive, manifestSchema, openReader } from '../commit/index.ts';
import { quoteText } from '../filter/index.ts';
import { writeManifest, writeManifestList } from '../manifest/index.ts';
import { specOf } from '../metadata/index.ts';
import {
  CONTENT,
  type DataFile,
  type ManifestEntry,
  type ManifestFile,
  type Snapshot,
  STATUS,
  type TableMetadata,
} from '../model.ts';
import { type ManifestReader, normalLocation, normalLocationSql, onlyPath } from '../scan/index.ts';
import type { Engine, Files } from '../world.ts';

// A table somewhere else. Paths in it are absolute: in its metadata, lists, manifests and position deletes. Each of them is written
// again under a name that follows from the old one and the new place, so a second run finds what the first one did, and nothing
// that is there is ever overwritten: while it runs, and if it stops, the old table is whole.

export interface Relocation {
  from: string;
  to: string;
  /** Where the table was; what has been brought over already (a folder that somebody moved) is found at `target`. */
  source: Pick<Files, 'read' | 'open'>;
  target: Files;
  /** Writes position deletes again. */
  engine: Engine;
  /** Brings a file over as it is. Through memory, unless given: for data files a storage knows better. */
  copy?: (from: string, to: string) => Promise<void>;
  on_step?: (step: RelocationStep) => void;
}

export interface RelocationStep {
  what: 'file' | 'deletes' | 'statistics' | 'manifest' | 'list';
  location: string;
  /** It was there from an earlier run, or had been moved. */
  found: boolean;
}

/** The metadata of the table at its new place, with all its snapshots; everything it names is there and durable. */
export async function relocate(metadata: TableMetadata, relocation: Relocation): Promise<TableMetadata> {
  const move = mover(relocation);
  const reader = openReader({ read: location => readWhereItIs(relocation, move, location) });
  const work: Work = { relocation, move, reader, metadata, manifests: new Map() };
  const snapshots: Snapshot[] = [];
  for (const snapshot of metadata.snapshots) snapshots.push(await moveSnapshot(work, snapshot));
  const statistics = await moveStatistics(work, metadata.statistics);
  const partition_statistics = await moveStatistics(work, metadata['partition-statistics']);
  return {
    ...metadata,
    location: move.location(metadata.location),
    snapshots,
    statistics,
    'partition-statistics': partition_statistics,
    // Older metadata files name the old place throughout.
    'metadata-log': [],
    properties: Object.fromEntries(
      Object.entries(metadata.properties).map(([name, value]) => [name, move.location(value)]),
    ),
  };
}

interface Work {
  relocation: Relocation;
  move: Mover;
  reader: ManifestReader;
  metadata: TableMetadata;
  /** By old location, what became of it. */
  manifests: Map<string, Pick<ManifestFile, 'manifest_path' | 'manifest_length'>>;
}

interface Mover {
  /** What is not below the old place stays as it is. */
  location(location: string): string;
  /** For what is written again: the name says for which place. */
  rewritten(location: string): string;
}

function mover({ from, to }: Relocation): Mover {
  const old = normalLocation(from).replace(/\/+$/, '');
  const next = to.replace(/\/+$/, '');
  const mark = createHash('sha256').update(`${old} ${next}`).digest('hex').slice(0, 8);
  const location = (text: string) => {
    const normal = normalLocation(text);
    if (!text.includes('/')) return text;
    return normal === old || normal.startsWith(`${old}/`) ? next + normal.slice(old.length) : text;
  };
  return {
    location,
    rewritten(text) {
      const moved = location(text);
      const dot = moved.lastIndexOf('.');
      return dot > moved.lastIndexOf('/')
        ? `${moved.slice(0, dot)}-${mark}${moved.slice(dot)}`
        : `${moved}-${mark}`;
    },
  };
}

async function readWhereItIs({ source, target }: Relocation, move: Mover, location: string): Promise<Buffer> {
  const moved = move.location(location);
  return (await target.exists(moved)) ? target.read(moved) : source.read(location);
}

// ── Snapshots and manifests ─────────────────────────────────────────────────────────────────────────

async function moveSnapshot(work: Work, snapshot: Snapshot): Promise<Snapshot> {
  const { metadata, reader, relocation, move } = work;
  const manifests: ManifestFile[] = [];
  for (const manifest of await reader.manifests(metadata, snapshot))
    manifests.push({ ...manifest, ...(await moveManifest(work, manifest)) });
  const old =
    snapshot['manifest-list'] ?? `${metadata.location}/metadata/snap-${snapshot['snapshot-id']}.avro`;
  const location = move.rewritten(old);
  await writeOnce(relocation, 'list', location, () =>
    writeManifestList(
      {
        snapshot_id: snapshot['snapshot-id'],
        parent_id: snapshot['parent-snapshot-id'],
        sequence_number: snapshot['sequence-number'],
        format_version: metadata['format-version'],
      },
      manifests,
    ),
  );
  const { manifests: _, ...rest } = snapshot;
  return { ...rest, 'manifest-list': location };
}

async function moveManifest(
  work: Work,
  manifest: ManifestFile,
): Promise<Pick<ManifestFile, 'manifest_path' | 'manifest_length'>> {
  const key = normalLocation(manifest.manifest_path);
  const known = work.manifests.get(key);
  if (known) return known;
  const location = work.move.rewritten(manifest.manifest_path);
  const length = await writeOnce(work.relocation, 'manifest', location, async () => {
    const entries: ManifestEntry[] = [];
    for (const entry of await work.reader.entries(work.metadata, manifest))
      entries.push({ ...entry, file: await moveFile(work, entry) });
    await work.relocation.target.seal(entries.filter(isLive).map(({ file }) => file.file_path));
    return manifestBytes(work.metadata, manifest, entries);
  });
  const moved = { manifest_path: location, manifest_length: length };
  work.manifests.set(key, moved);
  return moved;
}

function manifestBytes(metadata: TableMetadata, manifest: ManifestFile, entries: ManifestEntry[]): Buffer {
  const spec = specOf(metadata, manifest.partition_spec_id);
  return writeManifest(
    {
      schema: manifestSchema(metadata, spec),
      spec,
      content: manifest.content,
      snapshot_id: manifest.added_snapshot_id,
      sequence_number: manifest.sequence_number,
      format_version: metadata['format-version'],
    },
    entries,
  ).bytes;
}

// ── Files ───────────────────────────────────────────────────────────────────────────────────────────

/** A file that was deleted need not be there any more, and is named all the same. */
async function moveFile(work: Work, { status, file }: ManifestEntry): Promise<DataFile> {
  const is_live = status !== STATUS.deleted;
  if (file.content === CONTENT.position_deletes) return movePositionDeletes(work, file, is_live);
  const location = work.move.location(file.file_path);
  const bytes = file.file_size_in_bytes;
  if (is_live) await bring(work.relocation, { what: 'file', from: file.file_path, to: location, bytes });
  return { ...file, file_path: location };
}

async function movePositionDeletes(work: Work, file: DataFile, is_live: boolean): Promise<DataFile> {
  const { move } = work;
  const location = move.rewritten(file.file_path);
  const bytes = is_live ? await rewriteDeletes(work, file, location) : file.file_size_in_bytes;
  const about = onlyPath(file);
  const path = about === undefined ? undefined : Buffer.from(move.location(about));
  return {
    ...file,
    file_path: location,
    file_size_in_bytes: bytes,
    lower_bounds: withPath(file.lower_bounds, path),
    upper_bounds: withPath(file.upper_bounds, path),
    ...(file.referenced_data_file === undefined
      ? {}
      : { referenced_data_file: move.location(file.referenced_data_file) }),
    split_offsets: undefined,
  };
}

const PATH_ID = 2_147_483_546;
const POS_ID = 2_147_483_545;

/** Bounds of several paths may have been cut, and cannot be moved: without them nothing is skipped, and nothing lost. */
function withPath(bounds: ReadonlyMap<number, Buffer>, path: Buffer | undefined): Map<number, Buffer> {
  const moved = new Map(bounds);
  if (path === undefined) moved.delete(PATH_ID);
  else if (moved.has(PATH_ID)) moved.set(PATH_ID, path);
  return moved;
}

async function rewriteDeletes(work: Work, file: DataFile, location: string): Promise<number> {
  const { relocation, move } = work;
  const { target, engine, on_step } = relocation;
  const found = await target.exists(location);
  if (!found) {
    const here = move.location(file.file_path);
    const there = await target.exists(here);
    const opened = await (there ? target.open([here]) : relocation.source.open([file.file_path]));
    const draft = await target.draft();
    try {
      const path = join(draft.folder, 'deletes.parquet');
      await engine.query(deletesSql(relocation, opened.paths[0] ?? '', path));
      await draft.keep(path, location);
      await target.seal([location]);
    } finally {
      opened.release();
      await draft.release();
    }
  }
  on_step?.({ what: 'deletes', location, found });
  return (await target.read(location)).length;
}

function deletesSql({ from, to }: Relocation, read: string, write: string): string {
  const old = `${normalLocation(from).replace(/\/+$/, '')}/`;
  const next = `${to.replace(/\/+$/, '')}/`;
  const path = normalLocationSql('file_path');
  return `COPY (
    SELECT CASE WHEN starts_with(path, ${quoteText(old)}) THEN ${quoteText(next)} || substring(path, ${[...old].length + 1})
                ELSE file_path END AS file_path, pos
    FROM (SELECT file_path, ${path} AS path, pos FROM read_parquet(${quoteText(read)})) ORDER BY 1, 2
  ) TO ${quoteText(write)} (FORMAT parquet, COMPRESSION zstd, FIELD_IDS {file_path: ${PATH_ID}, pos: ${POS_ID}})`;
}

async function moveStatistics<T extends { 'statistics-path': string; 'file-size-in-bytes': number }>(
  work: Work,
  files: readonly T[],
): Promise<T[]> {
  const moved: T[] = [];
  for (const file of files) {
    const [from, bytes] = [file['statistics-path'], file['file-size-in-bytes']];
    const location = work.move.location(from);
    await bring(work.relocation, { what: 'statistics', from, to: location, bytes });
    moved.push({ ...file, 'statistics-path': location });
  }
  await work.relocation.target.seal(moved.map(file => file['statistics-path']));
  return moved;
}

interface Brought {
  what: RelocationStep['what'];
  from: string;
  to: string;
  bytes: number;
}

/** Sealed by whoever asks, many at once; so what is found is looked at, for a power cut may have left half of it. */
async function bring(
  { source, target, copy, on_step }: Relocation,
  { what, from, to, bytes }: Brought,
): Promise<void> {
  if (from === to) return;
  const found = await isWhole(target, to, bytes);
  if (!found) {
    await target.remove(to);
    await (copy ?? (async () => target.write(to, await source.read(from))))(from, to);
  }
  on_step?.({ what, location: to, found });
}

async function isWhole(target: Files, location: string, bytes: number): Promise<boolean> {
  if (!(await target.exists(location))) return false;
  return target.range(location, Math.max(0, bytes - 1), Math.min(1, bytes)).then(
    () => true,
    () => false,
  );
}

async function writeOnce(
  { target, on_step }: Relocation,
  what: RelocationStep['what'],
  location: string,
  make: () => Buffer | Promise<Buffer>,
): Promise<number> {
  const found = await target.exists(location);
  const bytes = found ? await target.read(location) : await make();
  if (!found) {
    await target.write(location, bytes);
    await target.seal([location]);
  }
  on_step?.({ what, location, found });
  return bytes.length;
}
