import {
  type ErrorCode,
  type ErrorParams,
  errors,
  type Problem,
  type ProblemField,
} from '../../contract/errors.ts';

/** An expected error: its text comes from the catalogue, its parameters travel with it so that a page can say it in French. */
export class Failure extends Error {
  readonly code: ErrorCode;
  readonly params: ErrorParams;
  readonly fields: readonly ProblemField[];

  constructor(
    code: ErrorCode,
    params: ErrorParams = {},
    options: { fields?: ProblemField[]; cause?: unknown } = {},
  ) {
    super(fill(errors[code].message, params), { cause: options.cause });
    this.name = 'Failure';
    this.code = code;
    this.params = params;
    this.fields = options.fields ?? [];
  }
}

/** The only way to make an expected error: `throw fail('workspace.not_found', { workspace })`. */
export function fail(
  code: ErrorCode,
  params?: ErrorParams,
  options?: { fields?: ProblemField[]; cause?: unknown },
): Failure {
  return new Failure(code, params, options);
}

export function isFailure(error: unknown, code?: ErrorCode): error is Failure {
  return error instanceof Failure && (code === undefined || error.code === code);
}

export function toProblem(failure: Failure, request_id: string): Problem {
  const entry = errors[failure.code];
  return {
    type: `urn:moulin:error:${failure.code}`,
    title: entry.title,
    status: entry.status,
    detail: failure.message,
    code: failure.code,
    hint: fill(entry.hint, failure.params),
    params: failure.params,
    request_id,
    errors: [...failure.fields],
  };
}

function fill(template: string, params: ErrorParams): string {
  return template.replace(/\{(\w+)\}/g, (hole, name: string) => {
    const value = params[name];
    return value === undefined ? hole : String(value);
  });
}
