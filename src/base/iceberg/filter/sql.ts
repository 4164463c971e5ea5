import type { PrimitiveType, Value } from '../model.ts';
import { primitive } from '../schema/types.ts';
import { showValue } from '../values/index.ts';
import type { BoundField, BoundFilter, Predicate } from './filter.ts';

/** A bound filter as an expression of DuckDB. `column` says where a field is; by default under its own name. */
export function filterSql(filter: BoundFilter, column: (field: BoundField) => string = columnSql): string {
  switch (filter.op) {
    case 'true':
    case 'false':
      return filter.op;
    case 'and':
    case 'or':
      return `(${filter.of.map(part => filterSql(part, column)).join(filter.op === 'and' ? ' AND ' : ' OR ')})`;
    default:
      return predicateSql(filter, column(filter.field));
  }
}

const COMPARE = { eq: '=', ne: '<>', lt: '<', le: '<=', gt: '>', ge: '>=' } as const;

function predicateSql(predicate: Predicate, column: string): string {
  const { type } = predicate.field;
  switch (predicate.op) {
    case 'is_null':
      return `${column} IS NULL`;
    case 'not_null':
      return `${column} IS NOT NULL`;
    case 'is_nan':
      return `isnan(${column})`;
    case 'not_nan':
      return `NOT isnan(${column})`;
    case 'in':
    case 'not_in': {
      const list = predicate.values.map(value => valueSql(type, value)).join(', ');
      return `${column} ${predicate.op === 'in' ? 'IN' : 'NOT IN'} (${list})`;
    }
    case 'starts_with':
    case 'not_starts_with': {
      const test = `starts_with(${column}, ${valueSql(type, predicate.value)})`;
      return predicate.op === 'starts_with' ? test : `NOT ${test}`;
    }
    default:
      return `${column} ${COMPARE[predicate.op]} ${valueSql(type, predicate.value)}`;
  }
}

/** `"a"`, or member by member: `"a"."b"` could also be column b of table a. */
export function columnSql(field: Pick<BoundField, 'path'>): string {
  const [first = '', ...rest] = field.path;
  return rest.reduce((around, name) => `struct_extract(${around}, ${quoteText(name)})`, quoteName(first));
}

export const quoteName = (name: string) => `"${name.replaceAll('"', '""')}"`;
export const quoteText = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** A literal of exactly the column's type: an untyped one would have DuckDB choose a common type, and the column be cast. */
export function valueSql(type: PrimitiveType, value: Value): string {
  const kind = primitive(type);
  switch (kind.name) {
    case 'boolean':
      return String(value);
    // In quotes, for -2147483648 is the minus of a number that is too large.
    case 'int':
      return `'${value}'::INTEGER`;
    case 'long':
      return `'${value}'::BIGINT`;
    case 'float':
      return `'${value}'::FLOAT`;
    case 'double':
      return `'${value}'::DOUBLE`;
    case 'decimal':
      return `'${showValue(type, value)}'::DECIMAL(${kind.precision}, ${kind.scale})`;
    case 'date':
      return `(DATE '1970-01-01' + '${value}'::INTEGER)`;
    case 'time':
      return `(TIME '00:00:00' + to_microseconds(${value}))`;
    case 'timestamp':
      return `make_timestamp('${value}'::BIGINT)`;
    case 'timestamptz':
      return `make_timestamptz('${value}'::BIGINT)`;
    case 'string':
      return textSql(String(value));
    case 'uuid':
      return `'${showValue(type, value)}'::UUID`;
    case 'fixed':
    case 'binary':
      return `from_hex('${bytesOf(value).toString('hex')}')`;
  }
}

const bytesOf = (value: Value) => Buffer.from(value instanceof Uint8Array ? value : []);

/** A NUL would end the statement for some clients. */
function textSql(text: string): string {
  return text.includes('\0') ? `decode(from_hex('${Buffer.from(text).toString('hex')}'))` : quoteText(text);
}
