import { stripVTControlCharacters } from 'node:util';
import type { LogLevel } from '../../../contract/runs.ts';
import { levelNumber, type NumberedLine } from './line.ts';
import { decodePiece } from './piece.ts';

/** Which lines of one piece somebody wants: plain data, for here and for the thread that searches. */
export interface Selection {
  data: Uint8Array;
  first_line: number;
  /** Lines from here on, and before this one. */
  from: number;
  before: number;
  level: LogLevel;
  limit: number;
  /** The last ones of those that match instead of the first ones. */
  back: boolean;
}

/** In the order of their numbers. */
export function selectLines(wanted: Selection, search?: RegExp): NumberedLine[] {
  const least = levelNumber(wanted.level);
  const lines = decodePiece(wanted.data, wanted.first_line);
  const found: NumberedLine[] = [];
  for (const line of wanted.back ? lines.reverse() : lines) {
    if (line.n < wanted.from || line.n >= wanted.before || levelNumber(line.level) < least) continue;
    if (search !== undefined && !search.test(withoutColours(line.text))) continue;
    found.push(line);
    if (found.length === wanted.limit) break;
  }
  return wanted.back ? found.reverse() : found;
}

/** What people read, and therefore search: without what tells a terminal its colours. */
export function withoutColours(text: string): string {
  return text.includes('\u001b') || text.includes('\u009b') ? stripVTControlCharacters(text) : text;
}
