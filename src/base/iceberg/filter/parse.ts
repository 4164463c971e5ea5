import type { Comparison, FieldName, Filter, Scalar } from './filter.ts';
import { problem, type Token, tokens } from './lex.ts';
import { nearestName } from './nearest.ts';

/**
 * Filters as people write them: `amount > 3 AND (city IN ('a', 'b') OR NOT "Event day" IS NULL)`. A small part of SQL with SQL's
 * meaning; what is not in it is refused with its position, and with what to write instead where that can be said.
 */
export function parseFilter(text: string): Filter {
  const reader = new Reader(tokens(text));
  if (reader.peek().kind === 'end') return { op: 'true' };
  const filter = disjunction(reader, 0);
  const rest = reader.peek();
  if (rest.kind !== 'end') throw unexpected(rest, 'AND, OR or the end');
  return filter;
}

class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(found: readonly Token[]) {
    this.#tokens = found;
  }

  peek(ahead = 0): Token {
    return this.#tokens[this.#at + ahead] ?? { kind: 'end', text: '', at: 0 };
  }

  next(): Token {
    const token = this.peek();
    this.#at += 1;
    return token;
  }

  isWord(word: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === 'word' && token.text.toUpperCase() === word;
  }

  isSign(sign: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === 'sign' && token.text === sign;
  }

  takeWord(word: string): boolean {
    const is = this.isWord(word);
    if (is) this.#at += 1;
    return is;
  }

  takeSign(sign: string): boolean {
    const is = this.isSign(sign);
    if (is) this.#at += 1;
    return is;
  }

  expectWord(word: string): void {
    if (!this.takeWord(word)) throw unexpected(this.peek(), word);
  }

  expectSign(sign: string): void {
    if (!this.takeSign(sign)) throw unexpected(this.peek(), `'${sign}'`);
  }
}

/** Deeper than this nobody writes, and the stack must not decide. */
const MAX_DEPTH = 200;

function disjunction(reader: Reader, depth: number): Filter {
  if (depth > MAX_DEPTH) throw problem('The filter is nested too deeply.', reader.peek().at);
  const of = [conjunction(reader, depth)];
  while (reader.takeWord('OR')) of.push(conjunction(reader, depth));
  refuseSign(reader, '||', 'OR');
  return one(of, 'or');
}

function conjunction(reader: Reader, depth: number): Filter {
  const of = [negation(reader, depth)];
  while (reader.takeWord('AND')) of.push(negation(reader, depth));
  refuseSign(reader, '&&', 'AND');
  return one(of, 'and');
}

function one(of: readonly Filter[], op: 'and' | 'or'): Filter {
  const [first] = of;
  return of.length === 1 && first !== undefined ? first : { op, of };
}

function refuseSign(reader: Reader, sign: string, word: string): void {
  if (reader.isSign(sign))
    throw problem(`'${sign}' has no place in a filter.`, reader.peek().at, `Write ${word}.`);
}

function negation(reader: Reader, depth: number): Filter {
  if (depth > MAX_DEPTH) throw problem('The filter is nested too deeply.', reader.peek().at);
  if (reader.takeWord('NOT')) return { op: 'not', of: negation(reader, depth + 1) };
  if (reader.takeSign('(')) {
    const inside = disjunction(reader, depth + 1);
    reader.expectSign(')');
    return inside;
  }
  return test(reader);
}

// ── Tests ───────────────────────────────────────────────────────────────────────────────────────────

function test(reader: Reader): Filter {
  const lone = loneTruth(reader);
  if (lone !== undefined) return lone;
  if (beginsValue(reader)) return flipped(reader);
  const field = column(reader);
  const not = reader.takeWord('NOT');
  const found = wordTest(reader, field);
  if (found !== undefined) return not ? { op: 'not', of: found } : found;
  if (not) throw unexpected(reader.peek(), 'IN, BETWEEN or LIKE');
  return compared(reader, field);
}

function loneTruth(reader: Reader): Filter | undefined {
  const word = reader.isWord('TRUE') ? 'true' : reader.isWord('FALSE') ? 'false' : undefined;
  const after = reader.peek(1);
  if (word === undefined || (after.kind === 'sign' && after.text !== ')')) return undefined;
  reader.next();
  return { op: word };
}

function wordTest(reader: Reader, field: FieldName): Filter | undefined {
  if (reader.takeWord('IN')) return { op: 'in', field, values: list(reader) };
  if (reader.takeWord('BETWEEN')) return between(reader, field);
  if (reader.takeWord('LIKE')) return like(reader, field);
  if (reader.takeWord('IS')) return is(reader, field);
  return undefined;
}

function is(reader: Reader, field: FieldName): Filter {
  const not = reader.takeWord('NOT');
  if (reader.takeWord('NULL')) return { op: not ? 'not_null' : 'is_null', field };
  if (reader.takeWord('NAN')) return { op: not ? 'not_nan' : 'is_nan', field };
  throw unexpected(reader.peek(), not ? 'NULL or NAN' : 'NULL, NAN or NOT');
}

function between(reader: Reader, field: FieldName): Filter {
  const low = value(reader);
  reader.expectWord('AND');
  const high = value(reader);
  return {
    op: 'and',
    of: [
      { op: 'ge', field, value: low },
      { op: 'le', field, value: high },
    ],
  };
}

function like(reader: Reader, field: FieldName): Filter {
  const token = reader.next();
  if (token.kind !== 'text') throw unexpected(token, "a pattern like 'abc%'");
  const prefix = /^([^%_]*)%$/.exec(token.text)?.[1];
  if (prefix !== undefined) return { op: 'starts_with', field, value: prefix };
  if (!/[%_]/.test(token.text)) return { op: 'eq', field, value: token.text };
  throw problem(
    `LIKE '${token.text}' is more than a beginning.`,
    token.at,
    "Only patterns like 'abc%' can be used here.",
  );
}

function list(reader: Reader): Scalar[] {
  reader.expectSign('(');
  const values = [value(reader)];
  while (reader.takeSign(',')) values.push(value(reader));
  reader.expectSign(')');
  return values;
}

const COMPARISONS: Readonly<Record<string, { op: Comparison; flipped: Comparison }>> = {
  '=': { op: 'eq', flipped: 'eq' },
  '==': { op: 'eq', flipped: 'eq' },
  '<>': { op: 'ne', flipped: 'ne' },
  '!=': { op: 'ne', flipped: 'ne' },
  '<': { op: 'lt', flipped: 'gt' },
  '<=': { op: 'le', flipped: 'ge' },
  '>': { op: 'gt', flipped: 'lt' },
  '>=': { op: 'ge', flipped: 'le' },
};

function comparison(reader: Reader) {
  const token = reader.next();
  const found = token.kind === 'sign' ? COMPARISONS[token.text] : undefined;
  if (found !== undefined) return found;
  throw unexpected(token, 'a comparison (=, <>, <, <=, >, >=), IN, BETWEEN, LIKE or IS');
}

function compared(reader: Reader, field: FieldName): Filter {
  return { op: comparison(reader).op, field, value: value(reader) };
}

/** `3 < amount` */
function flipped(reader: Reader): Filter {
  const left = value(reader);
  const { flipped: op } = comparison(reader);
  return { op, field: column(reader), value: left };
}

// ── Columns and values ──────────────────────────────────────────────────────────────────────────────

const RESERVED = new Set(['AND', 'OR', 'NOT', 'IN', 'IS', 'BETWEEN', 'LIKE', 'NULL']);
const TYPED = new Set(['DATE', 'TIME', 'TIMESTAMP', 'TIMESTAMPTZ', 'UUID', 'DECIMAL']);

/** A dotted name stays one text, so that a column whose own name has a dot is found; with a quoted part it is a list of names. */
function column(reader: Reader): FieldName {
  const parts = [namePart(reader)];
  while (reader.takeSign('.')) parts.push(namePart(reader));
  if (reader.isSign('(')) throw problem('Functions cannot be used in a filter.', reader.peek().at);
  return parts.some(part => part.quoted)
    ? parts.map(part => part.name)
    : parts.map(part => part.name).join('.');
}

function namePart(reader: Reader): { name: string; quoted: boolean } {
  const token = reader.next();
  if (token.kind === 'name') return { name: token.text, quoted: true };
  if (token.kind === 'word' && !RESERVED.has(token.text.toUpperCase()))
    return { name: token.text, quoted: false };
  throw unexpected(token, 'the name of a column');
}

function beginsValue(reader: Reader): boolean {
  const token = reader.peek();
  if (token.kind === 'text' || token.kind === 'number' || token.kind === 'bytes') return true;
  if (token.kind === 'sign') return token.text === '-' || token.text === '+';
  return isTyped(reader) || reader.isWord('TRUE') || reader.isWord('FALSE');
}

const isTyped = (reader: Reader) =>
  reader.peek().kind === 'word' &&
  TYPED.has(reader.peek().text.toUpperCase()) &&
  reader.peek(1).kind === 'text';

function value(reader: Reader): Scalar {
  // DATE '2026-01-31': the column's type decides what the text means.
  if (isTyped(reader)) reader.next();
  const token = reader.next();
  switch (token.kind) {
    case 'text':
      return token.text;
    case 'bytes':
      return Buffer.from(token.text, 'hex');
    case 'number':
      return number(token.text);
    case 'sign':
      if ((token.text === '-' || token.text === '+') && reader.peek().kind === 'number')
        return number((token.text === '-' ? '-' : '') + reader.next().text);
      throw unexpected(token, 'a value');
    case 'word':
      return wordValue(token);
    case 'name':
      throw problem(
        `"${token.text}" is a name, not a text.`,
        token.at,
        `Write '${token.text}' in single quotes.`,
      );
    case 'end':
      throw unexpected(token, 'a value');
  }
}

function wordValue(token: Token): Scalar {
  const word = token.text.toUpperCase();
  if (word === 'TRUE' || word === 'FALSE') return word === 'TRUE';
  if (word === 'NULL') throw problem('Nothing equals NULL.', token.at, 'Write IS NULL or IS NOT NULL.');
  throw problem(
    `${token.text} is not a value.`,
    token.at,
    `If it is a text, write '${token.text}' in single quotes.`,
  );
}

/** As text where a JavaScript number would lose digits: the column's type reads it exactly. */
function number(text: string): Scalar {
  if (/^-?\d+$/.test(text)) {
    const whole = BigInt(text);
    return Number.isSafeInteger(Number(whole)) ? Number(whole) : whole;
  }
  return text.replace(/[^\d]/g, '').length > 15 ? text : Number(text);
}

const KEYWORDS = [...RESERVED].filter(word => word !== 'NULL');

function unexpected(token: Token, wanted: string) {
  if (token.kind === 'end') return problem(`The filter ends where ${wanted} should be.`, token.at);
  const near = token.kind === 'word' ? nearestName(token.text, KEYWORDS) : undefined;
  const suggestion =
    near !== undefined && near !== token.text.toUpperCase() ? `Did you mean ${near}?` : undefined;
  return problem(`'${token.text.slice(0, 80)}' is not ${wanted}.`, token.at, suggestion);
}
