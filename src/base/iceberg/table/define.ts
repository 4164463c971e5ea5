import { IcebergError } from '../errors.ts';
import { type NewOrder, type NewSpec, newMetadata } from '../metadata/index.ts';
import type { Schema, SortField, StructType, TableMetadata } from '../model.ts';
import { assignIds, findField, isStruct, parseType } from '../schema/index.ts';
import type { Engine } from '../world.ts';
import { schemaFor } from '../write/index.ts';

// A new table in the words of people: `id long not null, at timestamptz`, `day(at)`, `id desc nulls last`.

export interface TableDefinition {
  /** `id: long not null, tags: list<string>`; or the schema itself, whose ids are given anew. */
  columns?: string | Schema;
  /** In place of `columns`: those of a SELECT, all optional. No row of it is written. */
  like?: string;
  /** `day(at)`, `bucket(16, id)`, `truncate(4, name)`, `region`. */
  partition?: readonly string[];
  /** `id`, `at desc`, `name asc nulls first`. */
  order?: readonly string[];
  properties?: Record<string, string>;
}

export async function define(
  definition: TableDefinition,
  location: string,
  engine: Engine,
  now_ms: number,
): Promise<TableMetadata> {
  const { schema } = assignIds(await schemaOf(definition, engine));
  return newMetadata({
    location,
    schema,
    now_ms,
    ...(definition.partition ? { spec: specOf(definition.partition, schema) } : {}),
    ...(definition.order ? { order: orderOf(definition.order, schema) } : {}),
    ...(definition.properties ? { properties: definition.properties } : {}),
  });
}

async function schemaOf({ columns, like }: TableDefinition, engine: Engine): Promise<Schema> {
  if ((columns === undefined) === (like === undefined))
    throw new IcebergError('invalid', 'a new table has either columns or a SELECT that it is like', {});
  if (like !== undefined) return schemaFor(engine, like);
  if (typeof columns !== 'string' && columns) return columns;
  const type = parseType(`struct<${columns}>`);
  const fields: StructType['fields'] = isStruct(type) ? type.fields : [];
  return { type: 'struct', 'schema-id': 0, fields };
}

const NAME = String.raw`(?:"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_.]*)`;
const PARTITION = new RegExp(
  `^\\s*(?:(\\w+)\\s*\\(\\s*(?:(\\d+)\\s*,\\s*)?(${NAME})\\s*\\)|(${NAME}))\\s*$`,
  'u',
);

export function specOf(partition: readonly string[], schema: Schema): NewSpec {
  return {
    fields: partition.map(text => {
      const { source, transform, name } = partitionOf(text, schema);
      return { 'source-id': source, transform, name };
    }),
  };
}

/** The field, its transform as the specification writes it, and a name such as other engines give: `at_day`, `id_bucket_16`. */
export function partitionOf(
  text: string,
  schema: Schema,
): { source: number; transform: string; name: string } {
  const found = PARTITION.exec(text);
  const column = unquoted(found?.[3] ?? found?.[4]);
  if (column === undefined)
    throw new IcebergError('invalid', `"${text}" is no partition: write day(at), bucket(16, id) or region`, {
      partition: text,
    });
  const source = fieldId(column, schema);
  const [how, parameter] = [found?.[1]?.toLowerCase() ?? 'identity', found?.[2]];
  if (how === 'identity') return { source, transform: how, name: column };
  const name = [column, how, ...(parameter === undefined ? [] : [parameter])].join('_');
  return { source, transform: parameter === undefined ? how : `${how}[${parameter}]`, name };
}

const ORDER = new RegExp(`^\\s*(${NAME})(?:\\s+(asc|desc))?(?:\\s+nulls\\s+(first|last))?\\s*$`, 'iu');

export function orderOf(order: readonly string[], schema: Schema): NewOrder {
  return { fields: order.map(text => sortField(text, schema)) };
}

function sortField(text: string, schema: Schema): SortField {
  const found = ORDER.exec(text);
  const column = unquoted(found?.[1]);
  if (column === undefined)
    throw new IcebergError('invalid', `"${text}" is no order: write id, or at desc nulls last`, {
      order: text,
    });
  const direction = found?.[2]?.toLowerCase() === 'desc' ? 'desc' : 'asc';
  // As SQL has it where nothing is said: NULL is the largest.
  const nulls = found?.[3]?.toLowerCase() ?? (direction === 'desc' ? 'first' : 'last');
  return {
    'source-id': fieldId(column, schema),
    transform: 'identity',
    direction,
    'null-order': nulls === 'first' ? 'nulls-first' : 'nulls-last',
  };
}

function unquoted(name: string | undefined): string | undefined {
  return name?.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

function fieldId(name: string, schema: Schema): number {
  const place = findField(schema, name);
  if (place) return place.field.id;
  throw new IcebergError('invalid', `there is no column ${name}`, { field: name });
}
