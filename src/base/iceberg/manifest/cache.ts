import { corruptAvro, openAvro } from '../avro/index.ts';
import type { ManifestEntry, ManifestFile, PartitionSpec, Snapshot } from '../model.ts';
import { partitionTypes } from '../partition/path.ts';
import type { Files } from '../world.ts';
import { readManifestList } from './list.ts';
import { decodeManifest, type ManifestOf } from './read.ts';

/** Lists and manifests as they are asked for, the last ones kept decoded: they never change. What comes from here is shared. */
export interface Manifests {
  list(snapshot: Snapshot): Promise<readonly ManifestFile[]>;
  entries(manifest: ManifestFile, of: ManifestOf): Promise<readonly ManifestEntry[]>;
  /** A list or manifest that was just written: the next commit begins with it. */
  wrote(location: string, bytes: Buffer): void;
  /** What is kept at the moment, about. */
  readonly kept_bytes: number;
}

export function openManifests(
  files: Pick<Files, 'read'>,
  { cache_bytes }: { cache_bytes: number },
): Manifests {
  const lists = new Kept<readonly ManifestFile[]>(cache_bytes / 8);
  const manifests = new Kept<readonly ManifestEntry[]>((cache_bytes * 6) / 8);
  const written = new Kept<Buffer>(cache_bytes / 8);
  const read = async (location: string): Promise<Buffer> =>
    written.take(location) ?? (await files.read(location));
  return {
    list: snapshot => {
      const location = snapshot['manifest-list'];
      if (location === undefined) return listOfVersion1(files, snapshot);
      return lists.get(location, async () => {
        const bytes = await read(location);
        return { value: readManifestList(bytes, location), bytes: bytes.length * LIST_GROWTH };
      });
    },
    entries: (manifest, of) =>
      manifests.get(keyOf(manifest, of), async () => {
        const { entries, bytes } = decodeManifest(await read(manifest.manifest_path), manifest, of);
        return { value: entries, bytes };
      }),
    wrote: (location, bytes) => written.keep(location, { value: bytes, bytes: bytes.length }),
    get kept_bytes() {
      return lists.bytes + manifests.bytes + written.bytes;
    },
  };
}

/** A list is compressed in its file and objects in memory. */
const LIST_GROWTH = 10;

/** All that decoding depends on: the same file under another list may inherit other numbers. */
function keyOf(manifest: ManifestFile, { schema, spec }: ManifestOf): string {
  const fields = spec.fields.map(field => `${field['field-id']} ${field.name}`);
  const types = partitionTypes(spec, schema);
  const { manifest_path, sequence_number, added_snapshot_id, content } = manifest;
  return JSON.stringify([
    manifest_path,
    sequence_number,
    String(added_snapshot_id),
    content,
    spec['spec-id'],
    fields,
    types,
  ]);
}

/** Early snapshots name their manifests themselves; each says in its header which spec it has. */
async function listOfVersion1(files: Pick<Files, 'read'>, snapshot: Snapshot): Promise<ManifestFile[]> {
  const found: ManifestFile[] = [];
  for (const manifest_path of snapshot.manifests ?? []) {
    const bytes = await files.read(manifest_path);
    found.push({
      manifest_path,
      manifest_length: bytes.length,
      partition_spec_id: specId(openAvro(bytes, manifest_path).metadata, manifest_path),
      content: 0,
      sequence_number: 0,
      min_sequence_number: 0,
      added_snapshot_id: snapshot['snapshot-id'],
    });
  }
  return found;
}

function specId(metadata: ReadonlyMap<string, string>, file: string): PartitionSpec['spec-id'] {
  const text = metadata.get('partition-spec-id') ?? '0';
  if (!/^\d{1,9}$/.test(text)) throw corruptAvro(file, 'its partition-spec-id is not a number');
  return Number(text);
}

interface Weighed<T> {
  value: T;
  bytes: number;
}

/** Values by key up to a number of bytes; the one that was not asked for longest goes first. Who asks twice at once waits for one. */
class Kept<T> {
  private readonly limit: number;
  private readonly kept = new Map<string, Weighed<T>>();
  private readonly coming = new Map<string, Promise<T>>();
  bytes = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  async get(key: string, make: () => Promise<Weighed<T>>): Promise<T> {
    const found = this.kept.get(key);
    if (!found) return this.coming.get(key) ?? this.fetch(key, make);
    this.kept.delete(key);
    this.kept.set(key, found);
    return found.value;
  }

  private fetch(key: string, make: () => Promise<Weighed<T>>): Promise<T> {
    const fetched = make()
      .then(made => {
        this.keep(key, made);
        return made.value;
      })
      .finally(() => this.coming.delete(key));
    this.coming.set(key, fetched);
    return fetched;
  }

  /** What is asked for once. */
  take(key: string): T | undefined {
    const found = this.kept.get(key);
    this.bytes -= found?.bytes ?? 0;
    this.kept.delete(key);
    return found?.value;
  }

  keep(key: string, made: Weighed<T>): void {
    if (made.bytes > this.limit) return;
    this.take(key);
    this.kept.set(key, made);
    this.bytes += made.bytes;
    for (const [oldest, { bytes }] of this.kept) {
      if (this.bytes <= this.limit) return;
      this.kept.delete(oldest);
      this.bytes -= bytes;
    }
  }
}
