import type { Field, Schema, StructType, Type } from '../model.ts';
import { walk } from './fields.ts';

export interface NumberedSchema {
  schema: Schema;
  last_column_id: number;
  /** From the ids of before to those of now: partition fields and sort orders refer to them. */
  moved: ReadonlyMap<number, number>;
}

/**
 * Numbers all fields anew from `from` on: first all of a struct, then what is inside them, as the Java library does. Spark sends
 * schemas that count from 0, others send ids of other tables; only ids that we gave are known to be unique.
 */
export function assignIds(schema: Schema, from = 1): NumberedSchema {
  const numbering = new Numbering(from);
  const { fields } = numbering.struct(schema);
  const moved = numbering.moved;
  const numbered: Schema = { ...schema, fields };
  const identifiers = schema['identifier-field-ids'];
  if (identifiers) numbered['identifier-field-ids'] = identifiers.map(id => moved.get(id) ?? id);
  return { schema: numbered, last_column_id: numbering.last, moved };
}

/** One new type inside a table: its ids come after all that were ever given. */
export function assignTypeIds(type: Type, from: number): { type: Type; last_column_id: number } {
  const numbering = new Numbering(from);
  return { type: numbering.type(type), last_column_id: numbering.last };
}

class Numbering {
  readonly moved = new Map<number, number>();
  last: number;

  constructor(from: number) {
    this.last = from - 1;
  }

  type(type: Type): Type {
    if (typeof type === 'string') return type;
    if (type.type === 'struct') return this.struct(type);
    if (type.type === 'list') {
      const id = this.next(type['element-id']);
      return { ...type, 'element-id': id, element: this.type(type.element) };
    }
    const [key_id, value_id] = [this.next(type['key-id']), this.next(type['value-id'])];
    return {
      ...type,
      'key-id': key_id,
      key: this.type(type.key),
      'value-id': value_id,
      value: this.type(type.value),
    };
  }

  struct(struct: StructType): StructType {
    const numbered = struct.fields.map((field): Field => ({ ...field, id: this.next(field.id) }));
    return { ...struct, fields: numbered.map(field => ({ ...field, type: this.type(field.type) })) };
  }

  private next(before: number): number {
    this.last += 1;
    // Of several, the outermost: types that were written as text have 0 everywhere.
    if (!this.moved.has(before)) this.moved.set(before, this.last);
    return this.last;
  }
}

/** The same columns, whatever the number of the schema is. */
export function isSameSchema(a: Schema, b: Schema): boolean {
  const [ours, theirs] = [[...walk(a)], [...walk(b)]];
  if (ours.length !== theirs.length) return false;
  const alike = ours.every((place, at) => {
    const other = theirs[at];
    return other !== undefined && place.parent === other.parent && isSameField(place.field, other.field);
  });
  return alike && isSameSet(a['identifier-field-ids'] ?? [], b['identifier-field-ids'] ?? []);
}

function isSameField(a: Field, b: Field): boolean {
  return (
    a.id === b.id &&
    a.name === b.name &&
    a.required === b.required &&
    (a.doc ?? '') === (b.doc ?? '') &&
    kindOf(a.type) === kindOf(b.type)
  );
}

function kindOf(type: Type): string {
  return typeof type === 'string' ? type : type.type;
}

function isSameSet(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every(id => b.includes(id));
}
