import { IcebergError } from '../errors.ts';
import type { Field, Type } from '../model.ts';
import { children, foldCase } from '../schema/fields.ts';

// DuckDB finds the columns of a file by field id, and the members of a struct inside of them by name: one that was renamed since the
// file was written would read as NULL, and one that was dropped and added again as what it once was, both in silence. So where that
// could be, it is looked up in the file how its members are called.

/** Names and places of the fields of a file, or of the schema that it was written with. */
export type Layout = ReadonlyMap<number, { name: string; parent: number | undefined }>;

const layouts = new WeakMap<readonly Field[], Layout>();

/** Schemas are never changed, so it is worked out once for each. */
export function layoutOf(fields: readonly Field[]): Layout {
  const known = layouts.get(fields);
  if (known) return known;
  const found = new Map<number, { name: string; parent: number | undefined }>();
  const walk = (field: Field, parent: number | undefined) => {
    found.set(field.id, { name: field.name, parent });
    for (const child of children(field.type)) walk(child, field.id);
  };
  for (const field of fields) walk(field, undefined);
  layouts.set(fields, found);
  return found;
}

/** Has it members whose names matter? */
export function hasMembers(type: Type): boolean {
  if (typeof type === 'string') return false;
  return type.type === 'struct' || children(type).some(child => hasMembers(child.type));
}

/** The first field under this column that DuckDB would not find in such a file, or would take for another; with why. */
export function misread(column: Field, file: Layout): { field: string; why: string } | undefined {
  if (!file.has(column.id)) return undefined;
  return misreadBelow(column, [column.name], file, idsByName(file));
}

type Named = ReadonlyMap<string, number>;
const named = new WeakMap<Layout, Named>();

function idsByName(layout: Layout): Named {
  const known =
    named.get(layout) ?? new Map([...layout].map(([id, { name, parent }]) => [memberKey(parent, name), id]));
  named.set(layout, known);
  return known;
}

function misreadBelow(
  around: Field,
  path: readonly string[],
  file: Layout,
  named: Named,
): { field: string; why: string } | undefined {
  const members = children(around.type);
  const here = typeof around.type !== 'string' && around.type.type === 'struct' ? members : [];
  for (const member of here) {
    const why = misreadMember(member, around, file, named);
    if (why !== undefined) return { field: [...path, member.name].join('.'), why };
  }
  if (here.length > 0 && !here.some(member => file.has(member.id)))
    return { field: path.join('.'), why: 'had other members' };
  for (const member of members.filter(member => file.has(member.id))) {
    const found = misreadBelow(member, [...path, member.name], file, named);
    if (found !== undefined) return found;
  }
  return undefined;
}

function misreadMember(member: Field, around: Field, file: Layout, named: Named): string | undefined {
  const then = file.get(member.id);
  if (then !== undefined && foldCase(then.name) !== foldCase(member.name)) return `was called ${then.name}`;
  const other = named.get(memberKey(around.id, member.name));
  return other === undefined || other === member.id ? undefined : 'was another field of the same name';
}

const memberKey = (parent: number | undefined, name: string) => `${parent ?? ''}|${foldCase(name)}`;

export function refuseMisread(file: string, { field, why }: { field: string; why: string }): never {
  throw new IcebergError(
    'schema_change',
    `Column ${field} ${why} when ${file} was written, and cannot be read from it any more: rewrite the file.`,
    { field, file },
  );
}
