import { z } from 'zod';
import { IcebergError } from '../errors.ts';
import type { Row } from '../world.ts';

// What `COPY … RETURN_STATS` says of the files that it wrote: a row for each, all numbers of columns as text.

export interface WrittenFile {
  path: string;
  rows: number;
  bytes: number;
  /** By quoted path: `"st"."a"`, `"lst"."element"`, `"m"."key"`. Only columns that hold values themselves. */
  columns: ReadonlyMap<string, ColumnStatistics>;
}

export interface ColumnStatistics {
  bytes: number;
  /** With NULL and NaN; of a list, its elements. */
  values: number;
  nulls: number;
  has_nan: boolean;
  /** Never NaN; absent also where the text is too long for DuckDB. */
  min?: string;
  max?: string;
}

const whole = z.union([z.bigint(), z.number()]).transform(Number);
const pairs = z.array(z.object({ key: z.string(), value: z.string().nullable() }));
const writtenRow = z.object({
  filename: z.string(),
  count: whole,
  file_size_bytes: whole,
  column_statistics: z.array(z.object({ key: z.string(), value: pairs })).nullable(),
});

export function parseWritten(row: Row): WrittenFile {
  const parsed = writtenRow.safeParse(row);
  if (!parsed.success)
    throw new IcebergError('unsupported', `DuckDB answers COPY in a way that is not known here`, {
      problem: z.prettifyError(parsed.error).slice(0, 300),
    });
  const { filename, count, file_size_bytes, column_statistics } = parsed.data;
  const columns = (column_statistics ?? []).map(({ key, value }) => [key, columnOf(value)] as const);
  return { path: filename, rows: count, bytes: file_size_bytes, columns: new Map(columns) };
}

function columnOf(pairs_of_column: readonly { key: string; value: string | null }[]): ColumnStatistics {
  const said = new Map(pairs_of_column.map(({ key, value }) => [key, value ?? undefined]));
  return {
    bytes: Number(said.get('column_size_bytes') ?? 0),
    values: Number(said.get('num_values') ?? 0),
    nulls: Number(said.get('null_count') ?? 0),
    has_nan: said.get('has_nan') === 'true',
    min: said.get('min'),
    max: said.get('max'),
  };
}
