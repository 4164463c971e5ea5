import { IcebergError } from '../errors.ts';
import type { Field, Schema, TableMetadata, Type } from '../model.ts';
import { checkNames, checkSchema, identifierProblem } from './check.ts';
import { editField, editMembers } from './edit.ts';
import {
  children,
  type FieldPath,
  type FieldPlace,
  fieldsById,
  findField,
  foldCase,
  printPath,
} from './fields.ts';
import { assignTypeIds } from './ids.ts';
import { type Mismatch, mismatches } from './readable.ts';
import { canonical, canWiden } from './types.ts';

// What may become of a schema. Every change keeps the meaning of every value that is in a file: a column is its id, and an id is
// never given twice.

export type SchemaChange =
  | { kind: 'add'; field: FieldPath; type: Type; required?: boolean; doc?: string; at?: Position }
  | { kind: 'drop'; field: FieldPath }
  | { kind: 'rename'; field: FieldPath; name: string }
  | { kind: 'move'; field: FieldPath; at: Position }
  /** int → long, float → double, a decimal with more digits. */
  | { kind: 'widen'; field: FieldPath; type: string }
  | { kind: 'make_optional'; field: FieldPath }
  /** Only in a table that was never written to. */
  | { kind: 'make_required'; field: FieldPath }
  /** An empty text takes it away. */
  | { kind: 'doc'; field: FieldPath; doc: string }
  /** All of them, in place of those of before. */
  | { kind: 'identify'; fields: FieldPath[] };

/** Among the fields of the same struct, by name. */
export type Position = 'first' | 'last' | { after: string } | { before: string };

export interface Evolution {
  schema: Schema;
  last_column_id: number;
  /** Data files that were written with earlier schemas must be written anew before the new one may be used. */
  rewrites: RewriteReason[];
}
export interface RewriteReason extends Mismatch {
  /** The schema of those files. */
  schema_id: number;
}

/** The changes one after the other, on the current schema. Fails with `schema_change` (or `invalid`) and the name of the field. */
export function evolve(metadata: TableMetadata, changes: readonly SchemaChange[]): Evolution {
  const current = metadata.schemas.find(schema => schema['schema-id'] === metadata['current-schema-id']);
  if (!current) throw new IcebergError('corrupt', 'the table has no current schema', {});
  const started: State = { schema: current, last_column_id: metadata['last-column-id'], metadata };
  const { schema, last_column_id } = changes.reduce(applyChange, started);
  checkSchema(schema);
  const changed = { ...schema, 'schema-id': nextSchemaId(metadata) };
  return { schema: changed, last_column_id, rewrites: rewritesFor(metadata, current, changed) };
}

interface State {
  schema: Schema;
  last_column_id: number;
  metadata: TableMetadata;
}

function nextSchemaId(metadata: TableMetadata): number {
  return Math.max(-1, ...metadata.schemas.map(schema => schema['schema-id'])) + 1;
}

/**
 * Only files of the past can be wrong, and nobody knows here with which of the schemas each was written: all count. But what could
 * not be read with the current schema either has been written anew for that one.
 */
function rewritesFor(metadata: TableMetadata, current: Schema, now: Schema): RewriteReason[] {
  if (isEmpty(metadata)) return [];
  return metadata.schemas.flatMap(schema => {
    const known = new Set(mismatches(schema, current).map(mismatchKey));
    return mismatches(schema, now)
      .filter(found => !known.has(mismatchKey(found)))
      .map(found => ({ ...found, schema_id: schema['schema-id'] }));
  });
}

function mismatchKey({ field_id, reason }: Mismatch): string {
  return `${field_id} ${reason}`;
}

function isEmpty(metadata: TableMetadata): boolean {
  return metadata.snapshots.length === 0;
}

function applyChange(state: State, change: SchemaChange): State {
  switch (change.kind) {
    case 'add':
      return add(state, change);
    case 'drop':
      return drop(state, change.field);
    case 'rename':
      return rename(state, change.field, change.name);
    case 'move':
      return move(state, change.field, change.at);
    case 'widen':
      return widen(state, change.field, change.type);
    case 'make_optional':
      return makeOptional(state, change.field);
    case 'make_required':
      return makeRequired(state, change.field);
    case 'doc':
      return document(state, change.field, change.doc);
    case 'identify':
      return identify(state, change.fields);
    default:
      return change satisfies never;
  }
}

// ── The changes ─────────────────────────────────────────────────────────────────────────────────────

function add(state: State, change: Extract<SchemaChange, { kind: 'add' }>): State {
  const path = typeof change.field === 'string' ? change.field.split('.') : [...change.field];
  const name = path.at(-1) ?? '';
  const around = path.length > 1 ? structAt(state, path.slice(0, -1)) : undefined;
  const label = printPath(around ? [...around.path, name] : [name]);
  if (membersOf(state.schema, around?.field.id).some(field => foldCase(field.name) === foldCase(name)))
    throw refused(label, 'there is already a field of that name; names that differ only by case are one');
  if (change.required && !isEmpty(state.metadata))
    throw refused(label, 'a new field must be optional: the rows that are there have no value for it');

  const id = state.last_column_id + 1;
  const { type, last_column_id } = assignTypeIds(change.type, id + 1);
  const field: Field = { id, name, required: change.required ?? false, type };
  if (change.doc) field.doc = change.doc;
  const schema = editMembers(state.schema, around?.field.id, members =>
    inserted(members, field, change.at ?? 'last', label),
  );
  return { ...state, schema, last_column_id };
}

function drop(state: State, path: FieldPath): State {
  const { field, parent, ...found } = member(state, path, 'drop');
  const label = printPath(found.path);
  const user = [...fieldsById({ type: 'struct', fields: [field] }).keys()]
    .map(id => userOf(state, id))
    .find(name => name !== undefined);
  if (user) throw refused(label, `it cannot be dropped: ${user} needs it`);
  if (membersOf(state.schema, parent).length === 1)
    throw refused(label, 'it cannot be dropped: it is the only field there');
  return edited(state, parent, members => members.filter(each => each.id !== field.id));
}

/** What would no longer work without the field. Specs of before count: the manifests of old files are read with them. */
function userOf({ schema, metadata }: State, id: number): string | undefined {
  if (schema['identifier-field-ids']?.includes(id)) return 'the identifier of the rows';
  const spec = metadata['partition-specs'].find(({ fields }) =>
    fields.some(field => field['source-id'] === id && field.transform !== 'void'),
  );
  if (spec)
    return spec['spec-id'] === metadata['default-spec-id']
      ? 'the partition spec'
      : `partition spec ${spec['spec-id']} of earlier files`;
  const order = metadata['sort-orders'].find(each => each['order-id'] === metadata['default-sort-order-id']);
  return order?.fields.some(field => field['source-id'] === id) ? 'the sort order' : undefined;
}

function rename(state: State, path: FieldPath, name: string): State {
  const { field, parent } = member(state, path, 'rename');
  const renamed = edited(state, parent, members =>
    members.map(each => (each.id === field.id ? { ...each, name } : each)),
  );
  checkNames(renamed.schema);
  return renamed;
}

function move(state: State, path: FieldPath, at: Position): State {
  const { field, parent, ...found } = member(state, path, 'move');
  return edited(state, parent, members => {
    const others = members.filter(each => each.id !== field.id);
    return inserted(others, field, at, printPath(found.path));
  });
}

function widen(state: State, path: FieldPath, text: string): State {
  const { field, ...found } = place(state, path);
  const label = printPath(found.path);
  const to = canonical(text);
  if (typeof field.type !== 'string') throw refused(label, `a ${field.type.type} cannot become ${to}`);
  if (isInKey(state, field.id)) throw refused(label, 'the key of a map cannot change');
  if (!canWiden(field.type, to))
    throw refused(label, `${field.type} cannot become ${to}: ${wideningsOf(field.type)}`);
  return { ...state, schema: editField(state.schema, field.id, each => ({ ...each, type: to })) };
}

function wideningsOf(from: string): string {
  if (from === 'int') return 'an int can become long';
  if (from === 'float') return 'a float can become double';
  if (from.startsWith('decimal')) return 'a decimal can get more digits before the point';
  return `${from} can become nothing else`;
}

function makeOptional(state: State, path: FieldPath): State {
  const { field, ...found } = place(state, path);
  const label = printPath(found.path);
  if (isInKey(state, field.id)) throw refused(label, 'the key of a map cannot change');
  const inside = [...fieldsById({ type: 'struct', fields: [field] }).keys()];
  if (inside.some(id => state.schema['identifier-field-ids']?.includes(id)))
    throw refused(label, 'it must stay required: it identifies the rows');
  return { ...state, schema: editField(state.schema, field.id, each => ({ ...each, required: false })) };
}

function makeRequired(state: State, path: FieldPath): State {
  const { field, ...found } = place(state, path);
  if (!field.required && !isEmpty(state.metadata))
    throw refused(printPath(found.path), 'it cannot become required: rows that are there may have no value');
  return { ...state, schema: editField(state.schema, field.id, each => ({ ...each, required: true })) };
}

function document(state: State, path: FieldPath, doc: string): State {
  const { field, parent } = member(state, path, 'describe');
  const described = (each: Field): Field => {
    const { doc: _, ...rest } = each;
    return doc === '' ? rest : { ...rest, doc };
  };
  return edited(state, parent, members =>
    members.map(each => (each.id === field.id ? described(each) : each)),
  );
}

function identify(state: State, paths: readonly FieldPath[]): State {
  const ids = paths.map(path => {
    const found = place(state, path);
    const problem = identifierProblem(found);
    if (problem) throw refused(printPath(found.path), `it cannot identify rows: it ${problem}`);
    return found.field.id;
  });
  const { 'identifier-field-ids': _, ...schema } = state.schema;
  return { ...state, schema: ids.length ? { ...schema, 'identifier-field-ids': [...new Set(ids)] } : schema };
}

// ── Places in a schema ──────────────────────────────────────────────────────────────────────────────

function place(state: State, path: FieldPath): FieldPlace {
  const found = findField(state.schema, path);
  if (found) return found;
  throw refused(typeof path === 'string' ? path : printPath(path), 'there is no such field');
}

/** An element, a key and a value have no name and no neighbours; a key with other fields would be another key. */
function member(state: State, path: FieldPath, verb: string): FieldPlace {
  const found = place(state, path);
  const label = printPath(found.path);
  if (found.in !== 'struct')
    throw refused(label, `it is a part of a ${found.in}, there is nothing to ${verb}`);
  if (isInKey(state, found.field.id)) throw refused(label, 'the key of a map cannot change');
  return found;
}

function isInKey(state: State, id: number): boolean {
  const all = fieldsById(state.schema);
  for (let at = all.get(id); at; at = at.parent === undefined ? undefined : all.get(at.parent))
    if (at.in === 'map' && at.field.name === 'key') return true;
  return false;
}

/** The struct that a new member goes into, also when what holds it was named. */
function structAt(state: State, path: readonly string[]): FieldPlace {
  let found = place(state, path);
  while (typeof found.field.type !== 'string' && found.field.type.type !== 'struct')
    found = place(state, [...found.path, found.field.type.type === 'list' ? 'element' : 'value']);
  const label = printPath(found.path);
  if (typeof found.field.type === 'string') throw refused(label, `it is ${found.field.type}, not a struct`);
  if (isInKey(state, found.field.id)) throw refused(label, 'the key of a map cannot change');
  return found;
}

function membersOf(schema: Schema, parent: number | undefined): readonly Field[] {
  return parent === undefined ? schema.fields : children(fieldsById(schema).get(parent)?.field.type ?? '');
}

function edited(
  state: State,
  parent: number | undefined,
  edit: (members: readonly Field[]) => Field[],
): State {
  return { ...state, schema: editMembers(state.schema, parent, edit) };
}

function inserted(members: readonly Field[], field: Field, at: Position, label: string): Field[] {
  if (at === 'first') return [field, ...members];
  if (at === 'last') return [...members, field];
  const neighbour = 'after' in at ? at.after : at.before;
  const index = members.findIndex(each => foldCase(each.name) === foldCase(neighbour));
  if (index === -1) throw refused(label, `there is no field ${neighbour} beside it`);
  return members.toSpliced('after' in at ? index + 1 : index, 0, field);
}

function refused(field: string, why: string): IcebergError {
  return new IcebergError('schema_change', `field ${field}: ${why}`, { field });
}
