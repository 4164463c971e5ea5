import * as z from 'zod';
import { IcebergError } from '../errors.ts';
import { parseJson } from '../json.ts';
import type { Field, TableMetadata, Type } from '../model.ts';
import { children, foldCase } from '../schema/fields.ts';
import { duckType } from '../write/types.ts';
import { inside } from './columns.ts';

// Files that were there before the table (a Hive table that became one) have no field ids. A property of the table says which names
// stand for which field; without it such files have, by the specification, none of the columns.

const PROPERTY = 'schema.name-mapping.default';

interface Mapped {
  'field-id'?: number;
  names: string[];
  fields?: Mapped[];
}

const mappedSchema: z.ZodType<Mapped> = z.object({
  'field-id': z.number().int().optional(),
  names: z.array(z.string()),
  get fields() {
    return z.array(mappedSchema).optional();
  },
});

/** Names by field id. */
export type NameMapping = ReadonlyMap<number, readonly string[]>;

/** Undefined: the table has no such files. */
export function nameMapping(metadata: TableMetadata): NameMapping | undefined {
  const text = metadata.properties[PROPERTY];
  if (text === undefined) return undefined;
  const read = z.array(mappedSchema).safeParse(parsed(text));
  if (!read.success)
    throw new IcebergError('corrupt', `The table's property ${PROPERTY} is no name mapping.`, {
      property: PROPERTY,
    });
  const names = new Map<number, readonly string[]>();
  const collect = (list: readonly Mapped[]) => {
    for (const one of list) {
      if (one['field-id'] !== undefined) names.set(one['field-id'], one.names);
      collect(one.fields ?? []);
    }
  };
  collect(read.data);
  return names;
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

export interface ColumnByName {
  key: string;
  name: string;
  type: string;
}

/** A column may have several names; a file has one of them. Two that differ by case are one to DuckDB, and two would confuse it. */
export function columnsByName(column: Field, mapping: NameMapping): ColumnByName[] {
  const names = mapping.get(column.id) ?? [];
  const unlike = new Map(names.map(name => [foldCase(name), name]));
  refuseRenamedMembers(column, column.type, [column.name], mapping);
  return [...unlike.values()].map((key, at) => ({
    key,
    name: at === 0 ? inside(column.id) : `${inside(column.id)}_${at}`,
    type: duckType(column.type),
  }));
}

/** Asked for the same column of a file twice, DuckDB 1.5 gives rubbish for one of them. */
export function refuseSharedNames(named: readonly { column: Field; names: readonly ColumnByName[] }[]): void {
  const taken = new Map<string, Field>();
  for (const { column, names } of named)
    for (const { key } of names) {
      const other = taken.get(foldCase(key));
      if (other !== undefined)
        throw new IcebergError(
          'schema_change',
          `Columns ${other.name} and ${column.name} are both called ${key} in files without field ids: rewrite the files.`,
          { field: column.name },
        );
      taken.set(foldCase(key), column);
    }
}

/** DuckDB looks for members under the names of today. */
function refuseRenamedMembers(
  column: Field,
  type: Type,
  path: readonly string[],
  mapping: NameMapping,
): void {
  for (const child of children(type)) {
    const names = mapping.get(child.id);
    const member = typeof type !== 'string' && type.type === 'struct';
    if (member && names?.some(name => foldCase(name) !== foldCase(child.name))) {
      const field = [...path, child.name].join('.');
      throw new IcebergError(
        'schema_change',
        `Column ${field} had another name in files without field ids, and members of structs are read by their names: rewrite the files.`,
        { field },
      );
    }
    refuseRenamedMembers(column, child.type, [...path, child.name], mapping);
  }
}
