import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { fail } from '../../base/kit/errors.ts';
import { findUnstorable } from '../../base/kit/json.ts';
import type { ProblemField } from '../../contract/errors.ts';
import type { RouteSpec } from '../../contract/route.ts';

export interface Input {
  params: unknown;
  query: unknown;
  body: unknown;
  headers: unknown;
  /** From If-Match; 0 where the route asks for none. */
  version: number;
  idempotency_key: string | undefined;
}

/** Enough to correct a form; a list of a hundred thousand wrong items must not become an answer of that size. */
const MAX_PROBLEMS = 100;

/** Reads and checks everything that a request brings, and refuses with every problem at once. */
export function readInput(route: RouteSpec, request: FastifyRequest): Input {
  const problems: ProblemField[] = [];
  const read = (part: string, schema: z.ZodType | undefined, value: unknown): unknown => {
    const result = schema === undefined ? { value: undefined, problems: [] } : check(part, schema, value);
    problems.push(...result.problems);
    return result.value;
  };
  const input: Input = {
    params: read('params', route.params, request.params),
    query: read('query', route.query, request.query),
    body: read('body', route.body, request.body),
    headers: read('headers', route.headers, request.headers),
    version: 0,
    idempotency_key: undefined,
  };
  const { 'if-match': if_match, 'idempotency-key': key } = request.headers;
  if (route.etag === 'write') {
    const version = parseVersion(if_match);
    if (version === undefined && (if_match !== undefined || problems.length > 0))
      problems.push(headerProblem('if-match', 'must be the ETag of the version you saw, such as "3"'));
    else if (version === undefined) throw fail('version.required');
    else input.version = version;
  }
  if (route.idempotent && key !== undefined) {
    if (typeof key === 'string' && /^[\x21-\x7e]{1,200}$/.test(key)) input.idempotency_key = key;
    else problems.push(headerProblem('idempotency-key', 'must be 1 to 200 visible ASCII characters'));
  }
  if (problems.length > 0) throw invalid(problems);
  return input;
}

function check(
  part: string,
  schema: z.ZodType,
  value: unknown,
): { value: unknown; problems: ProblemField[] } {
  const result = schema.safeParse(value);
  if (!result.success) {
    const problems = result.error.issues.slice(0, MAX_PROBLEMS).map(issue => ({
      path: [part, ...issue.path.map(String)].join('.'),
      code: issue.code,
      message: issue.message,
      params: paramsOf(issue),
    }));
    return { value: undefined, problems };
  }
  const unstorable = findUnstorable(result.data, part);
  if (unstorable === undefined) return { value: result.data, problems: [] };
  const message = 'must not contain NUL or half a character';
  return { value: undefined, problems: [{ path: unstorable, code: 'invalid_text', message }] };
}

const TOLD = ['minimum', 'maximum', 'format', 'origin', 'expected'];

/** The limits that an issue names, never the value received: it may be a secret. */
function paramsOf(issue: z.core.$ZodIssue): ProblemField['params'] {
  const told = Object.entries(issue).filter(
    (entry): entry is [string, string | number] =>
      TOLD.includes(entry[0]) && (typeof entry[1] === 'string' || typeof entry[1] === 'number'),
  );
  return told.length === 0 ? undefined : Object.fromEntries(told);
}

/** `"3"`, `"3-9f2c1a"` as we send it, and `W/"3"` as a compressing proxy makes of it. */
export function parseVersion(if_match: string | undefined): number | undefined {
  const digits = /^(?:W\/)?"(\d{1,9})(?:-[\w-]+)?"$/.exec(if_match ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function headerProblem(name: string, message: string): ProblemField {
  return { path: `headers.${name}`, code: 'invalid_header', message };
}

export function invalid(problems: ProblemField[]): Error {
  const shown = problems.slice(0, MAX_PROBLEMS);
  const summary = shown
    .slice(0, 3)
    .map(({ path, message }) => `${path}: ${message}`)
    .join('; ');
  return fail('request.invalid', { count: shown.length, summary }, { fields: shown });
}
