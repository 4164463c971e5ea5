import { type IcebergError, isIcebergError } from '../../base/iceberg/index.ts';
import { type Failure, fail } from '../../base/kit/errors.ts';

// What the table format says in its own words, in ours. `name` is the table, where one is known.

export function toFailure(error: unknown, name = ''): unknown {
  return isIcebergError(error) ? failureOf(error, name) : error;
}

/** Runs it, and says what goes wrong in our words. */
export async function inOurWords<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toFailure(error, name);
  }
}

function failureOf(error: IcebergError, name: string): Failure {
  const { message, about } = error;
  const options = { cause: error };
  const reason = sentence(message);
  switch (error.code) {
    case 'corrupt':
      return fail('lake.corrupt', { reason: message }, options);
    case 'missing_file':
      return fail('lake.missing_file', { file: String(about.file ?? message) }, options);
    case 'unsupported':
      return fail('lake.unsupported', { reason }, options);
    case 'type':
      return fail('lake.type', { reason }, options);
    case 'invalid':
    case 'schema_change':
      return fail('lake.schema', { reason }, options);
    case 'no_such_table':
      return fail('lake.no_table', { name: name || message }, options);
    case 'no_such_snapshot':
      return fail('lake.no_snapshot', { name, snapshot: String(about.snapshot ?? '') }, options);
    case 'no_such_ref':
      return fail('lake.ref', { ref: String(about.ref ?? ''), reason: message }, options);
    case 'table_exists':
      return fail('lake.table_taken', { name }, options);
    case 'conflict':
    case 'requirement':
      return fail('lake.conflict', { name, reason: message }, options);
    case 'outside':
      return fail('lake.outside', { location: String(about.location ?? about.file ?? message) }, options);
    case 'foreign_file':
      return fail('lake.foreign_file', { name, file: String(about.file ?? message) }, options);
    case 'no_memory':
      return fail('lake.memory', { name, reason: message }, options);
    case 'storage':
      return fail(
        'storage.failed',
        { folder: String(about.place ?? 'of the lake'), reason: message },
        options,
      );
    default:
      return error.code satisfies never;
  }
}

/** The catalogue puts the full stop. */
function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return first.replace(/\.$/, '');
}
