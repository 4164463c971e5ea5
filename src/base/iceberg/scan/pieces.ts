import { IcebergError } from '../errors.ts';
import { quoteText } from '../filter/index.ts';
import type { DataFile } from '../model.ts';

// Lists of thousands of files, each as one text that DuckDB takes apart itself: an expression of thousands of parts costs it half a
// second before anything runs.

/** Where on this machine the bytes of a location are. */
export type Paths = ReadonlyMap<string, string>;

/** The list for `read_parquet`. */
export function openSql(files: readonly Pick<DataFile, 'file_path'>[], paths: Paths): string {
  return pathsSql(
    files.map(({ file_path }) => {
      const path = paths.get(file_path);
      if (path !== undefined) return path;
      throw new IcebergError('missing_file', `${file_path} is not there.`, { file: file_path });
    }),
  );
}

/** A path is a pattern to DuckDB; a bracket around each sign of a pattern makes it the sign again. */
export function pathsSql(paths: readonly string[]): string {
  const { literal, list } = texts(
    '',
    paths.map(path => path.replace(/[[*?]/g, '[$&]')),
  );
  return list(literal);
}

/** A column of a table of files: all its values as one literal, and how to make a list of it. */
export interface ListColumn {
  name: string;
  literal: string;
  list(literal: string): string;
}

const SEPARATORS = ['\n', '\t', '\u001f'];

export function texts(name: string, values: readonly string[]): ListColumn {
  const separator = SEPARATORS.find(sign => !values.some(value => value.includes(sign)));
  if (separator === undefined) return words(name, values);
  return {
    name,
    literal: quoteText(values.join(separator)),
    list: literal => `string_split(${literal}, ${quoteText(separator)})`,
  };
}

export function numbers(name: string, values: readonly number[]): ListColumn {
  return { name, literal: `'[${values.join(',')}]'`, list: literal => `CAST(${literal} AS BIGINT[])` };
}

const words = (name: string, values: readonly (string | null)[]): ListColumn => ({
  name,
  literal: quoteText(JSON.stringify(values)),
  list: literal => `from_json(${literal}, '["VARCHAR"]')`,
});

/** Values in the words that `CAST` understands; bytes in hexadecimal. */
export function castValues(name: string, values: readonly (string | null)[], type: string): ListColumn {
  const { literal, list } = words(name, values);
  const bytes = (text: string) => `list_transform(${list(text)}, lambda x: from_hex(x))`;
  return { name, literal, list: type === 'BLOB' ? bytes : text => `CAST(${list(text)} AS ${type}[])` };
}

/** What is known of files by their place `i` in a list. From VALUES: a constant would be folded again and again while planning. */
export function fileTableSql(count: number, columns: readonly ListColumn[]): string {
  const lists = columns.map(({ name, list }) => `unnest(${list(`v.${name}`)}) AS ${name}`);
  const select = [`unnest(range(${count}))::UBIGINT AS i`, ...lists].join(', ');
  if (columns.length === 0) return `SELECT ${select}`;
  const literals = columns.map(({ literal }) => literal).join(', ');
  return `SELECT ${select} FROM (VALUES (${literals})) v(${columns.map(({ name }) => name).join(', ')})`;
}

/**
 * With a schema of our own DuckDB does not look at the files before it plans, takes them for nearly empty, and builds its hash table
 * of the table's ten million rows instead of the hundred thousand beside them: six times as slow, in hundreds of megabytes.
 */
export function rowsHint(files: readonly Pick<DataFile, 'record_count'>[]): string {
  return `explicit_cardinality = ${Math.max(
    1,
    files.reduce((sum, file) => sum + file.record_count, 0),
  )}`;
}
