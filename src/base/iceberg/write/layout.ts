import { IcebergError } from '../errors.ts';
import { quoteName, quoteText } from '../filter/index.ts';
import { currentSchema, defaultOrder, defaultSpec, schemaById, specOf } from '../metadata/index.ts';
import type { PartitionSpec, PrimitiveType, Schema, SortOrder, TableMetadata } from '../model.ts';
import { transform } from '../partition/index.ts';
import { printPath } from '../schema/index.ts';
import { chainTo } from './leaves.ts';

// How rows are laid out in files: what they are divided by, and their order.

export interface LayoutOptions {
  metadata: TableMetadata;
  /** The current one, unless said. */
  schema_id?: number;
  spec_id?: number;
  /** In the table's order, if it has one. */
  sorted?: boolean;
}

export interface Layout {
  schema: Schema;
  spec: PartitionSpec;
  /** Order 0 where there is none. */
  order: SortOrder;
}

export interface Key {
  /** An expression over the columns of `rows`. */
  sql: string;
  type: PrimitiveType;
}

export function layoutOf({ metadata, schema_id, spec_id, sorted = true }: LayoutOptions): Layout {
  const order = sorted ? defaultOrder(metadata) : { 'order-id': 0, fields: [] };
  return {
    schema: schema_id === undefined ? currentSchema(metadata) : schemaById(metadata, schema_id),
    spec: spec_id === undefined ? defaultSpec(metadata) : specOf(metadata, spec_id),
    order: order.fields.length === 0 ? { 'order-id': 0, fields: [] } : order,
  };
}

/** The partition values of a row, in the order of the spec. */
export function partitionKeys({ schema, spec }: Layout): Key[] {
  return spec.fields.map(field => keyOf(schema, field['source-id'], field.transform));
}

/** The words of ORDER BY. */
export function orderKeys({ schema, order }: Layout): string[] {
  return order.fields.map(field => {
    const { sql } = keyOf(schema, field['source-id'], field.transform);
    const nulls = field['null-order'] === 'nulls-first' ? 'NULLS FIRST' : 'NULLS LAST';
    return `${sql} ${field.direction === 'desc' ? 'DESC' : 'ASC'} ${nulls}`;
  });
}

function keyOf(schema: Schema, source: number, name: string): Key {
  const how = transform(name);
  const chain = chainTo(schema, source);
  const [first, ...rest] = chain;
  if (!first) {
    // A column that was dropped leaves a `void` behind, which asks for none.
    if (how.kind === 'void') return { sql: 'CAST(NULL AS INTEGER)', type: 'int' };
    throw new IcebergError('invalid', `the table is divided or sorted by field ${source}, which it has not`, {
      field: source,
    });
  }
  const type = chain.at(-1)?.field.type;
  if (typeof type !== 'string' || !how.accepts(type))
    throw new IcebergError('invalid', `${name} cannot be taken of column ${printPath(first.path)}`, {
      field: printPath(chain.at(-1)?.path ?? []),
      transform: name,
    });
  const column = rest.reduce(
    (around, { field }) => `struct_extract(${around}, ${quoteText(field.name)})`,
    `rows.${quoteName(first.field.name)}`,
  );
  return { sql: how.sql(column, type), type: how.result(type) };
}
