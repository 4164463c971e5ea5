import type { TFunction } from 'i18next';
import { ApiError, isApiError } from '../../api.ts';
import { problemText } from '../../problems.ts';

/** Refusals that belong to one field although the server names none: said there instead of above the form. */
export async function placed<T>(
  work: Promise<T>,
  places: Readonly<Record<string, string>>,
  t: TFunction,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!isApiError(error)) throw error;
    const field = places[error.problem.code];
    if (field === undefined || error.problem.errors.length > 0) throw error;
    const { code } = error.problem;
    const said = { path: `body.${field}`, code, message: problemText(error.problem, t).detail };
    throw new ApiError({ ...error.problem, errors: [said] }, { cause: error });
  }
}
