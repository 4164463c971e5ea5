import { randomUUID } from 'node:crypto';
import { IcebergError } from '../errors.ts';
import type { Schema, TableMetadata } from '../model.ts';
import { assignIds, checkSchema, walk } from '../schema/index.ts';
import { checkOrder, checkSpec, type NewOrder, type NewSpec } from './layout.ts';
import { FIRST_PARTITION_ID, highestPartitionId, withoutSlash } from './read.ts';

export interface NewTable {
  location: string;
  /** Its ids are only for `spec` and `order` to refer to; the table's own count from 1. */
  schema: Schema;
  spec?: NewSpec;
  order?: NewOrder;
  properties?: Record<string, string>;
  now_ms: number;
  uuid?: string;
}

/** A table without a snapshot, in format version 2. */
export function newMetadata(table: NewTable): TableMetadata {
  if (table.location === '') throw new IcebergError('invalid', 'a table needs a location', {});
  const { schema, last_column_id, moved } = renumber(table);
  const spec = firstSpec(table.spec, moved);
  const order = firstOrder(table.order, moved);
  checkSchema(schema);
  checkSpec(spec, schema);
  checkOrder(order, schema);
  return {
    ...emptyMetadata(table.now_ms),
    'table-uuid': table.uuid ?? randomUUID(),
    location: withoutSlash(table.location),
    'last-column-id': last_column_id,
    schemas: [schema],
    'partition-specs': [spec],
    'last-partition-id': highestPartitionId([spec]),
    'default-sort-order-id': order['order-id'],
    'sort-orders': [order],
    properties: withoutVersion(table.properties ?? {}),
  };
}

/** What `applyUpdates` begins with when there is no table yet: complete only after the updates of a creation. */
export function emptyMetadata(now_ms: number): TableMetadata {
  return {
    'format-version': 2,
    'table-uuid': '',
    location: '',
    'last-sequence-number': 0,
    'last-updated-ms': now_ms,
    'last-column-id': 0,
    schemas: [],
    'current-schema-id': 0,
    'partition-specs': [],
    'default-spec-id': 0,
    'last-partition-id': FIRST_PARTITION_ID - 1,
    'sort-orders': [],
    'default-sort-order-id': 0,
    properties: {},
    snapshots: [],
    'snapshot-log': [],
    'metadata-log': [],
    refs: {},
    statistics: [],
    'partition-statistics': [],
  };
}

function renumber({ schema, spec, order }: NewTable) {
  const ids = [...walk(schema)].map(place => place.field.id);
  const referred = [
    ...(spec?.fields ?? []).map(field => field['source-id']),
    ...(order?.fields ?? []).map(field => field['source-id']),
    ...(schema['identifier-field-ids'] ?? []),
  ];
  const unclear = referred.find(id => ids.indexOf(id) !== ids.lastIndexOf(id));
  if (unclear !== undefined)
    throw new IcebergError('invalid', `several fields of the schema have id ${unclear}: which is meant?`, {
      id: unclear,
    });
  return assignIds({ ...schema, 'schema-id': 0 });
}

function firstSpec(spec: NewSpec | undefined, moved: ReadonlyMap<number, number>) {
  const fields = (spec?.fields ?? []).map((field, index) => ({
    ...field,
    'source-id': movedId(moved, field['source-id']),
    'field-id': FIRST_PARTITION_ID + index,
  }));
  return { 'spec-id': 0, fields };
}

function firstOrder(order: NewOrder | undefined, moved: ReadonlyMap<number, number>) {
  const fields = (order?.fields ?? []).map(field => ({
    ...field,
    'source-id': movedId(moved, field['source-id']),
  }));
  return { 'order-id': fields.length ? 1 : 0, fields };
}

function movedId(moved: ReadonlyMap<number, number>, id: number): number {
  const now = moved.get(id);
  if (now === undefined) throw new IcebergError('invalid', `the schema has no field ${id}`, { id });
  return now;
}

/** Clients ask for the version by a property, which is none of the table's. */
function withoutVersion(properties: Readonly<Record<string, string>>): Record<string, string> {
  const { 'format-version': version, ...rest } = properties;
  if (version === undefined || version === '2') return rest;
  throw new IcebergError(
    'unsupported',
    `format version ${version} was asked for; new tables are written in version 2`,
    { format_version: version },
  );
}
