import {
  type AvroField,
  type AvroType,
  type Cursor,
  corruptAvro,
  eachElement,
  openAvro,
  readBlock,
  skipperOf,
  withoutNull,
} from '../avro/index.ts';
import { IcebergError } from '../errors.ts';
import type {
  Content,
  DataFile,
  ManifestEntry,
  ManifestFile,
  PartitionSpec,
  Schema,
  Status,
  Value,
} from '../model.ts';
import { STATUS } from '../model.ts';
import { partitionTypes } from '../partition/path.ts';
import { nameById, type Reads, readField } from './fields.ts';
import { BYTES, NUMBERS, passMap } from './packed.ts';
import { partitionReader } from './partition-values.ts';

export interface ManifestOf {
  schema: Schema;
  spec: PartitionSpec;
}

/**
 * The entries of a manifest with what they inherit filled in. The maps of a file stay packed in the manifest's bytes: entries are
 * for reading, and share those bytes for as long as they are kept.
 */
export function readManifest(
  bytes: Uint8Array,
  of: ManifestFile,
  { schema, spec }: ManifestOf,
): ManifestEntry[] {
  return decodeManifest(bytes, of, { schema, spec }).entries;
}

export interface DecodedManifest {
  entries: ManifestEntry[];
  /** About what they keep in memory. */
  bytes: number;
}

/** Objects, texts and partition values of one entry, measured. */
const ENTRY_BYTES = 1000;

export function decodeManifest(
  bytes: Uint8Array,
  of: ManifestFile,
  { schema, spec }: ManifestOf,
): DecodedManifest {
  const file = of.manifest_path;
  if (bytes.length < of.manifest_length)
    throw corruptAvro(file, `${bytes.length} of its ${of.manifest_length} bytes are there`);
  const avro = openAvro(bytes, file);
  checkVersion(avro.metadata.get('format-version'), file);
  const types = partitionTypes(spec, schema);
  const read = entryReader(avro.schema, {
    file,
    partition: type => partitionReader(type, { spec, types, file }),
  });
  const no_partition: (Value | null)[] = spec.fields.map(() => null);
  const entries: ManifestEntry[] = [];
  let kept = 0;
  for (const block of avro.blocks()) {
    kept += block.bytes.length + block.count * ENTRY_BYTES;
    readBlock(block, file, cursor => entries.push(inherit(read(cursor), of, spec, no_partition)));
  }
  return { entries, bytes: kept };
}

/** Files do not always say it; when they do, a later version may mean something else by what we know. */
export function checkVersion(version: string | undefined, file: string): void {
  if (version === undefined || version === '1' || version === '2') return;
  throw new IcebergError(
    'unsupported',
    `${file} has format version ${version.slice(0, 20)}; 1 and 2 are supported`,
    {
      file,
      version: version.slice(0, 20),
    },
  );
}

/** As it is in the file: what was left out is to be inherited, or has a default. */
interface StoredEntry {
  status: number | undefined;
  snapshot_id: bigint | undefined;
  sequence_number: number | undefined;
  file_sequence_number: number | undefined;
  file: StoredFile | undefined;
}

interface StoredFile extends Partial<Omit<DataFile, 'content'>> {
  content?: number;
}

const ENTRY_FIELDS = new Map([
  [0, 'status'],
  [1, 'snapshot_id'],
  [2, 'data_file'],
  [3, 'sequence_number'],
  [4, 'file_sequence_number'],
]);

interface Parts {
  file: string;
  partition: (type: AvroType) => (cursor: Cursor) => (Value | null)[];
}

function entryReader(schema: AvroType, parts: Parts): (cursor: Cursor) => StoredEntry {
  if (schema.kind !== 'record') throw corruptAvro(parts.file, 'its schema is not that of a manifest');
  const steps = schema.fields.map(field => entryStep(field, parts));
  return cursor => {
    const entry: StoredEntry = {
      status: undefined,
      snapshot_id: undefined,
      sequence_number: undefined,
      file_sequence_number: undefined,
      file: undefined,
    };
    for (const step of steps) step(cursor, entry);
    return entry;
  };
}

type Step<T> = (cursor: Cursor, into: T) => void;

function entryStep(field: AvroField, parts: Parts): Step<StoredEntry> {
  const number = () => readField(field, WHOLE, numberOf, parts.file);
  switch (nameById(field, ENTRY_FIELDS)) {
    case 'status':
      return into(number(), (entry, value) => {
        entry.status = value;
      });
    case 'snapshot_id':
      return into(readField(field, WHOLE, snapshotIds(), parts.file), (entry, value) => {
        entry.snapshot_id = value;
      });
    case 'sequence_number':
      return into(number(), (entry, value) => {
        entry.sequence_number = value;
      });
    case 'file_sequence_number':
      return into(number(), (entry, value) => {
        entry.file_sequence_number = value;
      });
    case 'data_file':
      return into(readField(field, ['record'], fileReader(field.type, parts), parts.file), (entry, value) => {
        entry.file = value;
      });
    default:
      return skipperOf(field.type);
  }
}

function into<T, V>(read: Reads<V>, set: (target: T, value: V | undefined) => void): Step<T> {
  return (cursor, target) => set(target, read(cursor));
}

const WHOLE: AvroType['kind'][] = ['int', 'long'];

function numberOf(cursor: Cursor): number {
  return cursor.number();
}

/** Neighbours mostly have the same one: bigints are slow to make and to keep. */
function snapshotIds(): (cursor: Cursor) => bigint {
  let last = -1n;
  return cursor => {
    const id = cursor.long();
    if (id !== last) last = id;
    return last;
  };
}

const FILE_FIELDS = new Map([
  [134, 'content'],
  [100, 'file_path'],
  [101, 'file_format'],
  [102, 'partition'],
  [103, 'record_count'],
  [104, 'file_size_in_bytes'],
  [108, 'column_sizes'],
  [109, 'value_counts'],
  [110, 'null_value_counts'],
  [137, 'nan_value_counts'],
  [125, 'lower_bounds'],
  [128, 'upper_bounds'],
  [131, 'key_metadata'],
  [132, 'split_offsets'],
  [135, 'equality_ids'],
  [140, 'sort_order_id'],
  [143, 'referenced_data_file'],
]);

function fileReader(type: AvroType, parts: Parts): (cursor: Cursor) => StoredFile {
  const record = withoutNull(type);
  if (record.kind !== 'record') throw corruptAvro(parts.file, 'its files are no records');
  const steps = record.fields.map(field => fileStep(field, parts));
  return cursor => {
    const file = emptyFile();
    for (const step of steps) step(cursor, file);
    return file;
  };
}

/** All fields from the beginning, in one order: objects of one shape are quicker to fill and to read. */
function emptyFile(): StoredFile {
  return {
    content: undefined,
    file_path: undefined,
    file_format: undefined,
    spec_id: undefined,
    partition: undefined,
    record_count: undefined,
    file_size_in_bytes: undefined,
    column_sizes: undefined,
    value_counts: undefined,
    null_value_counts: undefined,
    nan_value_counts: undefined,
    lower_bounds: undefined,
    upper_bounds: undefined,
    split_offsets: undefined,
    equality_ids: undefined,
    sort_order_id: undefined,
    referenced_data_file: undefined,
    key_metadata: undefined,
  };
}

function fileStep(field: AvroField, parts: Parts): Step<StoredFile> {
  const { file } = parts;
  const name = nameById(field, FILE_FIELDS);
  switch (name) {
    case 'content':
    case 'record_count':
    case 'file_size_in_bytes':
    case 'sort_order_id':
      return into(readField(field, WHOLE, numberOf, file), (target, value) => {
        target[name] = value;
      });
    case 'file_path':
    case 'file_format':
    case 'referenced_data_file':
      return into(
        readField(field, ['string', 'bytes'], cursor => cursor.text(), file),
        (target, value) => {
          target[name] = value;
        },
      );
    case 'partition':
      return into(readField(field, ['record'], parts.partition(field.type), file), (target, value) => {
        target.partition = value;
      });
    case 'column_sizes':
    case 'value_counts':
    case 'null_value_counts':
    case 'nan_value_counts':
      checkMap(field, WHOLE, file);
      return into(
        readField(field, ['array'], cursor => passMap(cursor, NUMBERS), file),
        (target, value) => {
          target[name] = value;
        },
      );
    case 'lower_bounds':
    case 'upper_bounds':
      checkMap(field, ['bytes', 'string'], file);
      return into(
        readField(field, ['array'], cursor => passMap(cursor, BYTES), file),
        (target, value) => {
          target[name] = value;
        },
      );
    case 'split_offsets':
    case 'equality_ids':
      checkList(field, file);
      return into(readField(field, ['array'], readNumbers, file), (target, value) => {
        target[name] = value;
      });
    case 'key_metadata':
      return into(
        readField(field, ['bytes'], cursor => Buffer.from(cursor.take(cursor.number())), file),
        (target, value) => {
          target.key_metadata = value;
        },
      );
    default:
      return skipperOf(field.type);
  }
}

function readNumbers(cursor: Cursor): number[] {
  const numbers: number[] = [];
  eachElement(cursor, () => numbers.push(cursor.number()));
  return numbers;
}

/** The packed maps are walked as pairs of a number and a value, so they have to be that. */
function checkMap(field: AvroField, values: readonly AvroType['kind'][], file: string): void {
  const type = withoutNull(field.type);
  const pair = type.kind === 'array' ? type.items : type;
  const [key, value, ...more] = pair.kind === 'record' ? pair.fields : [];
  const right =
    key && value && more.length === 0 && WHOLE.includes(key.type.kind) && values.includes(value.type.kind);
  if (!right) throw corruptAvro(file, `its field "${field.name}" is no map by field id`);
}

function checkList(field: AvroField, file: string): void {
  const type = withoutNull(field.type);
  if (type.kind !== 'array' || !WHOLE.includes(type.items.kind))
    throw corruptAvro(file, `its field "${field.name}" is no list of numbers`);
}

// ── Inheritance ─────────────────────────────────────────────────────────────────────────────────────

const NO_MAP: ReadonlyMap<number, never> = new Map<number, never>();

function inherit(
  entry: StoredEntry,
  of: ManifestFile,
  spec: PartitionSpec,
  no_partition: (Value | null)[],
): ManifestEntry {
  const { status } = entry;
  if (!isStatus(status)) throw corruptAvro(of.manifest_path, `a file has the status ${status}`);
  // Manifests of version 1 have no numbers at all: 0 in the list says so, and holds for all that they name.
  const inherits = status === STATUS.added || of.sequence_number === 0;
  const sequence_number = entry.sequence_number ?? (inherits ? of.sequence_number : undefined);
  if (sequence_number === undefined)
    throw corruptAvro(of.manifest_path, 'a file that is not new has no sequence number');
  return {
    status,
    snapshot_id: entry.snapshot_id ?? of.added_snapshot_id,
    sequence_number,
    // Writers of before 2022 left it out also where nothing can be inherited; no file is older than its data.
    file_sequence_number: entry.file_sequence_number ?? (inherits ? of.sequence_number : sequence_number),
    file: complete(entry.file, of, spec, no_partition),
  };
}

function isStatus(status: number | undefined): status is Status {
  return status === 0 || status === 1 || status === 2;
}

function isContent(content: number): content is Content {
  return content === 0 || content === 1 || content === 2;
}

function complete(
  stored: StoredFile | undefined,
  of: ManifestFile,
  spec: PartitionSpec,
  no_partition: (Value | null)[],
): DataFile {
  const { file_path, record_count, file_size_in_bytes, content = 0, file_format = 'PARQUET' } = stored ?? {};
  if (file_path === undefined || record_count === undefined || file_size_in_bytes === undefined)
    throw corruptAvro(of.manifest_path, 'a file lacks its path, its count of rows or its size');
  if (!isContent(content) || (content === 0) !== (of.content === 0))
    throw corruptAvro(
      of.manifest_path,
      `a file has the content ${content} in a manifest of ${of.content === 0 ? 'data' : 'deletes'}`,
    );
  if (record_count < 0 || file_size_in_bytes < 0)
    throw corruptAvro(of.manifest_path, `${file_path} has less than no rows or bytes`);
  return {
    content,
    file_path,
    file_format: file_format.toUpperCase(),
    spec_id: spec['spec-id'],
    partition: stored?.partition ?? no_partition,
    record_count,
    file_size_in_bytes,
    column_sizes: stored?.column_sizes ?? NO_MAP,
    value_counts: stored?.value_counts ?? NO_MAP,
    null_value_counts: stored?.null_value_counts ?? NO_MAP,
    nan_value_counts: stored?.nan_value_counts ?? NO_MAP,
    lower_bounds: stored?.lower_bounds ?? NO_MAP,
    upper_bounds: stored?.upper_bounds ?? NO_MAP,
    split_offsets: stored?.split_offsets,
    equality_ids: stored?.equality_ids,
    sort_order_id: stored?.sort_order_id,
    referenced_data_file: stored?.referenced_data_file,
    key_metadata: stored?.key_metadata,
  };
}
