import { IcebergError } from './errors.ts';

// JSON as Iceberg has it: snapshot ids have 63 bits, and `JSON.parse` rounds what is beyond 2^53. Such integers are bigints here;
// all others are numbers.

/** Deeper than this is no metadata: what walks it would overflow its stack. A struct in a struct takes four levels. */
export const MAX_DEPTH = 512;

/** Longer than this is not read: parsed it takes several times as much memory. */
export const MAX_JSON_BYTES = 128 * 1024 * 1024;

export function parseJson(text: string): unknown {
  if (text.length > MAX_JSON_BYTES)
    throw new IcebergError('corrupt', `JSON of more than ${MAX_JSON_BYTES} bytes is not read`, {
      bytes: text.length,
    });
  if (isDeeperThan(text, MAX_DEPTH))
    throw new IcebergError('corrupt', `JSON is nested more than ${MAX_DEPTH} levels deep`, {
      depth: MAX_DEPTH,
    });
  try {
    // A reviver makes parsing several times slower, and most files need none.
    return hasLargeInteger(text) ? JSON.parse(text, keepInteger) : JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new IcebergError('corrupt', `this is not JSON: ${reason}`, {}, { cause });
  }
}

export function printJson(value: unknown): string {
  return JSON.stringify(value, rawInteger);
}

/** Digits inside strings count too: they only cost the slower way. */
function hasLargeInteger(text: string): boolean {
  for (const [digits] of text.matchAll(SIXTEEN_DIGITS))
    if (!Number.isSafeInteger(Number(digits))) return true;
  return false;
}

const SIXTEEN_DIGITS = /\d{16,}/g;
const INTEGER = /^-?\d+$/;

/** `more` begins with the context of the reviver, which has the text of a number as it was written. */
function keepInteger(_key: string, value: unknown, ...more: unknown[]): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = sourceOf(more[0]);
  return source !== undefined && INTEGER.test(source) ? BigInt(source) : value;
}

function sourceOf(context: unknown): string | undefined {
  if (typeof context !== 'object' || context === null || !('source' in context)) return undefined;
  return typeof context.source === 'string' ? context.source : undefined;
}

function rawInteger(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? JSON.rawJSON(String(value)) : value;
}

declare global {
  interface JSON {
    /** ECMAScript 2026, in Node since 22: text that `stringify` writes as it is. */
    rawJSON(text: string): unknown;
  }
}

/** Counted on the text, before anything is parsed. */
function isDeeperThan(json: string, limit: number): boolean {
  let depth = 0;
  for (let at = 0; at < json.length; at += 1) {
    const character = json.charCodeAt(at);
    if (character === QUOTE) at = endOfString(json, at);
    else if (character === OPEN_BRACE || character === OPEN_BRACKET) {
      depth += 1;
      if (depth > limit) return true;
    } else if (character === CLOSE_BRACE || character === CLOSE_BRACKET) depth -= 1;
  }
  return false;
}

/** `indexOf` finds the next quote many times faster than a look at each character; one after backslashes may be part of the string. */
function endOfString(json: string, start: number): number {
  let at = json.indexOf('"', start + 1);
  while (at !== -1 && isEscaped(json, at)) at = json.indexOf('"', at + 1);
  return at === -1 ? json.length : at;
}

function isEscaped(json: string, at: number): boolean {
  let backslashes = 0;
  while (json.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
  return backslashes % 2 === 1;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
