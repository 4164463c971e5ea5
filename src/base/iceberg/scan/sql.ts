import { filterSql, quoteName } from '../filter/index.ts';
import type { Field } from '../model.ts';
import { showValue } from '../values/index.ts';
import { duckType } from '../write/types.ts';
import {
  boundFieldSql,
  columnOf,
  equalityIds,
  inside,
  outputSql,
  placeNames,
  readColumns,
  schemaMap,
  unpushed,
} from './columns.ts';
import {
  type DeleteContext,
  equalityDeletesSql,
  numberPartitions,
  positionDeletesSql,
} from './delete-sql.ts';
import type { Footer } from './footers.ts';
import { normalLocation } from './location.ts';
import { columnsByName, nameMapping, refuseSharedNames } from './name-mapping.ts';
import {
  castValues,
  fileTableSql,
  type ListColumn,
  numbers,
  openSql,
  type Paths,
  rowsHint,
  texts,
} from './pieces.ts';
import type { Plan } from './plan.ts';
import { filledValue, type Group, groupFiles } from './treatment.ts';

export interface ScanSqlOptions {
  /** By location; of tables for which `needsFooters` says so. */
  footers?: ReadonlyMap<string, Footer>;
  /** Two columns more: `_file`, the location in the manifest, and `_pos`, the row's place in the file; see `placeNames`. */
  positions?: boolean;
}

/**
 * The rows of a plan as one SELECT for DuckDB. `paths` says for every location where its bytes are. One `read_parquet` for all files
 * that are read in the same way: thirty thousand files are a statement of some megabytes, planned in well under a second.
 */
export function scanSql(plan: Plan, paths: Paths, options: ScanSqlOptions = {}): string {
  const columns = readColumns(plan, equalityIds(plan));
  const footers = options.footers ?? new Map<string, Footer>();
  const groups = groupFiles(plan, columns, footers);
  if (groups.length === 0) return noRowsSql(plan, options);
  const context = {
    plan,
    columns,
    paths,
    partitions: numberPartitions(),
    footers,
    positions: options.positions === true,
  };
  return groups.map(group => groupSql(group, context)).join('\nUNION ALL\n');
}

function noRowsSql(plan: Plan, options: ScanSqlOptions): string {
  const columns = plan.columns.map(
    field => `CAST(NULL AS ${duckType(field.type)}) AS ${quoteName(field.name)}`,
  );
  const places = options.positions
    ? placesSql(plan, { file: 'CAST(NULL AS VARCHAR)', row: 'CAST(NULL AS BIGINT)' })
    : [];
  return `SELECT ${[...columns, ...places].join(', ')} WHERE false`;
}

function placesSql({ columns }: Plan, { file, row }: { file: string; row: string }): string[] {
  const names = placeNames(columns);
  return [`${file} AS ${quoteName(names.file)}`, `${row} AS ${quoteName(names.pos)}`];
}

interface Context extends DeleteContext {
  columns: readonly Field[];
  positions: boolean;
}

function groupSql(group: Group, context: Context): string {
  const { plan, positions } = context;
  const output = [
    ...plan.columns.map(outputSql),
    ...(positions ? placesSql(plan, { file: 'location', row: 'row' }) : []),
  ];
  const joins = [
    ...(group.position_deletes ? [positionDeletesSql(group, context)] : []),
    ...(group.equality_deletes ? equalityDeletesSql(group, context) : []),
  ];
  const where = group.residual ? [`WHERE ${filterSql(plan.filter, boundFieldSql(plan))}`] : [];
  const rows = `SELECT ${output.join(', ')}\nFROM (${rowsSql(group, context)}) d`;
  return `(${[...filesSql(group, context), rows, ...joins, ...where].join('\n')})`;
}

/** Rows need more of their file than its place in the list, which is all that position deletes ask for. */
const goesWithRows = (group: Group, { positions }: Context) =>
  positions || group.equality_deletes || group.filled.length > 0;

/** What is known of the files and not in them, by their place in the list. */
function filesSql(group: Group, context: Context): string[] {
  const { plan, partitions, positions } = context;
  const { files } = group;
  if (!goesWithRows(group, context) && !group.position_deletes) return [];
  const known: ListColumn[] = [];
  const locations = files.map(({ file }) => file.file_path);
  if (group.position_deletes || group.equality_deletes) {
    const sequence = files.map(planned => planned.sequence_number);
    const partition = files.map(planned => partitions(planned.file));
    known.push(numbers('s', sequence), numbers('p', partition));
  }
  if (group.position_deletes) known.push(texts('l', locations.map(normalLocation)));
  if (positions) known.push(texts('location', locations));
  for (const column of group.filled) known.push(filledColumn(plan, group, column));
  return [`WITH files AS (${fileTableSql(files.length, known)})`];
}

function filledColumn(plan: Plan, { files }: Group, column: Field): ListColumn {
  const { type } = column;
  const values = files.map(({ file }) => {
    const value = filledValue(plan, file, column);
    return value === null || typeof type !== 'string' ? null : showValue(type, value);
  });
  return castValues(inside(column.id), values, duckType(type));
}

/** The columns of the files under their inner names, with what is known by file. */
function rowsSql(group: Group, context: Context): string {
  const { columns, paths, positions } = context;
  const filled = new Set(group.filled.map(column => column.id));
  const own = columns.filter(column => !filled.has(column.id));
  const read = group.by_name ? readByName(own, context) : readById(own, group, context);
  const selected = [...read.select, ...group.filled.map(column => `k.${inside(column.id)}`)];
  if (group.position_deletes || positions) selected.push('r.file_index AS file', 'r.file_row_number AS row');
  if (group.equality_deletes) selected.push('k.s', 'k.p');
  if (positions) selected.push('k.location');
  const list = openSql(
    group.files.map(({ file }) => file),
    paths,
  );
  const known = goesWithRows(group, context) ? '\n  JOIN files k ON k.i = r.file_index' : '';
  return `
  SELECT ${selected.join(', ')}
  FROM read_parquet(${list}, schema = ${read.schema}, ${rowsHint(group.files.map(({ file }) => file))}) r${known}`;
}

interface Reading {
  schema: string;
  select: string[];
}

function readById(columns: readonly Field[], { reshaped }: Group, { plan }: Context): Reading {
  const named = columns.map(column => ({ ...columnOf(column), column, shape: reshaped.get(column.id) }));
  return {
    schema: schemaMap(named.map(({ key, name, type, shape }) => ({ key, name, type: shape?.type ?? type }))),
    select: named.map(({ name, column, shape }) => {
      const value = shape?.sql(`r.${name}`) ?? unpushed(`r.${name}`, column, plan.metadata);
      return value === `r.${name}` ? value : `${value} AS ${name}`;
    }),
  };
}

function readByName(columns: readonly Field[], { plan }: Context): Reading {
  const mapping = nameMapping(plan.metadata) ?? new Map();
  const named = columns.map(column => ({ column, names: columnsByName(column, mapping) }));
  refuseSharedNames(named);
  const select = named.map(({ column, names }) => {
    const found = names.map(({ name }) => `r.${name}`);
    const value =
      found.length > 0 ? `coalesce(${found.join(', ')})` : `CAST(NULL AS ${duckType(column.type)})`;
    return `${unpushed(value, column, plan.metadata)} AS ${inside(column.id)}`;
  });
  return { schema: schemaMap(named.flatMap(({ names }) => names)), select };
}
