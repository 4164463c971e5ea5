// DuckDB reads every number of JSON that has a fraction as a DOUBLE, also where a DECIMAL is asked for, and also as text: from the
// sixteenth digit on it is another number. A string it takes as it is. So numbers that would lose digits are put into quotes, in
// the text itself, before DuckDB sees it.

export interface Digits {
  /** The text, with long numbers as strings where `quoted`. */
  read(text: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  /** Numbers so far that a DOUBLE cannot hold. */
  readonly long: number;
}

const [QUOTE, BACKSLASH, DOT, MINUS, PLUS] = [0x22, 0x5c, 0x2e, 0x2d, 0x2b];
/** So many digits every DOUBLE keeps. */
const SAFE_DIGITS = 15;
/** With so many, a number that was a DOUBLE comes back as the same: more were never in one. */
const DOUBLE_DIGITS = 17;
/** A BIGINT has no more. */
const BIGINT_DIGITS = 19;
/** What is longer is no number that any type could hold. */
const LONGEST = 2000;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** `endless`: in a number that is longer than any. */
type Where = 'outside' | 'string' | 'escape' | 'number' | 'endless';

export function openDigits({ quoted }: { quoted: boolean }): Digits {
  let long = 0;

  /** Undefined: it stays as it is. */
  const asText = (token: Buffer): Buffer | undefined => {
    if (token.length <= SAFE_DIGITS || token.length > LONGEST) return undefined;
    const text = token.toString('latin1');
    if (!NUMBER.test(text)) return undefined;
    const digits = digitsIn(text);
    if (!/[.eE]/.test(text)) {
      // A whole number is kept where a column has room for it; of one that nobody asked for in that form, DuckDB makes a DOUBLE.
      if (digits > BIGINT_DIGITS) long += 1;
      return undefined;
    }
    if (digits > DOUBLE_DIGITS) long += 1;
    return quoted && digits > SAFE_DIGITS ? Buffer.from(`"${text}"`) : undefined;
  };

  async function* read(text: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let where: Where = 'outside';
    let begun: Buffer = Buffer.alloc(0);
    for await (const chunk of text) {
      const bytes: Buffer = begun.length === 0 ? Buffer.from(chunk) : Buffer.concat([begun, chunk]);
      let [from, start] = [0, 0];
      for (let at = begun.length; at < bytes.length; at += 1) {
        const byte = bytes[at] ?? 0;
        if (where === 'number' && !isOfNumber(byte)) {
          const changed = asText(bytes.subarray(start, at));
          if (changed) {
            if (start > from) yield bytes.subarray(from, start);
            yield changed;
            from = at;
          }
          where = 'outside';
        } else if (where === 'endless' && !isOfNumber(byte)) where = 'outside';
        const was: Where = where;
        where = next(was, byte);
        if (where === 'number' && was === 'outside') start = at;
      }
      // A number may go on in what comes next.
      const held = where === 'number' && bytes.length - start <= LONGEST ? start : bytes.length;
      if (where === 'number' && held === bytes.length) where = 'endless';
      begun = bytes.subarray(held);
      if (held > from) yield bytes.subarray(from, held);
    }
    if (begun.length > 0) yield asText(begun) ?? begun;
  }

  return {
    read,
    get long() {
      return long;
    },
  };
}

function next(where: Where, byte: number): Where {
  if (where === 'escape') return 'string';
  if (where === 'string') {
    if (byte === BACKSLASH) return 'escape';
    return byte === QUOTE ? 'outside' : 'string';
  }
  if (where === 'number' || where === 'endless') return where;
  if (byte === QUOTE) return 'string';
  return byte === MINUS || isDigit(byte) ? 'number' : 'outside';
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function isOfNumber(byte: number): boolean {
  return isDigit(byte) || byte === DOT || byte === MINUS || byte === PLUS || byte === 0x65 || byte === 0x45;
}

/** That say something: neither zeros before the first one, nor an exponent. */
function digitsIn(number: string): number {
  const [mantissa = ''] = number.split(/[eE]/);
  return mantissa.replace(/[-.]/g, '').replace(/^0+/, '').length;
}
