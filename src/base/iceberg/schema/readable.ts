import type { Field, Schema, Type } from '../model.ts';
import { children, type FieldPlace, foldCase, walk } from './fields.ts';
import { canWiden } from './types.ts';

// DuckDB finds top-level columns of a Parquet file by field id, but members of structs by name. So a file reads rightly under
// another schema only when names and ids inside structs tell the same story; else it answers NULL, or another field's values,
// and says nothing.

export interface Mismatch {
  field_id: number;
  /** In the schema that is read with. */
  path: string[];
  reason: /** The file has it under another name: NULL. */
    | 'renamed'
    /** The file has another field under this name: its values. */
    | 'name_used_again'
    /** The file has none of the members of this struct: an error. */
    | 'nothing_in_common'
    /** What is in the file cannot become what is asked for. */
    | 'retyped';
}

/** Why a file that was written with one schema cannot be read with another as it is; empty when it can. */
export function mismatches(written: Schema, read: Schema): Mismatch[] {
  if (written === read) return [];
  const found: Mismatch[] = [];
  const before = new Map<number, FieldPlace>();
  for (const place of walk(written)) before.set(place.field.id, place);
  for (const place of walk(read)) {
    const old = before.get(place.field.id);
    if (!old) continue;
    const reason = retyped(old.field.type, place.field.type) ?? moved(old, place);
    if (reason) found.push({ field_id: place.field.id, path: place.path, reason });
    else found.push(...membersOf(old.field.type, place));
  }
  return found;
}

function retyped(from: Type, to: Type): 'retyped' | undefined {
  if (typeof from === 'string' && typeof to === 'string') return canWiden(from, to) ? undefined : 'retyped';
  if (typeof from === 'string' || typeof to === 'string') return 'retyped';
  return from.type === to.type ? undefined : 'retyped';
}

function moved(old: FieldPlace, now: FieldPlace): 'renamed' | undefined {
  const nested = now.parent !== undefined && now.in === 'struct';
  return nested && foldCase(old.field.name) !== foldCase(now.field.name) ? 'renamed' : undefined;
}

function membersOf(from: Type, place: FieldPlace): Mismatch[] {
  const to = place.field.type;
  if (typeof from === 'string' || typeof to === 'string' || to.type !== 'struct') return [];
  const before = new Map(children(from).map((field): [string, Field] => [foldCase(field.name), field]));
  const strangers = to.fields.filter(field => {
    const old = before.get(foldCase(field.name));
    return old !== undefined && old.id !== field.id;
  });
  const found = strangers.map(
    (field): Mismatch => ({
      field_id: field.id,
      path: [...place.path, field.name],
      reason: 'name_used_again',
    }),
  );
  if (!to.fields.some(field => before.has(foldCase(field.name))))
    found.push({ field_id: place.field.id, path: place.path, reason: 'nothing_in_common' });
  return found;
}
