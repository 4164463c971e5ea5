import { type AvroField, type AvroType, type Cursor, corruptAvro, withoutNull } from '../avro/index.ts';

// Fields of a foreign record: found by id, or by name in files of those who left the ids out; in any order, required or not.

export type Reads<T> = (cursor: Cursor) => T | undefined;

/** Reads a field of one of these kinds, or null as undefined. */
export function readField<T>(
  field: AvroField,
  kinds: readonly AvroType['kind'][],
  read: (cursor: Cursor) => T,
  file: string,
): Reads<T> {
  const { type } = field;
  const inner = withoutNull(type);
  if (inner.kind === 'null') return () => undefined;
  if (!kinds.includes(inner.kind)) throw corruptAvro(file, `its field "${field.name}" is a ${inner.kind}`);
  if (type.kind !== 'union') return read;
  const null_at = type.branches.findIndex(branch => branch.kind === 'null');
  const last = type.branches.length - 1;
  return cursor => {
    const branch = cursor.number();
    if (branch === null_at) return undefined;
    if (branch < 0 || branch > last) throw corruptAvro(file, `${branch} of a choice of ${last + 1}`);
    return read(cursor);
  };
}

/** The known field that a field of a file is. */
export function nameById(field: AvroField, ids: ReadonlyMap<number, string>): string | undefined {
  if (field.id !== undefined) return ids.get(field.id);
  return [...ids.values()].find(name => name === field.name);
}
