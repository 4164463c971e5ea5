import {
  type AvroRecord,
  type AvroType,
  type AvroValue,
  type Cursor,
  corruptAvro,
  readerOf,
  withoutNull,
} from '../avro/index.ts';
import { IcebergError } from '../errors.ts';
import type { DataFile, PartitionSpec, PartitionSummary, PrimitiveType, Value } from '../model.ts';
import { primitive } from '../schema/types.ts';
import { compareValues } from '../values/order.ts';
import { asBuffer, decimalBytes, decodeValue, encodeValue } from '../values/single.ts';
import { decimalSize, partitionNames } from './shape.ts';

// Partition values between Avro and the values of this package.

/**
 * Reads a partition record into the order of the spec's fields. `types` are today's: what was written as an int when the column
 * still was one comes as a long. Where the column is gone, the file itself says the type.
 */
export function partitionReader(
  type: AvroType,
  { spec, types, file }: { spec: PartitionSpec; types: readonly (PrimitiveType | undefined)[]; file: string },
): (cursor: Cursor) => (Value | null)[] {
  const record = withoutNull(type);
  if (record.kind !== 'record') throw corruptAvro(file, 'its partitions are no records');
  const names = partitionNames(spec);
  const steps = record.fields.map(field => {
    const at = spec.fields.findIndex((one, index) =>
      field.id === undefined ? names[index] === field.name : one['field-id'] === field.id,
    );
    const as = types[at] ?? typeOf(withoutNull(field.type));
    return { at, read: readerOf(field.type), as };
  });
  return cursor => {
    const values: (Value | null)[] = new Array(spec.fields.length).fill(null);
    for (const { at, read, as } of steps) {
      const value = read(cursor);
      if (at >= 0 && value !== null) values[at] = asValue(value, as, file);
    }
    return values;
  };
}

/** The Iceberg type that an Avro type says by itself. */
function typeOf(type: AvroType): PrimitiveType {
  switch (type.kind) {
    case 'boolean':
    case 'int':
    case 'long':
    case 'float':
    case 'double':
    case 'string':
      return type.kind === 'int' && type.logical === 'date' ? 'date' : type.kind;
    case 'bytes':
    case 'fixed':
      return type.logical === 'decimal' ? 'decimal(38, 0)' : type.logical === 'uuid' ? 'uuid' : 'binary';
    default:
      return 'string';
  }
}

function asValue(value: AvroValue, type: PrimitiveType, file: string): Value {
  switch (type) {
    case 'boolean':
      if (typeof value === 'boolean') return value;
      break;
    case 'int':
    case 'date':
      if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
      break;
    case 'long':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      if (typeof value === 'number' || typeof value === 'bigint') return BigInt(value);
      break;
    case 'float':
    case 'double':
      if (typeof value === 'number') return value;
      break;
    case 'string':
      if (typeof value === 'string') return value;
      break;
    default:
      if (Buffer.isBuffer(value)) return asBytesOrDecimal(value, type, file);
  }
  throw corruptAvro(file, `a partition value is no ${type}`);
}

function asBytesOrDecimal(value: Buffer, type: PrimitiveType, file: string): Value {
  try {
    return decodeValue(type, value);
  } catch (error) {
    throw corruptAvro(file, `a partition value is no ${type}`, error);
  }
}

// ── Writing ─────────────────────────────────────────────────────────────────────────────────────────

export function partitionRecord(
  names: readonly string[],
  types: readonly PrimitiveType[],
  partition: readonly (Value | null)[],
): AvroRecord {
  return Object.fromEntries(
    names.map((name, at) => [name, toAvro(partition[at] ?? null, types[at] ?? 'string')]),
  );
}

function toAvro(value: Value | null, type: PrimitiveType): AvroValue {
  if (value === null) return null;
  if (value instanceof Uint8Array) return asBuffer(value);
  const parts = primitive(type);
  if (parts.name !== 'decimal' || typeof value !== 'bigint') return value;
  const size = decimalSize(parts.precision);
  if (BigInt.asIntN(8 * size, value) === value) return decimalBytes(value, size);
  throw new IcebergError('invalid', `${value} has too many digits for ${type}`, { type });
}

/** What a manifest list says about all partitions of a manifest, field by field. */
export function summarize(types: readonly PrimitiveType[], files: readonly DataFile[]): PartitionSummary[] {
  return types.map((type, at) =>
    summarizeField(
      type,
      files.map(file => file.partition[at] ?? null),
    ),
  );
}

function summarizeField(type: PrimitiveType, values: readonly (Value | null)[]): PartitionSummary {
  const summary: PartitionSummary = {
    contains_null: values.includes(null),
    contains_nan: values.some(Number.isNaN),
  };
  let lower: Value | undefined;
  let upper: Value | undefined;
  for (const value of values) {
    if (value === null || Number.isNaN(value)) continue;
    if (lower === undefined || compareValues(type, value, lower) < 0) lower = value;
    if (upper === undefined || compareValues(type, value, upper) > 0) upper = value;
  }
  if (lower !== undefined && upper !== undefined) {
    summary.lower_bound = encodeValue(type, lower === 0 ? -0 : lower);
    summary.upper_bound = encodeValue(type, upper === 0 ? 0 : upper);
  }
  return summary;
}
