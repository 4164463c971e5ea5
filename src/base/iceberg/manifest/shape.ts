import type { AvroJson } from '../avro/index.ts';
import { IcebergError } from '../errors.ts';
import type { PartitionSpec, PrimitiveType } from '../model.ts';
import { primitive } from '../schema/types.ts';

// The Avro schemas of manifests and their lists, with the field ids by which all readers find their way.

function field(name: string, id: number, type: AvroJson): AvroJson {
  return { name, type, 'field-id': id };
}

function optional(name: string, id: number, type: AvroJson): AvroJson {
  return { name, type: ['null', type], default: null, 'field-id': id };
}

function list(element_id: number, items: AvroJson): AvroJson {
  return { type: 'array', items, 'element-id': element_id };
}

/** Avro's own maps have text for keys: a map by number is a list of pairs. */
function map(key_id: number, value_id: number, value: AvroJson): AvroJson {
  const name = `k${key_id}_v${value_id}`;
  const fields = [field('key', key_id, 'int'), field('value', value_id, value)];
  return { type: 'array', logicalType: 'map', items: { type: 'record', name, fields } };
}

export type FormatVersion = 1 | 2;

const lists = new Map<FormatVersion, AvroJson>();

/** One object for each version, so that it is compiled once. */
export function listShape(version: FormatVersion): AvroJson {
  const shape = lists.get(version) ?? makeListShape(version);
  lists.set(version, shape);
  return shape;
}

function makeListShape(version: FormatVersion): AvroJson {
  const counted = version === 1 ? optional : field;
  return {
    type: 'record',
    name: 'manifest_file',
    fields: [
      field('manifest_path', 500, 'string'),
      field('manifest_length', 501, 'long'),
      field('partition_spec_id', 502, 'int'),
      ...(version === 1
        ? []
        : [
            field('content', 517, 'int'),
            field('sequence_number', 515, 'long'),
            field('min_sequence_number', 516, 'long'),
          ]),
      field('added_snapshot_id', 503, 'long'),
      counted('added_files_count', 504, 'int'),
      counted('existing_files_count', 505, 'int'),
      counted('deleted_files_count', 506, 'int'),
      counted('added_rows_count', 512, 'long'),
      counted('existing_rows_count', 513, 'long'),
      counted('deleted_rows_count', 514, 'long'),
      optional('partitions', 507, list(508, PARTITION_SUMMARY)),
      optional('key_metadata', 519, 'bytes'),
    ],
  };
}

const PARTITION_SUMMARY: AvroJson = {
  type: 'record',
  name: 'r508',
  fields: [
    field('contains_null', 509, 'boolean'),
    optional('contains_nan', 518, 'boolean'),
    optional('lower_bound', 510, 'bytes'),
    optional('upper_bound', 511, 'bytes'),
  ],
};

const entries = new Map<string, AvroJson>();
/** A process meets few specs; and who comes later is compiled again. */
const MOST_KEPT = 100;

/** One object for each version and partition type, so that it is compiled once. */
export function entryShape(version: FormatVersion, partition: AvroJson): AvroJson {
  const key = `${version} ${JSON.stringify(partition)}`;
  const known = entries.get(key);
  if (known) return known;
  if (entries.size === MOST_KEPT) entries.clear();
  const shape = makeEntryShape(version, partition);
  entries.set(key, shape);
  return shape;
}

function makeEntryShape(version: FormatVersion, partition: AvroJson): AvroJson {
  return {
    type: 'record',
    name: 'manifest_entry',
    fields: [
      field('status', 0, 'int'),
      ...(version === 1
        ? [field('snapshot_id', 1, 'long')]
        : [
            optional('snapshot_id', 1, 'long'),
            optional('sequence_number', 3, 'long'),
            optional('file_sequence_number', 4, 'long'),
          ]),
      field('data_file', 2, fileShape(version, partition)),
    ],
  };
}

function fileShape(version: FormatVersion, partition: AvroJson): AvroJson {
  return {
    type: 'record',
    name: 'r2',
    fields: [
      ...(version === 1 ? [] : [field('content', 134, 'int')]),
      field('file_path', 100, 'string'),
      field('file_format', 101, 'string'),
      field('partition', 102, partition),
      field('record_count', 103, 'long'),
      field('file_size_in_bytes', 104, 'long'),
      ...(version === 1 ? [field('block_size_in_bytes', 105, 'long')] : []),
      optional('column_sizes', 108, map(117, 118, 'long')),
      optional('value_counts', 109, map(119, 120, 'long')),
      optional('null_value_counts', 110, map(121, 122, 'long')),
      optional('nan_value_counts', 137, map(138, 139, 'long')),
      optional('lower_bounds', 125, map(126, 127, 'bytes')),
      optional('upper_bounds', 128, map(129, 130, 'bytes')),
      optional('key_metadata', 131, 'bytes'),
      optional('split_offsets', 132, list(133, 'long')),
      ...(version === 1 ? [] : [optional('equality_ids', 135, list(136, 'int'))]),
      optional('sort_order_id', 140, 'int'),
      ...(version === 1 ? [] : [optional('referenced_data_file', 143, 'string')]),
    ],
  };
}

// ── Partitions ──────────────────────────────────────────────────────────────────────────────────────

/** Under these names the values are in the records; the ids are what counts. */
export function partitionNames(spec: PartitionSpec): string[] {
  const taken = new Set<string>();
  return spec.fields.map(one => {
    const name = avroName(one.name);
    const free = taken.has(name) ? `${name}_${one['field-id']}` : name;
    taken.add(free);
    return free;
  });
}

/** Avro's names are letters, digits and underscores: the rest is spelled out, as the Java library does. */
function avroName(name: string): string {
  const plain = [...Array(name.length).keys()].map(at => {
    const character = name.charAt(at);
    if (/[A-Za-z_]/.test(character) || (at > 0 && /\d/.test(character))) return character;
    return /\d/.test(character) ? `_${character}` : `_x${name.charCodeAt(at).toString(16).toUpperCase()}`;
  });
  return plain.join('') || '_';
}

export function partitionShape(spec: PartitionSpec, types: readonly PrimitiveType[]): AvroJson {
  const names = partitionNames(spec);
  const known = new Set<string>();
  const fields = spec.fields.map((one, at) =>
    optional(
      names[at] ?? one.name,
      one['field-id'],
      valueShape(types[at] ?? 'string', one['field-id'], known),
    ),
  );
  return { type: 'record', name: 'r102', fields };
}

/**
 * Avro wants the second use of a type to be its name alone, which PyIceberg does not understand, and forbids to spell it out twice,
 * as PyIceberg does. Another name for the same suits everybody.
 */
function valueShape(type: PrimitiveType, field_id: number, known: Set<string>): AvroJson {
  const shape = primitiveShape(type);
  if (typeof shape === 'string' || Array.isArray(shape) || typeof shape.name !== 'string') return shape;
  const name = known.has(shape.name) ? `${shape.name}_f${field_id}` : shape.name;
  known.add(name);
  return { ...shape, name };
}

function primitiveShape(type: PrimitiveType): AvroJson {
  const parts = primitive(type);
  switch (parts.name) {
    case 'boolean':
    case 'int':
    case 'long':
    case 'float':
    case 'double':
    case 'string':
      return parts.name;
    case 'binary':
      return 'bytes';
    case 'date':
      return { type: 'int', logicalType: 'date' };
    case 'time':
      return { type: 'long', logicalType: 'time-micros' };
    case 'timestamp':
    case 'timestamptz':
      return { type: 'long', logicalType: 'timestamp-micros', 'adjust-to-utc': parts.name === 'timestamptz' };
    case 'uuid':
      return { type: 'fixed', name: 'uuid_fixed', size: 16, logicalType: 'uuid' };
    case 'fixed':
      return { type: 'fixed', name: `fixed_${parts.length}`, size: parts.length };
    case 'decimal': {
      const { precision, scale } = parts;
      const size = decimalSize(precision);
      return {
        type: 'fixed',
        name: `decimal_${precision}_${scale}`,
        size,
        logicalType: 'decimal',
        precision,
        scale,
      };
    }
  }
}

/** Bytes of two's complement that hold any decimal of this many digits. */
export function decimalSize(precision: number): number {
  if (precision > 38) throw new IcebergError('type', `a decimal has at most 38 digits, not ${precision}`);
  let size = 1;
  while (2n ** BigInt(8 * size - 1) < 10n ** BigInt(precision)) size += 1;
  return size;
}
