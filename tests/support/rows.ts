import { randomBytes, randomInt } from 'node:crypto';
import type { Column, Schema, Table } from '../../src/base/db/schema/read.ts';
import { newId } from '../../src/base/kit/ids.ts';

// Rows for any table, made from the schema alone: a new table is in the tests of isolation and backup without anyone
// thinking of it.

export type Row = Record<string, unknown>;

/** What was planted, by table: references point there. */
export type Planted = Map<string, Row>;

/** Runs an insert and says whether the table took the row. */
export type Insert = (table: string, row: Row) => Promise<boolean>;

/** Tables that hold what an installation has once. */
const SINGLE = ['instance', 'schema_migrations'];

/** One row in every table, each pointing to the planted row of the table it refers to. */
export async function plantRows(schema: Schema, insert: Insert): Promise<Planted> {
  const planted: Planted = new Map();
  for (const table of inOrderOfReference(schema)) {
    if (SINGLE.includes(table.name)) continue;
    planted.set(table.name, await plantRow(table, planted, insert));
  }
  return planted;
}

/** Checks such as "one of the two" cannot be read from the schema: columns are left out until the table takes the row. */
async function plantRow(table: Table, planted: Planted, insert: Insert): Promise<Row> {
  const full = makeRow(table, planted);
  const optional = table.columns
    .filter(column => !column.not_null && column.name in full)
    .map(({ name }) => name);
  for (let mask = 0; mask < 2 ** Math.min(optional.length, 8); mask += 1) {
    const dropped = optional.filter((_, index) => mask & (1 << index));
    const row = Object.fromEntries(Object.entries(full).filter(([name]) => !dropped.includes(name)));
    if (await insert(table.name, row)) return row;
  }
  throw new Error(`${table.name} takes no row such as ${JSON.stringify(full)}`);
}

export function makeRow(table: Table, planted: Planted): Row {
  return Object.fromEntries(
    table.columns
      .filter(column => column.identity === '' && column.generated === '')
      .map(column => [column.name, referenceOf(table, column, planted) ?? makeValue(table, column)]),
  );
}

/** Before each table, those it refers to; a table that refers to itself stays where it is. */
export function inOrderOfReference(schema: Schema): Table[] {
  const left = [...schema.tables];
  const done = new Set<string>();
  const sorted: Table[] = [];
  while (left.length > 0) {
    const index = left.findIndex(table =>
      referencedBy(table).every(name => done.has(name) || name === table.name),
    );
    const [table] = index < 0 ? [] : left.splice(index, 1);
    if (!table) throw new Error(`tables refer to each other in a circle: ${left.map(({ name }) => name)}`);
    done.add(table.name);
    sorted.push(table);
  }
  return sorted;
}

const REFERENCE = /^FOREIGN KEY \(([^)]+)\) REFERENCES (\w+)\(([^)]+)\)/;

function referencedBy(table: Table): string[] {
  const named = table.constraints.flatMap(({ definition }) => REFERENCE.exec(definition)?.[2] ?? []);
  return belongsToWorkspace(table) ? ['workspaces', ...named] : named;
}

/** Not all that belongs to a workspace refers to it: events and audit entries outlive theirs. */
export function belongsToWorkspace(table: Table): boolean {
  return table.columns.some(({ name }) => name === 'workspace_id');
}

function referenceOf(table: Table, column: Column, planted: Planted): unknown {
  for (const { definition } of table.constraints) {
    const [, columns, target, targets] = REFERENCE.exec(definition) ?? [];
    const index = columns?.split(', ').indexOf(column.name) ?? -1;
    const name = targets?.split(', ')[index];
    if (index >= 0 && target && name) return planted.get(target)?.[name];
  }
  // In the form of Iceberg's JDBC catalog, the name of a catalog is the workspace.
  const is_workspace = column.name === 'workspace_id' || column.name === 'catalog_name';
  return is_workspace ? planted.get('workspaces')?.id : undefined;
}

/** Words of several scripts, right to left too, an emoji, what CSV and COPY would trip over. */
const AWKWARD = 'naïve Ünïcödé العربية 日本 👩‍🌾 "quoted", back\\slash \\N \t tab \n line \r';

function makeValue(table: Table, column: Column): unknown {
  const choices = choicesOf(table, column.name);
  if (choices) return choices[randomInt(choices.length)];
  const tag = randomBytes(6).toString('hex');
  switch (column.type) {
    case 'uuid':
      return newId();
    case 'text':
    case 'character varying(255)':
    case 'character varying(1000)':
      return `${tag} ${AWKWARD}`;
    case 'character varying(5)':
      return tag.slice(0, 5);
    case 'text[]':
      return [tag, AWKWARD, '', 'NULL', '{}'];
    case 'smallint':
      return randomInt(1, 2 ** 15);
    case 'integer':
      return randomInt(1, rangeEnd(table, column.name) ?? 2 ** 31);
    case 'double precision':
      return 1.5;
    case 'bigint':
      return String(2n ** 53n + BigInt(randomInt(2 ** 40)));
    case 'boolean':
      return true;
    case 'bytea':
      return randomBytes(32);
    case 'jsonb':
      return JSON.stringify({ [tag]: [AWKWARD.replaceAll('\0', ''), null, 1.5, { deep: true }] });
    case 'timestamp with time zone':
      return `2026-11-21 12:00:00.${String(randomInt(1_000_000)).padStart(6, '0')}+00`;
    default:
      throw new Error(`no value for ${column.type} (${table.name}.${column.name})`);
  }
}

/** Of checks such as `x between 0 and 1000`. */
function rangeEnd(table: Table, column: string): number | undefined {
  for (const { definition } of table.constraints) {
    const [, name, end] = /^CHECK \(\(\((\w+) >= \d+\) AND \(\w+ <= (\d+)\)\)\)$/.exec(definition) ?? [];
    if (name === column && end) return Number(end);
  }
  return undefined;
}

function choicesOf(table: Table, column: string): string[] | undefined {
  for (const { definition } of table.constraints) {
    const [, name, list] = /^CHECK \(\((\w+) = ANY \(ARRAY\[(.+)\]\)\)\)$/.exec(definition) ?? [];
    if (name === column && list) return [...list.matchAll(/'([^']*)'/g)].map(match => match[1] ?? '');
  }
  return undefined;
}
