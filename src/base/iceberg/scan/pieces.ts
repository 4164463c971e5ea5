import { IcebergError } from '../errors.ts';
import { quoteText } from '../filter/index.ts';
import type { DataFile } from '../model.ts';

/** Where on this machine the bytes of a location are. */
export type Paths = ReadonlyMap<string, string>;

/** The list for `read_parquet`. */
export function openSql(files: readonly Pick<DataFile, 'file_path'>[], paths: Paths): string {
  const list = files.map(({ file_path }) => {
    const path = paths.get(file_path);
    if (path !== undefined) return pathSql(path);
    throw new IcebergError('missing_file', `${file_path} is not there.`, { file: file_path });
  });
  return `[${list.join(', ')}]`;
}

/** A path is a pattern to DuckDB; a bracket around each sign of a pattern makes it the sign again. */
export const pathSql = (path: string) => quoteText(path.replace(/[[*?]/g, '[$&]'));

export function listSql(items: readonly string[], type: string): string {
  return `CAST([${items.join(', ')}] AS ${type}[])`;
}

export const numbersSql = (numbers: readonly number[]) => listSql(numbers.map(String), 'BIGINT');
