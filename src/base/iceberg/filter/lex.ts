import { IcebergError } from '../errors.ts';

export type Token =
  | { kind: 'name' | 'word' | 'text' | 'bytes' | 'number' | 'sign'; text: string; at: number }
  | { kind: 'end'; text: ''; at: number };

const RULES: readonly [Exclude<Token['kind'], 'end'>, RegExp][] = [
  ['bytes', /x'((?:[0-9a-f]{2})*)'/iy],
  ['word', /[\p{L}_][\p{L}\p{N}_$]*/uy],
  ['number', /(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?/iy],
  ['text', /'((?:[^']|'')*)'/y],
  ['name', /"((?:[^"]|"")+)"/y],
  ['sign', /<>|<=|>=|!=|==|&&|\|\||[()=<>,.\-+]/y],
];
const SPACE = /\s*/y;

/** A filter longer than this was not written by a person, and would only keep the process busy. */
const MAX_LENGTH = 1_000_000;

export function tokens(text: string): Token[] {
  if (text.length > MAX_LENGTH) throw problem('The filter is too long.', 0);
  const found: Token[] = [];
  let at = skipSpace(text, 0);
  while (at < text.length) {
    const token = tokenAt(text, at);
    found.push(token.token);
    at = skipSpace(text, token.end);
  }
  found.push({ kind: 'end', text: '', at: text.length });
  return found;
}

function tokenAt(text: string, at: number): { token: Token; end: number } {
  for (const [kind, rule] of RULES) {
    rule.lastIndex = at;
    const match = rule.exec(text);
    if (match) return { token: { kind, text: inner(kind, match), at }, end: rule.lastIndex };
  }
  throw unreadable(text, at);
}

function inner(kind: Token['kind'], match: RegExpExecArray): string {
  const [whole, inside = ''] = match;
  if (kind === 'text') return inside.replaceAll("''", "'");
  if (kind === 'name') return inside.replaceAll('""', '"');
  return kind === 'bytes' ? inside : whole;
}

function skipSpace(text: string, at: number): number {
  SPACE.lastIndex = at;
  SPACE.exec(text);
  return SPACE.lastIndex;
}

function unreadable(text: string, at: number): IcebergError {
  const sign = String.fromCodePoint(text.codePointAt(at) ?? 0);
  if (sign === "'")
    return problem('The text is not closed.', at, "End it with ' ; a quote inside is written ''.");
  if (sign === '"') return problem('The name is not closed.', at, 'End it with ".');
  if (sign === '`' || sign === '[')
    return problem(`'${sign}' does not begin a name.`, at, 'Write names in "double quotes".');
  return problem(`'${sign}' has no place in a filter.`, at);
}

/** Positions are counted from 1, as people do. */
export function problem(message: string, at: number, suggestion?: string): IcebergError {
  const words = [message, `(position ${at + 1})`, suggestion].filter(word => word !== undefined).join(' ');
  return new IcebergError('invalid', words, {
    position: at + 1,
    ...(suggestion === undefined ? {} : { suggestion }),
  });
}
