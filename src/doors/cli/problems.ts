import { Failure, toProblem } from '../../base/kit/errors.ts';
import { isApiError } from '../../contract/client.ts';
import type { Problem } from '../../contract/errors.ts';
import { type ExitName, exitNameOf } from './exit-codes.ts';
import { visible } from './present.ts';

/** What a failed command says: never a stack, always the next action. */
export interface Told {
  problem: Problem;
  exit: ExitName;
}

export function tell(error: unknown): Told {
  const problem = problemOf(error);
  return { problem, exit: exitNameOf(problem.code, problem.status) };
}

function problemOf(error: unknown): Problem {
  if (isApiError(error)) return error.problem;
  if (error instanceof Failure) return toProblem(error, '');
  return {
    type: 'about:blank',
    title: 'The command failed',
    status: 500,
    detail: error instanceof Error ? error.message : String(error),
    code: 'cli.failed',
    hint: 'Try again. If it stays, report it with this text; moulin doctor --bundle FILE collects what helps.',
    params: {},
    request_id: '',
    errors: [],
  };
}

/** The text for a person: what happened, each wrong field, what to do, and what to report. */
export function toText(problem: Problem): string {
  const fields = problem.errors.map(field => `  ${field.path}: ${field.message}`);
  const request = problem.request_id === '' ? [] : [`  Request ${problem.request_id}`];
  // With fields the summary in the detail would say everything twice.
  const first = fields.length > 0 ? `${problem.title}:` : problem.detail;
  return [`✖ ${first}`, ...fields, `  ${problem.hint}`, ...request].map(visible).join('\n');
}
