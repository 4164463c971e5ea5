import { IcebergError } from '../errors.ts';
import type { PartitionField, PartitionSpec, Schema, SortField, SortOrder, TableMetadata } from '../model.ts';
import { transform } from '../partition/transform.ts';
import { fieldsById, foldCase, printPath } from '../schema/index.ts';
import { FIRST_PARTITION_ID, highestPartitionId } from './read.ts';

// Partition specs and sort orders on their way into a table: numbered, and refused when the schema cannot carry them.

/** As clients send it: the catalog numbers what has no number. */
export interface NewSpec {
  'spec-id'?: number;
  fields: (Omit<PartitionField, 'field-id'> & { 'field-id'?: number })[];
}
export interface NewOrder {
  'order-id'?: number;
  fields: SortField[];
}

/** A field that was there before under the same source and transform keeps its id: manifests of both specs then agree. */
export function numberSpec(metadata: TableMetadata, spec: NewSpec): PartitionSpec {
  const before = metadata['partition-specs'].flatMap(each => each.fields);
  let last = Math.max(metadata['last-partition-id'], highestPartitionId(metadata['partition-specs']));
  const fields = spec.fields.map((field): PartitionField => {
    const known = before.find(each => isSameSource(each, field));
    return { ...field, 'field-id': field['field-id'] ?? known?.['field-id'] ?? ++last };
  });
  return {
    ...spec,
    'spec-id': nextId(
      metadata['partition-specs'].map(each => each['spec-id']),
      0,
    ),
    fields,
  };
}

function isSameSource(a: NewSpec['fields'][number], b: NewSpec['fields'][number]): boolean {
  return a['source-id'] === b['source-id'] && a.transform === b.transform;
}

export function nextId(ids: readonly number[], first: number): number {
  return Math.max(first - 1, ...ids) + 1;
}

export function isSameSpec(a: PartitionSpec, b: PartitionSpec): boolean {
  return (
    a.fields.length === b.fields.length && a.fields.every((field, at) => isSameField(field, b.fields[at]))
  );
}

function isSameField(a: PartitionField, b: PartitionField | undefined): boolean {
  return b !== undefined && isSameSource(a, b) && a.name === b.name && a['field-id'] === b['field-id'];
}

export function isSameOrder(a: NewOrder, b: NewOrder): boolean {
  const text = ({ fields }: NewOrder) =>
    fields
      .map(field => [field['source-id'], field.transform, field.direction, field['null-order']].join())
      .join(';');
  return text(a) === text(b);
}

/** Every field of the spec has a column that it can come from. Fails with `invalid` and the name of the partition field. */
export function checkSources(spec: PartitionSpec, schema: Schema): void {
  for (const field of spec.fields) checkSource(field, schema, `partition field ${field.name}`);
}

/** What is asked of a new spec. */
export function checkSpec(spec: PartitionSpec, schema: Schema): void {
  checkSources(spec, schema);
  const names = new Set<string>();
  const ids = new Set<number>();
  for (const field of spec.fields) {
    const refused = (why: string) => refusedAt(`partition field ${field.name}`, why);
    if (names.has(foldCase(field.name))) throw refused('there are two of that name');
    if (ids.has(field['field-id'])) throw refused(`there are two of id ${field['field-id']}`);
    if (field['field-id'] < FIRST_PARTITION_ID) throw refused(`its id must be ${FIRST_PARTITION_ID} or more`);
    if (hidesColumn(field, schema)) throw refused('the table has a column of that name');
    checkKnown(field, `partition field ${field.name}`);
    names.add(foldCase(field.name));
    ids.add(field['field-id']);
  }
}

/** Readers of version 1 number partition fields themselves, by their place. */
export function checkSequential(spec: PartitionSpec): void {
  for (const [index, field] of spec.fields.entries())
    if (field['field-id'] !== FIRST_PARTITION_ID + index)
      throw refusedAt(
        `partition field ${field.name}`,
        `in version 1 its id must be ${FIRST_PARTITION_ID + index}; what is dropped becomes void`,
      );
}

/** Engines show partition fields beside the columns; only the column itself may have its name. */
function hidesColumn(field: PartitionField, schema: Schema): boolean {
  if (field.transform === 'void') return false;
  const column = schema.fields.find(each => foldCase(each.name) === foldCase(field.name));
  const is_itself = field.transform === 'identity' && column?.id === field['source-id'];
  return column !== undefined && !is_itself;
}

/** What is asked of a new order. */
export function checkOrder(order: SortOrder, schema: Schema): void {
  checkOrderSources(order, schema);
  for (const [index, field] of order.fields.entries()) checkKnown(field, `sort field ${index + 1}`);
}

export function checkOrderSources(order: SortOrder, schema: Schema): void {
  for (const [index, field] of order.fields.entries()) checkSource(field, schema, `sort field ${index + 1}`);
}

/** `void` needs no source: it is what is left of a field that was dropped from a spec of version 1. */
function checkSource(field: PartitionField | SortField, schema: Schema, what: string): void {
  if (field.transform === 'void') return;
  const place = fieldsById(schema).get(field['source-id']);
  if (!place) throw refusedAt(what, `the schema has no field ${field['source-id']}`);
  const name = printPath(place.path);
  const { type } = place.field;
  if (typeof type !== 'string') throw refusedAt(what, `${name} is a ${type.type}`);
  if (place.repeated) throw refusedAt(what, `${name} is inside a list or map`);
  if (!transform(field.transform).accepts(type))
    throw refusedAt(what, `${field.transform} of ${name} cannot be: it is ${type}`);
}

/** Tables that are divided in ways of tomorrow can be read; we could not write to them. */
function checkKnown(field: PartitionField | SortField, what: string): void {
  if (transform(field.transform).kind !== 'unknown') return;
  throw new IcebergError(
    'unsupported',
    `${what}: transform ${field.transform.slice(0, 80)} is not known here`,
    {
      field: what,
      transform: field.transform.slice(0, 80),
    },
  );
}

function refusedAt(what: string, why: string): IcebergError {
  return new IcebergError('invalid', `${what}: ${why}`, { field: what });
}
