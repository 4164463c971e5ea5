import {
  commitWithRetry,
  type Operation,
  openReader,
  type RetryOptions,
} from '../../src/base/iceberg/commit/index.ts';
import { IcebergError } from '../../src/base/iceberg/errors.ts';
import { newMetadata, printMetadata } from '../../src/base/iceberg/metadata/index.ts';
import { CONTENT, type DataFile, type Schema, type TableMetadata } from '../../src/base/iceberg/model.ts';
import { encodeValue } from '../../src/base/iceberg/values/index.ts';
import type { Files, Pointer } from '../../src/base/iceberg/world.ts';

// A table whose files are in memory: enough for everything that happens to metadata and manifests. Data files are described,
// not written; what is in them is the matter of tests that have an engine.

export interface MemoryFiles extends Files {
  readonly objects: Map<string, { bytes: Buffer; modified_ms: number }>;
  readonly sealed: Set<string>;
  /** What was read, in its order. */
  readonly reads: string[];
  now_ms: number;
}

export function memoryFiles(): MemoryFiles {
  const objects: MemoryFiles['objects'] = new Map();
  const sealed = new Set<string>();
  const reads: string[] = [];
  const read = async (location: string) => {
    const object = objects.get(location);
    if (!object) throw new IcebergError('missing_file', `${location} is not there`, { file: location });
    reads.push(location);
    return object.bytes;
  };
  const files: MemoryFiles = {
    objects,
    sealed,
    reads,
    now_ms: Date.parse('2026-11-01T00:00:00Z'),
    read,
    range: async (location, offset, length) => (await read(location)).subarray(offset, offset + length),
    async write(location, bytes) {
      if (objects.has(location)) throw new IcebergError('storage', `${location} is there already`);
      objects.set(location, { bytes: Buffer.from(bytes), modified_ms: files.now_ms });
    },
    async seal(locations) {
      for (const location of locations) sealed.add(location);
    },
    exists: async location => objects.has(location),
    async remove(location) {
      objects.delete(location);
    },
    async *list(prefix) {
      for (const [location, { bytes, modified_ms }] of objects)
        if (location.startsWith(prefix)) yield { location, bytes: bytes.length, modified_ms };
    },
    open: () => Promise.reject(new Error('nothing in memory has a path')),
    draft: () => Promise.reject(new Error('nothing in memory has a folder')),
  };
  return files;
}

/** The same files; call number `n` of those that touch the storage fails, before or after it has done its work. */
export function failingFiles(files: MemoryFiles, n: number, when: 'before' | 'after') {
  const state = { calls: 0, failed: false };
  const guarded =
    <Args extends unknown[], T>(call: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      state.calls += 1;
      const fails = state.calls === n;
      if (fails) state.failed = true;
      const refuse = () => new IcebergError('storage', `call ${n} fails ${when}`);
      if (fails && when === 'before') throw refuse();
      const answer = await call(...args);
      if (fails) throw refuse();
      return answer;
    };
  const failing: Files = {
    ...files,
    read: guarded(files.read),
    write: guarded(files.write),
    seal: guarded(files.seal),
    remove: guarded(files.remove),
    exists: guarded(files.exists),
  };
  return { files: failing, state };
}

export interface MemoryTable extends Pointer {
  readonly current: { metadata: TableMetadata; location: string };
}

/** A pointer as a catalog keeps it: compare and swap. */
export function memoryPointer(files: Files, metadata: TableMetadata): MemoryTable {
  let current = { metadata, location: `${metadata.location}/metadata/0.metadata.json` };
  let version = 0;
  return {
    get current() {
      return current;
    },
    load: async () => current,
    async swap(base, next) {
      if (base !== current.location) return false;
      version += 1;
      const location = `${next.location}/metadata/${version}-${Math.random()}.metadata.json`;
      await files.write(location, Buffer.from(printMetadata(next)));
      await files.seal([location]);
      if (base !== current.location) return false;
      current = { metadata: next, location };
      return true;
    },
  };
}

export const SCHEMA: Schema = {
  type: 'struct',
  'schema-id': 0,
  fields: [
    { id: 1, name: 'id', required: true, type: 'long' },
    { id: 2, name: 'day', required: false, type: 'date' },
    { id: 3, name: 'city', required: false, type: 'string' },
  ],
};

export function memoryTable(options: { by_day?: boolean; properties?: Record<string, string> } = {}) {
  const files = memoryFiles();
  const metadata = newMetadata({
    location: 'file:///lake/t',
    schema: SCHEMA,
    ...(options.by_day ? { spec: { fields: [{ 'source-id': 2, name: 'day', transform: 'identity' }] } } : {}),
    properties: options.properties ?? {},
    now_ms: Date.parse('2026-11-01T00:00:00Z'),
  });
  const pointer = memoryPointer(files, metadata);
  const reader = openReader(files);
  const commit = (operation: Operation, more: RetryOptions = {}) =>
    commitWithRetry(pointer, operation, { files, reader }, { wait: async () => undefined, ...more });
  return { files, pointer, reader, commit };
}

export interface FileFacts {
  /** The lowest and the highest `id`. */
  ids?: [number, number];
  day?: number;
  rows?: number;
  bytes?: number;
  spec_id?: number;
  folder?: string;
}

export function dataFile(name: string, facts: FileFacts = {}): DataFile {
  const [low, high] = facts.ids ?? [0, 9];
  const rows = facts.rows ?? 10;
  return {
    content: CONTENT.data,
    file_path: `${facts.folder ?? 'file:///lake/t/data'}/${name}.parquet`,
    file_format: 'PARQUET',
    spec_id: facts.spec_id ?? 0,
    partition: facts.day === undefined ? [] : [facts.day],
    record_count: rows,
    file_size_in_bytes: facts.bytes ?? 1000,
    column_sizes: new Map([[1, 100]]),
    value_counts: new Map([[1, rows]]),
    null_value_counts: new Map([[1, 0]]),
    nan_value_counts: new Map(),
    lower_bounds: new Map([[1, encodeValue('long', BigInt(low))]]),
    upper_bounds: new Map([[1, encodeValue('long', BigInt(high))]]),
  };
}

/** Position deletes about one data file; without one, about any of its partition. */
export function positionDeletes(name: string, about: DataFile, options: { named?: boolean } = {}): DataFile {
  return {
    ...dataFile(name, { rows: 1, bytes: 50, spec_id: about.spec_id }),
    content: CONTENT.position_deletes,
    partition: about.partition,
    lower_bounds: new Map(),
    upper_bounds: new Map(),
    ...(options.named === false ? {} : { referenced_data_file: about.file_path }),
  };
}

export function equalityDeletes(name: string, facts: FileFacts = {}): DataFile {
  return { ...dataFile(name, { rows: 1, ...facts }), content: CONTENT.equality_deletes, equality_ids: [1] };
}

/** Names of the live files of a branch: data files, and delete files with a minus. */
export async function liveNames(table: ReturnType<typeof memoryTable>, branch = 'main'): Promise<string[]> {
  const { metadata } = table.pointer.current;
  const id = metadata.refs[branch]?.['snapshot-id'];
  const snapshot = metadata.snapshots.find(each => each['snapshot-id'] === id);
  if (!snapshot) return [];
  const names: string[] = [];
  for (const manifest of await table.reader.manifests(metadata, snapshot))
    for (const { status, file } of await table.reader.entries(metadata, manifest))
      if (status !== 2)
        names.push(
          (file.content === 0 ? '' : '-') + file.file_path.replace(/^.*\//, '').replace('.parquet', ''),
        );
  return names.sort();
}
