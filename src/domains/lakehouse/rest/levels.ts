import { badRequest } from './problem.ts';

// Namespaces have levels. In an address they are joined by the unit separator, encoded as %1F; in what people read, by a dot.

const SEPARATOR = '\x1f';
const MAX_LEVELS = 8;

/** From a decoded part of an address, or from the query. */
export function parseLevels(text: string): string[] {
  // PyIceberg and some proxies encode the percent sign once more.
  const levels = text.replaceAll(/%1F/gi, SEPARATOR).split(SEPARATOR);
  if (levels.some(level => level === '') || levels.length > MAX_LEVELS)
    throw badRequest(
      `"${showLevels(levels).slice(0, 200)}" names no namespace: a level is empty, or there are more than ${MAX_LEVELS}`,
    );
  return levels;
}

export function encodeLevels(levels: readonly string[]): string {
  return encodeURIComponent(levels.join(SEPARATOR));
}

export function showLevels(levels: readonly string[]): string {
  return levels.join('.');
}
