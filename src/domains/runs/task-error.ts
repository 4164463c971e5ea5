import { type Failure, fail, isFailure, toProblem } from '../../base/kit/errors.ts';
import { type ErrorCode, type ErrorParams, errors } from '../../contract/errors.ts';
import type { TaskError } from '../../contract/runs.ts';

// What went wrong with a task, as it is kept with the attempt: the same words as the API's own errors.

const MAX_TEXT = 8192;

/** Of whatever was thrown in this process. Without its stack: that goes into the log. */
export function toTaskError(error: unknown): TaskError {
  if (isFailure(error)) return ofFailure(error);
  const message = error instanceof Error ? error.message || error.name : String(error);
  return ofFailure(fail('task.failed', { message: short(message) }));
}

export function taskError(code: ErrorCode, params: ErrorParams = {}): TaskError {
  return ofFailure(fail(code, params));
}

/** What was thrown in a runner, as it came from there: foreign code may have made it. */
export interface ThrownElsewhere {
  message: string;
  code?: string;
  params?: ErrorParams;
  hint?: string;
  retry?: TaskError['retry'];
}

/** A code of the catalogue gives the words; anything else is a task that failed, in the words that it used. */
export function fromThrown({ message, code, params, hint, retry }: ThrownElsewhere): TaskError {
  if (isKnown(code)) {
    const error = taskError(code, params);
    return { ...error, retry: retry ?? error.retry };
  }
  const error = taskError('task.failed', { message: short(message) });
  return { ...error, hint: hint === undefined ? error.hint : short(hint), retry: retry ?? error.retry };
}

function ofFailure(failure: Failure): TaskError {
  const { code, detail: message, hint } = toProblem(failure, '');
  return { code, message, hint, retry: errors[failure.code].retry };
}

function isKnown(code: string | undefined): code is ErrorCode {
  return code !== undefined && Object.hasOwn(errors, code);
}

function short(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)} …` : text;
}
