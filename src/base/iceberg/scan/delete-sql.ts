import { IcebergError } from '../errors.ts';
import { CONTENT, type Field } from '../model.ts';
import { columnOf, fieldSql, locate, schemaMap } from './columns.ts';
import { type DeleteFile, isUnpartitioned, partitionKey } from './deletes.ts';
import { type Footer, footerOf, hasDoubtfulMembers } from './footers.ts';
import { misread, refuseMisread } from './layout.ts';
import { normalLocationSql } from './location.ts';
import { fileTableSql, numbers, openSql, type Paths, rowsHint } from './pieces.ts';
import type { Plan } from './plan.ts';
import { checkReadable, type Group } from './treatment.ts';

// Deletes as anti joins. Data files are known inside a statement by their place in its list of files, for DuckDB reads local copies
// and deletes name the originals; with its place go its sequence number `s`, a number for its partition `p` and its location `l`.

/** Partitions as numbers, the same for data files and their deletes. */
export type Partitions = (file: DeleteFile | Group['files'][number]['file']) => number;

export function numberPartitions(): Partitions {
  const numbers = new Map<string, number>();
  return file => {
    const key = partitionKey(file);
    const number = numbers.get(key) ?? numbers.size;
    numbers.set(key, number);
    return number;
  };
}

export function deletesOf(group: Group, content: DeleteFile['content']): DeleteFile[] {
  const all = new Set(group.files.flatMap(planned => planned.deletes));
  return [...all].filter(file => file.content === content);
}

export interface DeleteContext {
  plan: Plan;
  partitions: Partitions;
  paths: Paths;
  footers: ReadonlyMap<string, Footer>;
}

/** For `d`, rows with `file` and `row`; `files` has the data files with i, l, s, p. */
export function positionDeletesSql(group: Group, { partitions, paths }: DeleteContext): string {
  const deletes = deletesOf(group, CONTENT.position_deletes);
  deletes.forEach(checkReadable);
  // By name: the specification fixes the names, and a file without them must fail, not delete nothing.
  const schema = schemaMap([
    { key: 'file_path', name: 'path', type: 'VARCHAR' },
    { key: 'pos', name: 'pos', type: 'BIGINT' },
  ]);
  const broken = `error('a file of position deletes lacks file_path or pos')`;
  return `ANTI JOIN (
  SELECT f.i AS file, x.pos AS row
  FROM (SELECT ${normalLocationSql('path')} AS l, pos, i FROM (
    SELECT coalesce(path, ${broken}) AS path, coalesce(pos, ${broken}) AS pos, file_index AS i
    FROM read_parquet(${openSql(deletes, paths)}, schema = ${schema}, ${rowsHint(deletes)}))) x
  JOIN ${orderSql(deletes, partitions)} q ON q.i = x.i
  JOIN files f ON f.l = x.l AND f.p = q.p AND f.s <= q.s
) x ON x.file = d.file AND x.row = d.row`;
}

/** One anti join for each set of columns that are compared; those of unpartitioned specs are about all partitions. */
export function equalityDeletesSql(group: Group, about: DeleteContext): string[] {
  const unpartitioned = new Set(
    about.plan.metadata['partition-specs'].filter(isUnpartitioned).map(spec => spec['spec-id']),
  );
  const deletes = deletesOf(group, CONTENT.equality_deletes);
  deletes.forEach(checkReadable);
  const sets = Map.groupBy(deletes, file =>
    JSON.stringify([unpartitioned.has(file.spec_id), equalityIdsOf(file)]),
  );
  return [...sets.values()].map((files, at) => {
    const everywhere = files.every(file => unpartitioned.has(file.spec_id));
    return equalityDeleteSql({ ...about, files, at, everywhere });
  });
}

function equalityIdsOf(file: DeleteFile): number[] {
  const ids = file.equality_ids ?? [];
  if (ids.length > 0) return ids.toSorted((a, b) => a - b);
  throw new IcebergError('corrupt', `${file.file_path} deletes by no column.`, { file: file.file_path });
}

/** Keys inside structs are found by name as well, and one read as NULL would delete the wrong rows. */
function checkKeys(
  file: DeleteFile,
  columns: readonly Field[],
  plan: Plan,
  footers: DeleteContext['footers'],
): void {
  for (const column of columns) {
    if (!hasDoubtfulMembers(column, plan.metadata)) continue;
    const wrong = misread(column, footerOf(file, footers).layout);
    if (wrong !== undefined) refuseMisread(file.file_path, wrong);
  }
}

interface EqualityDelete extends DeleteContext {
  files: readonly DeleteFile[];
  at: number;
  everywhere: boolean;
}

/** Each key once, with the latest commit that deletes it: what is older than that is gone. */
function equalityDeleteSql({ plan, files, at, everywhere, ...about }: EqualityDelete): string {
  const [first] = files;
  const ids = first === undefined ? [] : equalityIdsOf(first);
  const located = ids.map(id => locate(plan, id));
  const columns = [...new Map(located.map(({ column }) => [column.id, column])).values()].map(columnOf);
  const keys = located.map((one, key) => `${fieldSql(one, 'x.')} AS k${key}`);
  const same = located.map((one, key) => `e${at}.k${key} IS NOT DISTINCT FROM ${fieldSql(one, 'd.')}`);
  const nested = located.filter(({ members }) => members.length > 0).map(({ column }) => column);
  for (const file of nested.length > 0 ? files : []) checkKeys(file, nested, plan, about.footers);
  const partition = everywhere ? '' : ', q.p AS p';
  return `ANTI JOIN (
  SELECT ${keys.join(', ')}${partition}, max(q.s) AS s
  FROM read_parquet(${openSql(files, about.paths)}, schema = ${schemaMap(columns)}, ${rowsHint(files)}) x
  JOIN ${orderSql(files, about.partitions)} q ON q.i = x.file_index
  GROUP BY ALL
) e${at} ON ${same.join(' AND ')}${everywhere ? '' : ` AND e${at}.p = d.p`} AND d.s < e${at}.s`;
}

/** The files of deletes with their places among the commits and partitions. */
function orderSql(files: readonly DeleteFile[], partitions: Partitions): string {
  const s = numbers(
    's',
    files.map(file => file.sequence_number),
  );
  return `(${fileTableSql(files.length, [s, numbers('p', files.map(partitions))])})`;
}
