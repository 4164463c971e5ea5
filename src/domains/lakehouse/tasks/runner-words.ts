import { isIcebergError } from '../../../base/iceberg/index.ts';
import { fail } from '../../../base/kit/errors.ts';
import { toFailure } from '../problems.ts';

/** What DuckDB says of rows that are wrong, not of a machine that is too small or a file that is away. */
const ABOUT_ROWS =
  /^(Conversion|Invalid Input|Binder|Parser|Catalog|Mismatch Type|Constraint|Out of Range) Error: /;

/** In a runner: what will not get better by being done again says so. */
export async function aboutRows<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isIcebergError(error) && ['invalid', 'type', 'schema_change'].includes(error.code))
      throw fail('lake.input', { name, reason: plain(error.message) }, { cause: error });
    if (error instanceof Error && ABOUT_ROWS.test(error.message))
      throw fail('lake.input', { name, reason: plain(error.message) }, { cause: error });
    throw toFailure(error, name);
  }
}

const MAX_LENGTH = 1000;

/** DuckDB adds hints on lines of their own; of a very long one the beginning is enough. */
function plain(message: string): string {
  return message.trim().slice(0, MAX_LENGTH).replace(/\.$/, '');
}
