import { IcebergError } from '../errors.ts';
import type { PartitionField, PartitionSpec, Schema, TableMetadata } from '../model.ts';
import { fieldsById } from '../schema/fields.ts';
import { type Transform, transform } from './transform.ts';

export type SpecChange =
  | { op: 'add'; source_id: number; transform: string; name?: string }
  | { op: 'remove'; name: string }
  | { op: 'rename'; name: string; to: string };

export interface EvolvedSpec {
  /** A spec of the table that says the same, under its id; else a new one. */
  spec: PartitionSpec;
  last_partition_id: number;
}

/** Of what an evolution looks at; all of it is in the metadata of the table. */
export type SpecBase = Pick<
  TableMetadata,
  | 'format-version'
  | 'schemas'
  | 'current-schema-id'
  | 'partition-specs'
  | 'default-spec-id'
  | 'last-partition-id'
>;

const FIRST_FIELD_ID = 1000;

/** The default spec with these changes, one after the other. Files that are there keep the spec they were written with. */
export function evolveSpec(base: SpecBase, changes: readonly SpecChange[]): EvolvedSpec {
  const schema = base.schemas.find(one => one['schema-id'] === base['current-schema-id']);
  const spec = base['partition-specs'].find(one => one['spec-id'] === base['default-spec-id']);
  if (!schema || !spec)
    throw new IcebergError('corrupt', 'the metadata lacks its current schema or default spec');
  const before: Draft = {
    fields: spec.fields,
    last_partition_id: Math.max(base['last-partition-id'], FIRST_FIELD_ID - 1),
  };
  const draft = changes.reduce((sofar, change) => applyChange(sofar, change, { base, schema }), before);
  checkNames(draft.fields, schema);
  return {
    spec: sameSpec(base, draft.fields) ?? newSpec(base, draft.fields),
    last_partition_id: draft.last_partition_id,
  };
}

interface Draft {
  fields: PartitionField[];
  last_partition_id: number;
}

interface Table {
  base: SpecBase;
  schema: Schema;
}

function applyChange(draft: Draft, change: SpecChange, table: Table): Draft {
  switch (change.op) {
    case 'add':
      return addField(draft, change, table);
    case 'remove':
      return {
        ...draft,
        fields: removeField(draft.fields, fieldNamed(draft.fields, change.name), table.base),
      };
    case 'rename': {
      const renamed = fieldNamed(draft.fields, change.name);
      return {
        ...draft,
        fields: draft.fields.map(one => (one === renamed ? { ...one, name: change.to } : one)),
      };
    }
  }
}

function addField(draft: Draft, change: Extract<SpecChange, { op: 'add' }>, { base, schema }: Table): Draft {
  const of = transform(change.transform);
  const place = fieldsById(schema).get(change.source_id);
  if (!place) throw invalid(`there is no column with id ${change.source_id}`, change.transform);
  const column = place.path.join('.');
  if (place.repeated || of.kind === 'unknown' || of.kind === 'void' || !of.accepts(place.field.type))
    throw invalid(`a table cannot be partitioned by ${of.name.slice(0, 80)} of column "${column}"`, of.name);
  const twin = draft.fields.find(
    one => one['source-id'] === change.source_id && isSameKind(one.transform, of),
  );
  if (twin)
    throw invalid(
      `the partition field "${twin.name}" already divides by ${twin.transform} of "${column}"`,
      twin.name,
    );
  const former = formerField(base, change.source_id, of.name);
  const last_partition_id = former ? draft.last_partition_id : draft.last_partition_id + 1;
  const added: PartitionField = {
    'source-id': change.source_id,
    'field-id': former?.['field-id'] ?? last_partition_id,
    name: change.name ?? former?.name ?? defaultName(column, of),
    transform: of.name,
  };
  return { fields: [...withoutVoidNamed(draft.fields, added), added], last_partition_id };
}

/** Two resolutions of one time say nothing that the finer one does not say alone. */
function isSameKind(text: string, added: Transform): boolean {
  const there = transform(text);
  if (there.name === added.name) return true;
  return isTime(there) && isTime(added);
}

function isTime(of: Transform): boolean {
  return ['year', 'month', 'day', 'hour'].includes(of.kind);
}

/** Manifests of all specs can be read as one where equal fields have equal ids (the specification wants it so since version 2). */
function formerField(base: SpecBase, source_id: number, name: string): PartitionField | undefined {
  if (base['format-version'] === 1) return undefined;
  return base['partition-specs']
    .flatMap(spec => spec.fields)
    .find(field => field['source-id'] === source_id && field.transform === name);
}

/** Version 1 finds partition values by their position: what is removed leaves a field that is always NULL. */
function removeField(fields: PartitionField[], removed: PartitionField, base: SpecBase): PartitionField[] {
  if (base['format-version'] > 1) return fields.filter(one => one !== removed);
  return fields.map(one => (one === removed ? { ...one, transform: 'void' } : one));
}

/** A field that is gone makes way for a new one with its name. */
function withoutVoidNamed(fields: PartitionField[], added: PartitionField): PartitionField[] {
  return fields.map(one =>
    one.transform === 'void' && one.name === added.name
      ? { ...one, name: `${one.name}_${one['field-id']}` }
      : one,
  );
}

function fieldNamed(fields: PartitionField[], name: string): PartitionField {
  const found = fields.find(one => one.name === name && one.transform !== 'void');
  if (!found) throw invalid(`there is no partition field "${name}"`, name);
  return found;
}

function defaultName(column: string, of: Transform): string {
  switch (of.kind) {
    case 'identity':
      return column;
    case 'bucket':
      return `${column}_bucket_${of.parameter}`;
    case 'truncate':
      return `${column}_trunc_${of.parameter}`;
    default:
      return `${column}_${of.name}`;
  }
}

/** Engines show columns and partition fields side by side: only an identity may have the name of its own column. */
function checkNames(fields: readonly PartitionField[], schema: Schema): void {
  const taken = new Set<string>();
  for (const field of fields) {
    if (field.name === '') throw invalid('a partition field needs a name', field.transform);
    if (taken.has(field.name)) throw invalid(`two partition fields are named "${field.name}"`, field.name);
    taken.add(field.name);
    const column = schema.fields.find(one => one.name === field.name);
    const is_own = column?.id === field['source-id'] && field.transform === 'identity';
    if (column && !is_own && field.transform !== 'void')
      throw invalid(`the partition field "${field.name}" has the name of a column`, field.name);
  }
}

/** The same division in the same order: no new spec for it. */
function sameSpec(base: SpecBase, fields: readonly PartitionField[]): PartitionSpec | undefined {
  const text = textOf(fields);
  return base['partition-specs'].find(spec => textOf(spec.fields) === text);
}

function textOf(fields: readonly PartitionField[]): string {
  return JSON.stringify(fields.map(one => [one['source-id'], one['field-id'], one.name, one.transform]));
}

function newSpec(base: SpecBase, fields: PartitionField[]): PartitionSpec {
  return { 'spec-id': Math.max(...base['partition-specs'].map(spec => spec['spec-id'])) + 1, fields };
}

function invalid(message: string, field: string): IcebergError {
  return new IcebergError('invalid', message, { field: field.slice(0, 80) });
}
