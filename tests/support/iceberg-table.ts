import { emptyMetadata } from '../../src/base/iceberg/metadata/create.ts';
import {
  type DataFile,
  type Field,
  type ManifestEntry,
  type ManifestFile,
  type Operation,
  type PartitionSpec,
  type Schema,
  type Snapshot,
  STATUS,
  type Type,
} from '../../src/base/iceberg/model.ts';
import type { ManifestReader, TableAt } from '../../src/base/iceberg/scan/index.ts';

// Tables whose manifests are in memory, made commit by commit: for tests of what a scan makes of them.

export interface Commit {
  operation?: Operation;
  added?: DataFile[];
  deletes?: DataFile[];
  /** Locations of files that are gone with it. */
  removed?: string[];
}

export interface TableOptions {
  /** The last one is the current one; ids by place. */
  schemas: Field[][];
  specs?: PartitionSpec[];
  properties?: Record<string, string>;
  commits: Commit[];
}

export const field = (id: number, name: string, type: Type, required = false): Field => ({
  id,
  name,
  required,
  type,
});

export const schemaOf = (fields: Field[], id = 0): Schema => ({ type: 'struct', 'schema-id': id, fields });

/** As after the last commit. Commit n, from 1, has sequence number n and snapshot id n. */
export function tableOf(options: TableOptions): TableAt {
  const schemas = options.schemas.map(schemaOf);
  const [first] = schemas;
  const schema = schemas.at(-1);
  if (first === undefined || schema === undefined) throw new Error('a table has a schema');
  const snapshots = options.commits.map((commit, at) => snapshotOf(commit, at + 1));
  const states = statesOf(options.commits);
  const metadata: TableAt['metadata'] = {
    ...emptyMetadata(0),
    'table-uuid': '3d1c1e4a-0000-0000-0000-000000000000',
    location: 'file:///table',
    schemas,
    'current-schema-id': schema['schema-id'],
    'partition-specs': options.specs ?? [{ 'spec-id': 0, fields: [] }],
    properties: options.properties ?? {},
    snapshots,
    'last-sequence-number': snapshots.length,
  };
  const snapshot = snapshots.at(-1);
  if (snapshot !== undefined) metadata['current-snapshot-id'] = snapshot['snapshot-id'];
  return { metadata, snapshot, schema, reader: readerOf(states) };
}

function snapshotOf(commit: Commit, number: number): Snapshot {
  return {
    'snapshot-id': BigInt(number),
    ...(number > 1 ? { 'parent-snapshot-id': BigInt(number - 1) } : {}),
    'sequence-number': number,
    'timestamp-ms': number * 1000,
    'manifest-list': `list-${number}`,
    summary: { operation: commit.operation ?? 'append' },
    'schema-id': 0,
  };
}

interface Manifest {
  file: ManifestFile;
  entries: ManifestEntry[];
}

function statesOf(commits: readonly Commit[]): Manifest[][] {
  const states: Manifest[][] = [];
  for (const [at, commit] of commits.entries()) {
    const gone = new Set(commit.removed);
    const before = (states.at(-1) ?? []).map(manifest => without(manifest, gone, at + 1));
    const added = [...(commit.added ?? []), ...(commit.deletes ?? [])];
    states.push([...before, ...newManifests(added, at + 1)]);
  }
  return states;
}

function without({ file, entries }: Manifest, gone: ReadonlySet<string>, number: number): Manifest {
  const kept = entries.filter(entry => entry.status !== STATUS.deleted);
  const carried = kept.map(entry => ({
    ...entry,
    status: gone.has(entry.file.file_path) ? STATUS.deleted : STATUS.existing,
  }));
  const changed = carried.some(entry => entry.status === STATUS.deleted);
  const manifest = { ...file, manifest_path: `${file.manifest_path}+${number}` };
  return { file: changed ? { ...manifest, added_snapshot_id: BigInt(number) } : manifest, entries: carried };
}

function newManifests(added: readonly DataFile[], number: number): Manifest[] {
  const groups = Map.groupBy(added, file => `${file.spec_id}-${Math.min(file.content, 1)}`);
  return [...groups].map(([key, files]) => ({
    file: {
      manifest_path: `manifest-${number}-${key}`,
      manifest_length: 1,
      partition_spec_id: files[0]?.spec_id ?? 0,
      content: files[0]?.content === 0 ? 0 : 1,
      sequence_number: number,
      min_sequence_number: number,
      added_snapshot_id: BigInt(number),
    },
    entries: files.map(file => ({
      status: STATUS.added,
      snapshot_id: BigInt(number),
      sequence_number: number,
      file_sequence_number: number,
      file,
    })),
  }));
}

function readerOf(states: readonly Manifest[][]): ManifestReader {
  const entries = new Map(states.flat().map(manifest => [manifest.file, manifest.entries]));
  return {
    manifests: async (_, snapshot) => (states[snapshot['sequence-number'] - 1] ?? []).map(({ file }) => file),
    entries: async (_, manifest) => entries.get(manifest) ?? [],
  };
}
