import { IcebergError } from '../errors.ts';

/** What DuckDB says of things that are nobody's mistake in SQL, in words that name them; what it says otherwise stays. */
export function duckProblem(error: unknown, memory: string): unknown {
  if (!(error instanceof Error)) return error;
  const { message } = error;
  if (message.startsWith('Out of Memory Error'))
    return new IcebergError(
      'no_memory',
      `more memory is needed than the engine has (${memory})`,
      { memory },
      { cause: error },
    );
  const [, value, type, field] = DECIMAL.exec(message) ?? [];
  if (value === undefined || type === undefined || field === undefined) return error;
  return new IcebergError(
    'type',
    `column ${field} has the value ${value}, which is too large for ${type}: a table keeps 38 digits; cast it to VARCHAR or DOUBLE`,
    { field, value },
    { cause: error },
  );
}

/** A HUGEINT has up to 39 digits, and more than one kind of sum gives one. */
const DECIMAL =
  /^Conversion Error: Could not cast value (\S+) to (DECIMAL\(38, ?\d+\)) when casting from source column (.+)$/m;
