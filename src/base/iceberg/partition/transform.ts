import { IcebergError } from '../errors.ts';
import type { PrimitiveType, Type, Value } from '../model.ts';
import { primitive } from '../schema/types.ts';
import { showValue } from '../values/show.ts';
import { bucketOf, bucketSql } from './bucket.ts';
import { showUnits, type TimeUnit, unitsSince1970, unitsSince1970Sql } from './time.ts';
import { truncate, truncateSql } from './truncate.ts';

export type TransformKind = 'identity' | 'bucket' | 'truncate' | TimeUnit | 'void' | 'unknown';

/** How a partition value comes from a column. `type` is always that of the column. */
export interface Transform {
  /** As metadata writes it: `bucket[16]`. */
  name: string;
  kind: TransformKind;
  /** The number of a bucket, the width of a truncate. */
  parameter?: number;
  /** When a ≤ b, its value of a is ≤ that of b. */
  ordered: boolean;
  accepts(type: Type): boolean;
  result(type: PrimitiveType): PrimitiveType;
  apply(value: Value | null, type: PrimitiveType): Value | null;
  /** The same for DuckDB, over a column of the DuckDB type of `type`; gives the DuckDB type of `result(type)`. */
  sql(column: string, type: PrimitiveType): string;
  /** For people and paths. `value` is a partition value. */
  show(value: Value | null, type: PrimitiveType): string;
}

/** What we do not know is `unknown`: tables with it are read (nothing is left out by it), not written. */
export function transform(text: string): Transform {
  if (text === 'identity') return IDENTITY;
  if (text === 'void') return VOID;
  if (isTimeUnit(text)) return timeTransform(text);
  const found = /^(bucket|truncate)\[(\d{1,10})\]$/.exec(text);
  const parameter = Number(found?.[2]);
  if (!found || parameter < 1 || parameter > 0x7fffffff) return unknownTransform(text);
  return found[1] === 'bucket' ? bucketTransform(parameter) : truncateTransform(parameter);
}

function isTimeUnit(text: string): text is TimeUnit {
  return ['year', 'month', 'day', 'hour'].includes(text);
}

const IDENTITY: Transform = {
  name: 'identity',
  kind: 'identity',
  ordered: true,
  accepts: type => typeof type === 'string',
  result: type => type,
  apply: value => value,
  sql: column => column,
  show: showSource,
};

/** What is left of a field that was removed in a table of version 1: always NULL. */
const VOID: Transform = {
  name: 'void',
  kind: 'void',
  ordered: false,
  accepts: () => true,
  result: type => type,
  apply: () => null,
  sql: (_column, type) => `CAST(NULL AS ${nullTypeSql(type)})`,
  show: () => 'null',
};

function bucketTransform(count: number): Transform {
  return {
    name: `bucket[${count}]`,
    kind: 'bucket',
    parameter: count,
    ordered: false,
    accepts: type => typeof type === 'string' && !['boolean', 'float', 'double'].includes(type),
    result: () => 'int',
    apply: (value, type) => (value === null ? null : bucketOf(value, type, count)),
    sql: (column, type) => bucketSql(column, type, count),
    show: value => (value === null ? 'null' : String(value)),
  };
}

function truncateTransform(width: number): Transform {
  return {
    name: `truncate[${width}]`,
    kind: 'truncate',
    parameter: width,
    ordered: true,
    accepts: type => ['int', 'long', 'decimal', 'string', 'binary'].includes(nameOf(type)),
    result: type => type,
    apply: (value, type) => (value === null ? null : truncate(value, type, width)),
    sql: (column, type) => truncateSql(column, type, width),
    show: showSource,
  };
}

function timeTransform(unit: TimeUnit): Transform {
  const times = ['timestamp', 'timestamptz'];
  const sources = unit === 'hour' ? times : ['date', ...times];
  return {
    name: unit,
    kind: unit,
    ordered: true,
    accepts: type => sources.includes(nameOf(type)),
    // An int to the specification, which lets it be written as a date, as everybody does.
    result: () => (unit === 'day' ? 'date' : 'int'),
    apply: (value, type) => (value === null ? null : unitsSince1970(value, type, unit)),
    sql: (column, type) => unitsSince1970Sql(column, type, unit),
    show: value => (typeof value === 'number' ? showUnits(value, unit) : 'null'),
  };
}

function unknownTransform(name: string): Transform {
  const refuse = (): never => {
    throw new IcebergError('unsupported', `the partition transform ${name.slice(0, 80)} is not known here`, {
      transform: name.slice(0, 80),
    });
  };
  return {
    name,
    kind: 'unknown',
    ordered: false,
    accepts: () => true,
    result: () => 'string',
    apply: refuse,
    sql: refuse,
    show: value => (value === null ? 'null' : String(value)),
  };
}

function nameOf(type: Type): string {
  return typeof type === 'string' ? primitive(type).name : type.type;
}

/** Bytes in base64, as other engines name their folders; the rest as it is shown everywhere. */
function showSource(value: Value | null, type: PrimitiveType): string {
  if (value === null) return 'null';
  if (value instanceof Uint8Array && type !== 'uuid') return Buffer.from(value).toString('base64');
  return showValue(type, value);
}

function nullTypeSql(type: PrimitiveType): string {
  const parts = primitive(type);
  switch (parts.name) {
    case 'int':
      return 'INTEGER';
    case 'long':
      return 'BIGINT';
    case 'string':
      return 'VARCHAR';
    case 'timestamptz':
      return 'TIMESTAMP WITH TIME ZONE';
    case 'fixed':
    case 'binary':
      return 'BLOB';
    case 'decimal':
      return `DECIMAL(${parts.precision}, ${parts.scale})`;
    default:
      return parts.name.toUpperCase();
  }
}
