import {
  type AvroRecord,
  type AvroType,
  type AvroValue,
  corruptAvro,
  isRecord,
  openAvro,
  type Read,
  readBlock,
  readerOf,
  writeAvro,
} from '../avro/index.ts';
import { IcebergError } from '../errors.ts';
import type { ManifestFile, PartitionSummary, SnapshotId } from '../model.ts';
import { nameById } from './fields.ts';
import { checkVersion } from './read.ts';
import { type FormatVersion, listShape } from './shape.ts';

/**
 * The sequence number of what belongs to a snapshot in the making: later than all there are. Which one it becomes shows when the
 * list is written; entries with it leave it out, so that a commit that is made again on another base uses its manifests again.
 */
export const UNASSIGNED = Number.MAX_SAFE_INTEGER;

const LIST_FIELDS = new Map([
  [500, 'manifest_path'],
  [501, 'manifest_length'],
  [502, 'partition_spec_id'],
  [517, 'content'],
  [515, 'sequence_number'],
  [516, 'min_sequence_number'],
  [503, 'added_snapshot_id'],
  [504, 'added_files_count'],
  [505, 'existing_files_count'],
  [506, 'deleted_files_count'],
  [512, 'added_rows_count'],
  [513, 'existing_rows_count'],
  [514, 'deleted_rows_count'],
  [507, 'partitions'],
  [519, 'key_metadata'],
]);

const SUMMARY_FIELDS = new Map([
  [509, 'contains_null'],
  [518, 'contains_nan'],
  [510, 'lower_bound'],
  [511, 'upper_bound'],
]);

/** `file` is its name for errors. */
export function readManifestList(bytes: Uint8Array, file = 'the manifest list'): ManifestFile[] {
  const avro = openAvro(bytes, file);
  checkVersion(avro.metadata.get('format-version'), file);
  const read = lineReader(avro.schema);
  const manifests: ManifestFile[] = [];
  for (const block of avro.blocks())
    readBlock(block, file, cursor => manifests.push(manifestFile(new Line(read(cursor), file))));
  return manifests;
}

const readers = new WeakMap<AvroType, Read>();

function lineReader(schema: AvroType): Read {
  const known = readers.get(schema) ?? readerOf(byKnownNames(schema));
  readers.set(schema, known);
  return known;
}

/** The schema of a foreign list with our names: ids decide, writers of old had other names. */
function byKnownNames(type: AvroType): AvroType {
  switch (type.kind) {
    case 'record': {
      const known = type.fields.map(field => {
        const name = nameById(field, LIST_FIELDS) ?? nameById(field, SUMMARY_FIELDS) ?? `other ${field.name}`;
        return { ...field, name, type: byKnownNames(field.type) };
      });
      return { ...type, fields: known };
    }
    case 'array':
      return { ...type, items: byKnownNames(type.items) };
    case 'union':
      return { ...type, branches: type.branches.map(byKnownNames) };
    default:
      return type;
  }
}

/** One record of a list, asked for values of the right kind. */
class Line {
  private readonly record: AvroRecord;
  private readonly file: string;

  constructor(value: AvroValue, file: string) {
    if (!isRecord(value)) throw corruptAvro(file, 'its schema is not that of a manifest list');
    this.record = value;
    this.file = file;
  }

  number(name: string): number | undefined {
    const value = this.record[name];
    if (value === undefined || value === null) return undefined;
    const number = typeof value === 'bigint' ? Number(value) : value;
    if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 0) return number;
    throw corruptAvro(this.file, `${String(number)} for ${name}`);
  }

  needed<T>(name: string, value: T | undefined): T {
    if (value === undefined) throw corruptAvro(this.file, `a manifest has no ${name}`);
    return value;
  }

  text(name: string): string | undefined {
    const value = this.record[name];
    return typeof value === 'string' ? value : undefined;
  }

  long(name: string): bigint | undefined {
    const value = this.record[name];
    return typeof value === 'bigint' ? value : typeof value === 'number' ? BigInt(value) : undefined;
  }

  truth(name: string): boolean | undefined {
    const value = this.record[name];
    return typeof value === 'boolean' ? value : undefined;
  }

  /** A copy: what is kept of a list must not keep the list. */
  bytes(name: string): Buffer | undefined {
    const value = this.record[name];
    return Buffer.isBuffer(value) ? Buffer.from(value) : undefined;
  }

  lines(name: string): Line[] | undefined {
    const value = this.record[name];
    return Array.isArray(value) ? value.map(one => new Line(one, this.file)) : undefined;
  }
}

function manifestFile(line: Line): ManifestFile {
  const content = line.number('content') ?? 0;
  return {
    manifest_path: line.needed('manifest_path', line.text('manifest_path')),
    manifest_length: line.number('manifest_length') ?? 0,
    partition_spec_id: line.number('partition_spec_id') ?? 0,
    content: content === 0 ? 0 : 1,
    sequence_number: line.number('sequence_number') ?? 0,
    min_sequence_number: line.number('min_sequence_number') ?? 0,
    added_snapshot_id: line.needed('added_snapshot_id', line.long('added_snapshot_id')),
    added_files_count: line.number('added_files_count'),
    existing_files_count: line.number('existing_files_count'),
    deleted_files_count: line.number('deleted_files_count'),
    added_rows_count: line.number('added_rows_count'),
    existing_rows_count: line.number('existing_rows_count'),
    deleted_rows_count: line.number('deleted_rows_count'),
    partitions: line.lines('partitions')?.map(partitionSummary),
    key_metadata: line.bytes('key_metadata'),
  };
}

function partitionSummary(line: Line): PartitionSummary {
  return {
    // Who does not say it cannot be relied upon to mean "none".
    contains_null: line.truth('contains_null') ?? true,
    contains_nan: line.truth('contains_nan'),
    lower_bound: line.bytes('lower_bound'),
    upper_bound: line.bytes('upper_bound'),
  };
}

// ── Writing ─────────────────────────────────────────────────────────────────────────────────────────

export interface ListHead {
  snapshot_id: SnapshotId;
  parent_id?: SnapshotId | null;
  sequence_number: number;
  format_version?: FormatVersion;
}

export function writeManifestList(head: ListHead, list: readonly ManifestFile[]): Buffer {
  const version = head.format_version ?? 2;
  const metadata = {
    'snapshot-id': String(head.snapshot_id),
    'parent-snapshot-id': String(head.parent_id ?? null),
    ...(version === 1 ? {} : { 'sequence-number': String(head.sequence_number) }),
    'format-version': String(version),
  };
  const records = list.map(manifest => listRecord(assigned(manifest, head), version));
  return writeAvro({ schema: listShape(version), metadata }, records);
}

/** Manifests of this snapshot get its number; of another one they must have theirs. */
function assigned(manifest: ManifestFile, head: ListHead): ManifestFile {
  if (manifest.sequence_number !== UNASSIGNED) return manifest;
  if (manifest.added_snapshot_id !== head.snapshot_id)
    throw new IcebergError(
      'invalid',
      `${manifest.manifest_path} is of another snapshot and has no sequence number`,
      {
        file: manifest.manifest_path,
      },
    );
  return {
    ...manifest,
    sequence_number: head.sequence_number,
    min_sequence_number: Math.min(manifest.min_sequence_number, head.sequence_number),
  };
}

function listRecord(manifest: ManifestFile, version: FormatVersion): AvroRecord {
  if (version === 1 && manifest.content !== 0)
    throw new IcebergError('invalid', 'a table of format version 1 has no deletes', {
      file: manifest.manifest_path,
    });
  return {
    ...manifest,
    added_files_count: count(manifest.added_files_count, version),
    existing_files_count: count(manifest.existing_files_count, version),
    deleted_files_count: count(manifest.deleted_files_count, version),
    added_rows_count: count(manifest.added_rows_count, version),
    existing_rows_count: count(manifest.existing_rows_count, version),
    deleted_rows_count: count(manifest.deleted_rows_count, version),
    partitions: (manifest.partitions ?? []).map(one => ({
      contains_null: one.contains_null,
      contains_nan: one.contains_nan ?? null,
      lower_bound: one.lower_bound ?? null,
      upper_bound: one.upper_bound ?? null,
    })),
    key_metadata: manifest.key_metadata ?? null,
  };
}

/**
 * What a list of version 1 did not count: version 2 asks for a number, and 0 would say that there is nothing to see. 1 makes
 * readers look.
 */
function count(known: number | undefined, version: FormatVersion): number | null {
  return known ?? (version === 1 ? null : 1);
}
