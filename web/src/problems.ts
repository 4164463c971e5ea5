import type { TFunction } from 'i18next';
import { ApiError } from '../../src/contract/client.ts';
import type { Problem, ProblemField } from '../../src/contract/errors.ts';

export interface ProblemText {
  title: string;
  detail: string;
  hint: string;
  code: string;
  request_id: string;
}

/**
 * A refusal in the person's language. The server's own words are English; where the catalogue of the language has the
 * code, its words are used with the same parameters. A code that is newer than the page falls back to the server's.
 */
export function problemText(problem: Problem, t: TFunction): ProblemText {
  const say = (part: 'title' | 'message' | 'hint', otherwise: string) =>
    t(`errors:${problem.code}.${part}`, { ...problem.params, defaultValue: otherwise });
  return {
    title: say('title', problem.title),
    detail: say('message', problem.detail),
    hint: say('hint', problem.hint),
    code: problem.code,
    request_id: problem.request_id,
  };
}

/** Whatever was thrown, as a problem: what is not the API's is a fault of this page. */
export function toProblem(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem;
  const reason = error instanceof Error ? error.message : String(error);
  if (/dynamically imported module|preload CSS|importing a module/i.test(reason))
    return pageProblem('page.not_loaded', {
      title: 'This page could not be loaded',
      detail: 'A part of it did not arrive: Moulin does not answer, or was upgraded meanwhile.',
      hint: 'Try again.',
      reason,
    });
  return pageProblem('page.broken', {
    title: 'This page broke',
    detail: `This page cannot be shown: ${reason}.`,
    hint: 'Reload the page. If it stays, report it with the details.',
    reason,
  });
}

/** The texts are the English ones; the other languages have theirs beside those of the API's errors. */
function pageProblem(
  code: string,
  text: { title: string; detail: string; hint: string; reason: string },
): Problem {
  const { reason, ...words } = text;
  return {
    type: `urn:moulin:error:${code}`,
    status: 500,
    code,
    ...words,
    params: { reason },
    request_id: '',
    errors: [],
  };
}

/** `body.email` → `email`: the problems of an answer by the field of the form they belong to. */
export function fieldProblems(
  problem: Problem,
  names: readonly string[],
  t: TFunction,
): { fields: Record<string, string>; rest: ProblemField[] } {
  const fields: Record<string, string> = {};
  const rest: ProblemField[] = [];
  for (const entry of problem.errors) {
    const name = entry.path.replace(/^(body|query|params)\.?/, '').split(/[.[]/, 1)[0] ?? '';
    if (!names.includes(name)) rest.push(entry);
    else fields[name] ??= fieldText(entry, t);
  }
  return { fields, rest };
}

/** From the exact to the general: `too_small_string` knows its minimum, `too_small` only that it is too little. */
export function fieldText(entry: ProblemField, t: TFunction): string {
  const kinds = [entry.params?.format, entry.params?.origin].filter(kind => kind !== undefined);
  const keys = [...kinds.map(kind => `${entry.code}_${kind}`), entry.code].map(key => `errors:field.${key}`);
  // `count` makes the word after a number right.
  const limit = entry.params?.minimum ?? entry.params?.maximum;
  const count = typeof limit === 'number' ? limit : undefined;
  return t(keys, { ...entry.params, count, defaultValue: entry.message });
}

/** What somebody pastes into a ticket. */
export function problemReport(problem: Problem, address: string): string {
  return [
    `${problem.title} (${problem.code})`,
    problem.detail,
    ...problem.errors.map(entry => `${entry.path}: ${entry.message}`),
    `request ${problem.request_id || '–'}`,
    address,
  ].join('\n');
}
