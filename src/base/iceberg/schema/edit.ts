import type { Field, Schema, Type } from '../model.ts';
import { children } from './fields.ts';

// A schema with one thing changed, the rest being what it was.

/** The field may be an element, a key or a value too. */
export function editField(schema: Schema, id: number, edit: (field: Field) => Field): Schema {
  return { ...schema, fields: editAmong(schema.fields, id, edit) };
}

/** The members of the struct that is the field `parent`, or of the schema itself. */
export function editMembers(
  schema: Schema,
  parent: number | undefined,
  edit: (members: readonly Field[]) => Field[],
): Schema {
  if (parent === undefined) return { ...schema, fields: edit(schema.fields) };
  return editField(schema, parent, field => ({ ...field, type: withMembers(field.type, edit) }));
}

function withMembers(type: Type, edit: (members: readonly Field[]) => Field[]): Type {
  return typeof type !== 'string' && type.type === 'struct' ? { ...type, fields: edit(type.fields) } : type;
}

function editAmong(fields: readonly Field[], id: number, edit: (field: Field) => Field): Field[] {
  return fields.map(field => (field.id === id ? edit(field) : editInside(field, id, edit)));
}

function editInside(field: Field, id: number, edit: (field: Field) => Field): Field {
  if (typeof field.type === 'string') return field;
  const before = children(field.type);
  const after = editAmong(before, id, edit);
  const isSame = after.every((child, at) => child === before[at]);
  return isSame ? field : { ...field, type: withChildren(field.type, after) };
}

function withChildren(type: Exclude<Type, string>, fields: Field[]): Type {
  if (type.type === 'struct') return { ...type, fields };
  const [first, second] = fields;
  if (type.type === 'list') {
    if (!first) return type;
    return { ...type, 'element-id': first.id, element: first.type, 'element-required': first.required };
  }
  if (!first || !second) return type;
  return {
    ...type,
    'key-id': first.id,
    key: first.type,
    'value-id': second.id,
    value: second.type,
    'value-required': second.required,
  };
}
