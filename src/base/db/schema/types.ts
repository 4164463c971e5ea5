import type { Column, Schema, Table } from './read.ts';

/** What the driver gives for a type (see connection.ts): what must survive stays text. */
const TYPES: Readonly<Record<string, string>> = {
  uuid: 'string',
  text: 'string',
  bigint: 'string',
  numeric: 'string',
  'timestamp with time zone': 'string',
  date: 'string',
  boolean: 'boolean',
  integer: 'number',
  smallint: 'number',
  'double precision': 'number',
  bytea: 'Buffer',
  jsonb: 'Json',
};

/** Kysely's view of the schema: what is read, what an insert must give, what an update may. */
export function writeTypes(schema: Schema): string {
  const tables = schema.tables.map(writeTable);
  const list = schema.tables.map(({ name }) => `  ${name}: ${typeName(name)};`);
  return `// Made by scripts/generate-db-types.ts from the migrations. Do not edit.
import type { ColumnType, Generated, GeneratedAlways } from 'kysely';

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** Written as text (JSON.stringify): the driver would take a JavaScript array for an array of PostgreSQL's. */
type Json = ColumnType<JsonValue, string, string>;
type JsonOrNull = ColumnType<JsonValue | null, string | null | undefined, string | null>;
type JsonWithDefault = ColumnType<JsonValue, string | undefined, string>;

${tables.join('\n\n')}

export interface DB {
${list.join('\n')}
}
`;
}

function writeTable(table: Table): string {
  const columns = table.columns.map(column => `  ${column.name}: ${columnType(table, column)};`);
  return `export interface ${typeName(table.name)} {\n${columns.join('\n')}\n}`;
}

function columnType(table: Table, column: Column): string {
  const type = plainType(table, column);
  const has_default = column.default !== null || column.identity === 'd';
  if (type === 'Json') return has_default ? 'JsonWithDefault' : column.not_null ? 'Json' : 'JsonOrNull';
  const nullable = column.not_null ? type : `${type} | null`;
  if (column.identity === 'a' || column.generated) return `GeneratedAlways<${nullable}>`;
  return has_default ? `Generated<${nullable}>` : nullable;
}

function plainType(table: Table, column: Column): string {
  const choices = choicesOf(table, column.name);
  if (choices) return choices;
  // `varchar(255)` is text: how long a name may be is said where names are checked.
  const item = column.type.replace(/\[\]$/, '').replace(/^character varying.*/, 'text');
  const type = TYPES[item];
  if (!type) throw new Error(`no TypeScript type for ${column.type} (${table.name}.${column.name})`);
  return column.type.endsWith('[]') ? `${type}[]` : type;
}

const CHOICES = /^CHECK \(\((\w+) = ANY \(ARRAY\[((?:'[^']*'::text(?:, )?)+)\]\)\)\)$/;

/** `check (role in ('owner', …))` is a union of literals. */
function choicesOf(table: Table, column: string): string | undefined {
  for (const { definition } of table.constraints) {
    const match = CHOICES.exec(definition);
    if (match?.[1] === column) return (match[2] ?? '').replaceAll('::text', '').replaceAll(', ', ' | ');
  }
  return undefined;
}

/** `workspace_slugs` → `WorkspaceSlugsTable` */
function typeName(table: string): string {
  return `${table.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())}Table`;
}
