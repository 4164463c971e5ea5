import type { PrimitiveType, Value } from '../model.ts';
import { parseDuck } from './duck.ts';
import { encodeValue } from './single.ts';

// Bounds for manifests, as the specification wants them: text cut after 16 code points and bytes after 16, and what was cut from an
// upper bound made up for by counting its end up by one, or the bound left out.

const KEPT = 16;

/** In binary form, from the text of a statistic; `undefined`: none can be given. */
export function lowerBound(type: PrimitiveType, text: string): Buffer | undefined {
  const value = parseDuck(type, text);
  if (value === undefined || Number.isNaN(value)) return undefined;
  if (typeof value === 'string') return Buffer.from(cutText(value), 'utf8');
  if (value instanceof Uint8Array) return Buffer.from(value.subarray(0, KEPT));
  // The zeros are equal in SQL, but to some readers -0.0 is the smaller one: a bound must hold for them too.
  return encodeValue(type, isZero(value) ? -0 : value);
}

export function upperBound(type: PrimitiveType, text: string): Buffer | undefined {
  const value = parseDuck(type, text);
  if (value === undefined || Number.isNaN(value)) return undefined;
  if (typeof value === 'string') return textAbove(value);
  if (value instanceof Uint8Array) return bytesAbove(value);
  return encodeValue(type, isZero(value) ? 0 : value);
}

function isZero(value: Value): boolean {
  return value === 0;
}

function cutText(text: string): string {
  // Most texts are short: no array of code points for them.
  return text.length <= KEPT ? text : [...text.slice(0, 2 * KEPT)].slice(0, KEPT).join('');
}

function textAbove(text: string): Buffer | undefined {
  const kept = cutText(text);
  if (kept.length === text.length) return Buffer.from(text, 'utf8');
  const points = [...kept];
  for (let last = points.length - 1; last >= 0; last -= 1) {
    const next = nextPoint(points[last]?.codePointAt(0) ?? LAST_POINT);
    if (next !== undefined)
      return Buffer.from(points.slice(0, last).join('') + String.fromCodePoint(next), 'utf8');
  }
  return undefined;
}

const LAST_POINT = 0x10ffff;

/** Surrogates are no characters of their own, and cannot be written in UTF-8. */
function nextPoint(point: number): number | undefined {
  if (point >= LAST_POINT) return undefined;
  return point === 0xd7ff ? 0xe000 : point + 1;
}

function bytesAbove(bytes: Uint8Array): Buffer | undefined {
  if (bytes.length <= KEPT) return Buffer.from(bytes);
  const kept = Buffer.from(bytes.subarray(0, KEPT));
  const last = kept.findLastIndex(byte => byte < 0xff);
  if (last < 0) return undefined;
  kept.writeUInt8(kept.readUInt8(last) + 1, last);
  return kept.subarray(0, last + 1);
}
