import { IcebergError } from '../errors.ts';
import { type Cursor, corruptAvro, type Sink } from './bytes.ts';
import { type AvroType, withoutNull } from './schema.ts';

// Values of a schema. `int` is a number, `long` a bigint, bytes and fixed slices of what was read; a union is the value of its branch.

export type AvroValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Buffer
  | AvroValue[]
  | ReadonlyMap<string, AvroValue>
  | AvroRecord;
export type AvroRecord = { [field: string]: AvroValue };

export type Read = (cursor: Cursor) => AvroValue;
export type Skip = (cursor: Cursor) => void;

/** Worked out once for a schema, run for each record. */
export function readerOf(type: AvroType): Read {
  switch (type.kind) {
    case 'null':
      return () => null;
    case 'boolean':
      return cursor => cursor.byte() !== 0;
    case 'int':
      return cursor => cursor.number();
    case 'long':
      return cursor => cursor.long();
    case 'float':
      return cursor => cursor.bytes.readFloatLE(cursor.pass(4));
    case 'double':
      return cursor => cursor.bytes.readDoubleLE(cursor.pass(8));
    case 'bytes':
      return cursor => cursor.take(cursor.number());
    case 'string':
      return cursor => cursor.text();
    case 'fixed':
      return cursor => cursor.take(type.size);
    case 'enum':
      return cursor => branch(type.symbols, cursor);
    case 'array':
      return arrayReader(readerOf(type.items));
    case 'map':
      return mapReader(readerOf(type.values));
    case 'union': {
      const branches = type.branches.map(readerOf);
      return cursor => branch(branches, cursor)(cursor);
    }
    case 'record':
      return recordReader(type.fields.map(field => ({ name: field.name, read: readerOf(field.type) })));
  }
}

function branch<T>(of: readonly T[], cursor: Cursor): T {
  const index = cursor.number();
  const chosen = of[index];
  if (chosen === undefined) throw corruptAvro(cursor.file, `${index} of a choice of ${of.length}`);
  return chosen;
}

/** Arrays and maps come in blocks, the last of which is empty. */
export function eachElement(cursor: Cursor, see: () => void): void {
  for (let count = cursor.count(); count > 0; count = cursor.count())
    for (let index = 0; index < count; index += 1) see();
}

function arrayReader(read: Read): Read {
  return cursor => {
    const elements: AvroValue[] = [];
    eachElement(cursor, () => elements.push(read(cursor)));
    return elements;
  };
}

function mapReader(read: Read): Read {
  return cursor => {
    const entries = new Map<string, AvroValue>();
    eachElement(cursor, () => entries.set(cursor.text(), read(cursor)));
    return entries;
  };
}

function recordReader(fields: readonly { name: string; read: Read }[]): Read {
  return cursor => {
    // Without a prototype `__proto__` is a name like any other.
    const record: AvroRecord = Object.create(null);
    for (const { name, read } of fields) record[name] = read(cursor);
    return record;
  };
}

/** Moves over a value without making it. */
export function skipperOf(type: AvroType): Skip {
  switch (type.kind) {
    case 'null':
      return () => undefined;
    case 'boolean':
      return cursor => cursor.pass(1);
    case 'int':
    case 'long':
      return cursor => cursor.passLong();
    case 'float':
      return cursor => cursor.pass(4);
    case 'double':
      return cursor => cursor.pass(8);
    case 'bytes':
    case 'string':
      return cursor => cursor.pass(cursor.number());
    case 'fixed':
      return cursor => cursor.pass(type.size);
    case 'enum':
      return cursor => branch(type.symbols, cursor);
    case 'array': {
      const skip = skipperOf(type.items);
      return cursor => eachElement(cursor, () => skip(cursor));
    }
    case 'map': {
      const skip = skipperOf(type.values);
      return cursor =>
        eachElement(cursor, () => {
          cursor.pass(cursor.number());
          skip(cursor);
        });
    }
    case 'union': {
      const branches = type.branches.map(skipperOf);
      return cursor => branch(branches, cursor)(cursor);
    }
    case 'record': {
      const skips = type.fields.map(field => skipperOf(field.type));
      return cursor => {
        for (const skip of skips) skip(cursor);
      };
    }
  }
}

// ── Writing ─────────────────────────────────────────────────────────────────────────────────────────

export type Write = (sink: Sink, value: AvroValue | undefined) => void;

/** A field that a record lacks is null. Fails with `invalid` for what does not fit its type. */
export function writerOf(type: AvroType): Write {
  switch (type.kind) {
    case 'null':
      return () => undefined;
    case 'boolean':
      return (sink, value) => sink.byte(value ? 1 : 0);
    case 'int':
    case 'long':
      return (sink, value) => {
        if (typeof value === 'bigint') sink.long(value);
        else if (Number.isSafeInteger(value)) sink.number(Number(value));
        else throw unfit(type, value);
      };
    case 'float':
      return (sink, value) => sink.float(numberOf(type, value));
    case 'double':
      return (sink, value) => sink.double(numberOf(type, value));
    case 'string':
      return (sink, value) =>
        sink.sized(Buffer.from(typeof value === 'string' ? value : refuse(type, value), 'utf8'));
    case 'bytes':
      return (sink, value) => sink.sized(bytesOf(type, value));
    case 'fixed':
      return (sink, value) => sink.raw(bytesOf(type, value, type.size));
    case 'array':
      return arrayWriter(type, writerOf(type.items));
    case 'union':
      return optionalWriter(type);
    case 'record':
      return recordWriter(type);
    case 'enum':
    case 'map':
      throw new IcebergError('unsupported', `Iceberg's own files have no Avro ${type.kind}`, {
        type: type.kind,
      });
  }
}

function arrayWriter(type: AvroType, write: Write): Write {
  return (sink, value) => {
    if (!Array.isArray(value)) throw unfit(type, value);
    if (value.length > 0) {
      sink.number(value.length);
      for (const element of value) write(sink, element);
    }
    sink.number(0);
  };
}

function optionalWriter(type: Extract<AvroType, { kind: 'union' }>): Write {
  const some = type.branches.findIndex(one => one.kind !== 'null');
  const write = writerOf(withoutNull(type));
  return (sink, value) => {
    const is_null = value === null || value === undefined;
    sink.number(is_null ? 1 - some : some);
    if (!is_null) write(sink, value);
  };
}

function recordWriter(type: Extract<AvroType, { kind: 'record' }>): Write {
  const fields = type.fields.map(field => ({ name: field.name, write: writerOf(field.type) }));
  return (sink, value) => {
    if (!isRecord(value)) throw unfit(type, value);
    for (const { name, write } of fields) write(sink, value[name]);
  };
}

export function isRecord(value: AvroValue | undefined): value is AvroRecord {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !Buffer.isBuffer(value) &&
    !(value instanceof Map)
  );
}

function numberOf(type: AvroType, value: AvroValue | undefined): number {
  return typeof value === 'number' ? value : refuse(type, value);
}

function bytesOf(type: AvroType, value: AvroValue | undefined, size?: number): Uint8Array {
  return Buffer.isBuffer(value) && (size === undefined || value.length === size)
    ? value
    : refuse(type, value);
}

function refuse(type: AvroType, value: AvroValue | undefined): never {
  throw unfit(type, value);
}

function unfit(type: AvroType, value: AvroValue | undefined): IcebergError {
  const shown = typeof value === 'object' || value === undefined ? typeof value : String(value).slice(0, 40);
  return new IcebergError('invalid', `${shown} does not fit into an Avro ${type.kind}`, { type: type.kind });
}
