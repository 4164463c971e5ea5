import { type IcebergCode, isIcebergError } from '../../../base/iceberg/index.ts';
import { type Failure, isFailure } from '../../../base/kit/errors.ts';
import { type ErrorCode, errors } from '../../../contract/errors.ts';

// What went wrong, in the words of the specification of REST catalogs: clients decide by `type` and status whether they try
// again, give up, or delete the files they have just written. A wrong word here loses data there.

/** As `error` of an answer. `type` is the name of a Java class, whoever the client is. */
export interface Problem {
  status: number;
  type: string;
  message: string;
}

/** What only this door says; everything else comes as a failure of the catalogue or of the table format. */
export class CatalogError extends Error implements Problem {
  override readonly name = 'CatalogError';
  readonly status: number;
  readonly type: string;

  constructor(status: number, type: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.type = type;
  }
}

export const badRequest = (message: string) => new CatalogError(400, 'BadRequestException', message);
export const forbidden = (message: string) => new CatalogError(403, 'ForbiddenException', message);
export const commitFailed = (message: string) => new CatalogError(409, 'CommitFailedException', message);
export const alreadyExists = (message: string) => new CatalogError(409, 'AlreadyExistsException', message);
export const noSuchNamespace = (name: string) =>
  new CatalogError(404, 'NoSuchNamespaceException', `Namespace does not exist: ${name}`);
export const noSuchTable = (name: string) =>
  new CatalogError(404, 'NoSuchTableException', `Table does not exist: ${name}`);
export const noSuchView = (name: string) =>
  new CatalogError(404, 'NoSuchViewException', `View does not exist: ${name}`);

/** Undefined for what nobody expected: its text is for the log only. */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof CatalogError) return error;
  if (isFailure(error)) return { ...placeOf(error), message: error.message };
  if (isIcebergError(error)) return { ...OF_FORMAT[error.code], message: error.message };
  return undefined;
}

export function problemBody({ status, type, message }: Problem): string {
  return JSON.stringify({ error: { message, type, code: status } });
}

type Place = Pick<Problem, 'status' | 'type'>;

/**
 * A table that is broken, or a storage that refuses, is a state that a client cannot know the end of: 500 and 503, on which
 * nobody deletes what they staged.
 */
const OF_FORMAT: Readonly<Record<IcebergCode, Place>> = {
  invalid: { status: 400, type: 'BadRequestException' },
  type: { status: 400, type: 'BadRequestException' },
  schema_change: { status: 400, type: 'BadRequestException' },
  foreign_file: { status: 403, type: 'ForbiddenException' },
  outside: { status: 400, type: 'BadRequestException' },
  unsupported: { status: 406, type: 'UnsupportedOperationException' },
  no_such_table: { status: 404, type: 'NoSuchTableException' },
  no_such_snapshot: { status: 400, type: 'BadRequestException' },
  no_such_ref: { status: 400, type: 'BadRequestException' },
  table_exists: { status: 409, type: 'AlreadyExistsException' },
  conflict: { status: 409, type: 'CommitFailedException' },
  requirement: { status: 409, type: 'CommitFailedException' },
  no_memory: { status: 500, type: 'InternalServerError' },
  corrupt: { status: 500, type: 'InternalServerError' },
  missing_file: { status: 500, type: 'InternalServerError' },
  storage: { status: 503, type: 'ServiceUnavailableException' },
};

/** Codes whose status alone would say too little, or the wrong thing: a 409 of a commit makes clients delete and try again. */
const OF_CODE: Partial<Record<ErrorCode, Place>> = {
  'lake.namespace_used': { status: 409, type: 'NamespaceNotEmptyException' },
  'lake.namespace_missing': { status: 404, type: 'NoSuchNamespaceException' },
  'lake.no_table': { status: 404, type: 'NoSuchTableException' },
  'lake.busy': { status: 409, type: 'CommitFailedException' },
  'lake.conflict': { status: 409, type: 'CommitFailedException' },
  'lake.read_only': { status: 403, type: 'ForbiddenException' },
  'lake.no_snapshot': { status: 400, type: 'BadRequestException' },
  'lake.unsupported': { status: 406, type: 'UnsupportedOperationException' },
  'lake.moved': { status: 503, type: 'ServiceUnavailableException' },
  'object.not_found': { status: 404, type: 'NoSuchWarehouseException' },
};

const OF_STATUS: Readonly<Record<number, string>> = {
  400: 'BadRequestException',
  401: 'NotAuthorizedException',
  403: 'ForbiddenException',
  404: 'NotFoundException',
  406: 'UnsupportedOperationException',
  409: 'AlreadyExistsException',
  405: 'UnsupportedOperationException',
  413: 'BadRequestException',
  415: 'BadRequestException',
  429: 'SlowDownException',
  503: 'ServiceUnavailableException',
};

function placeOf(failure: Failure): Place {
  const known = OF_CODE[failure.code];
  if (known) return known;
  const { status } = errors[failure.code];
  const type = OF_STATUS[status];
  if (type !== undefined) return { status, type };
  return status < 500 ? OF_FORMAT.invalid : OF_FORMAT.corrupt;
}
