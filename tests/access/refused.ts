import assert from 'node:assert/strict';
import { ApiError, isApiError } from '../../src/contract/client.ts';
import type { ErrorCode, Problem } from '../../src/contract/errors.ts';

/** The call is refused with this code; answers with what was said. */
export async function refused(call: Promise<unknown>, code: ErrorCode): Promise<Problem> {
  const outcome = await call.then(
    () => 'it was allowed',
    (error: unknown) => error,
  );
  assert(outcome instanceof ApiError, String(outcome));
  assert(isApiError(outcome, code), `${outcome.problem.code}: ${outcome.problem.detail}`);
  return outcome.problem;
}
