// What can be wrong with a table, as codes with the names and values that it is about. Whoever uses this package says it in
// their own words; `message` is for those who use it alone.

export const CODES = [
  /** A file is not what it says, or breaks the specification. */
  'corrupt',
  /** A file that the table names is not there. */
  'missing_file',
  /** Right, but more than we do: format version 3, a transform of tomorrow, ORC. */
  'unsupported',
  /** The caller's own words: a schema, a filter, an option. */
  'invalid',
  /** A type that has no place in the table, or loses something on the way there. */
  'type',
  /** A change of the schema that would lose or reinterpret data. */
  'schema_change',
  'no_such_table',
  'no_such_snapshot',
  'no_such_ref',
  'table_exists',
  /** What a commit was made on has moved, and it cannot be made again on the new base: try the operation again. */
  'conflict',
  /** A requirement of a commit does not hold. */
  'requirement',
  /** A location outside the table or warehouse. */
  'outside',
  /** A file that the manifests of a table name, and that is not among its own. */
  'foreign_file',
  /** The engine has less memory than this needs. */
  'no_memory',
  /** The storage refused. */
  'storage',
] as const;
export type IcebergCode = (typeof CODES)[number];

export class IcebergError extends Error {
  override readonly name = 'IcebergError';
  readonly code: IcebergCode;
  /** What the message is about: `file`, `field`, `type`, `requirement` … */
  readonly about: Readonly<Record<string, string | number>>;

  constructor(
    code: IcebergCode,
    message: string,
    about: Readonly<Record<string, string | number>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.about = about;
  }
}

export function isIcebergError(error: unknown, code?: IcebergCode): error is IcebergError {
  return error instanceof IcebergError && (code === undefined || error.code === code);
}
