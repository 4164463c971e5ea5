import type { z } from 'zod';
import { IcebergError, isIcebergError } from '../errors.ts';

// What is wrong with a piece of JSON, said with the very place: `schemas[0].fields[3].type`.

type Issue = z.core.$ZodIssue;

/** Reads `value` by its schema; fails with `code`, and with the place of the first thing that is wrong. */
export function readAs<T>(
  schema: z.ZodType<T>,
  value: unknown,
  what: string,
  code: 'corrupt' | 'invalid',
): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [first] = result.error.issues;
  if (!first) throw new IcebergError(code, `${what} is not what it should be`);
  const { issue, path } = deepest(first, []);
  throw problem(codeOf(issue) ?? code, what, path, issue.message);
}

export function problem(
  code: 'corrupt' | 'invalid' | 'unsupported' | 'type',
  what: string,
  path: readonly PropertyKey[],
  message: string,
): IcebergError {
  const place = printPlace(path);
  return new IcebergError(code, place === '' ? `${what}: ${message}` : `${what}, ${place}: ${message}`, {
    path: place,
  });
}

/** Adds where it was found to an error of somebody who did not know. */
export function at<T>(what: string, path: readonly PropertyKey[], run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!isIcebergError(error)) throw error;
    const place = printPlace(path);
    throw new IcebergError(error.code, `${what}, ${place}: ${error.message}`, {
      ...error.about,
      path: place,
    });
  }
}

/** Of the alternatives of a type the one that came furthest is what was meant. */
function deepest(issue: Issue, around: readonly PropertyKey[]): { issue: Issue; path: PropertyKey[] } {
  const path = [...around, ...issue.path];
  if (issue.code !== 'invalid_union') return { issue, path };
  const [furthest] = issue.errors
    .flatMap(issues => issues.slice(0, 1))
    .map(each => deepest(each, path))
    .sort((a, b) => rank(b) - rank(a));
  return furthest && rank(furthest) > path.length ? furthest : { issue, path };
}

/** A custom problem speaks of the value itself; elsewhere depth tells. */
function rank({ issue, path }: { issue: Issue; path: PropertyKey[] }): number {
  return path.length + (issue.code === 'custom' ? 1 : 0);
}

function codeOf(issue: Issue): 'unsupported' | undefined {
  return issue.code === 'custom' && issue.params?.code === 'unsupported' ? 'unsupported' : undefined;
}

const PLAIN_KEY = /^[A-Za-z_][\w-]*$/;

/** Hostile JSON can be hundreds of levels deep; its two ends tell enough. */
const MAX_PLACE = 400;

export function printPlace(path: readonly PropertyKey[]): string {
  const whole = path
    .map(key => {
      if (typeof key === 'number') return `[${key}]`;
      const text = String(key);
      return PLAIN_KEY.test(text) ? `.${text}` : `[${JSON.stringify(text.slice(0, 80))}]`;
    })
    .join('')
    .replace(/^\./, '');
  if (whole.length <= MAX_PLACE) return whole;
  return `${whole.slice(0, MAX_PLACE / 2)}…${whole.slice(-MAX_PLACE / 2)}`;
}
