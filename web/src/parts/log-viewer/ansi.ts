/**
 * What a terminal would have shown, as pieces of text with the names of their looks: never markup, so nothing that a task
 * prints can become part of the page. Colours are those of the theme (readable on its ground); of the 256 and the 16 million
 * others the nearest of the eight is taken, and backgrounds are left out, because nobody computed their contrast.
 */
export interface Piece {
  text: string;
  color?: AnsiColor;
  bold?: true;
  dim?: true;
  italic?: true;
  underline?: true;
}

export const ANSI_COLORS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const;
export type AnsiColor = (typeof ANSI_COLORS)[number];
type Look = Omit<Piece, 'text'>;

const ESC = '\u001b';
/** Everything that tells a terminal something: looks (ending in m), moves of the cursor, titles, links; lone escapes too. */
const SEQUENCE = new RegExp(
  [
    `(?:${ESC}\\[|\u009b)([\\d;:<=>?]*)[ -/]*([@-~])`,
    `${ESC}\\][^\u0007${ESC}]*(?:\u0007|${ESC}\\\\)?`,
    `${ESC}[ -/]*[0-~]?`,
  ].join('|'),
  'g',
);

export function parseAnsi(line: string): Piece[] {
  const text = afterReturn(line);
  const pieces: Piece[] = [];
  let look: Look = {};
  let end = 0;
  for (const match of text.matchAll(SEQUENCE)) {
    push(pieces, text.slice(end, match.index), look);
    end = match.index + match[0].length;
    if (match[2] === 'm') look = nextLook(look, match[1] ?? '');
  }
  push(pieces, text.slice(end), look);
  return pieces;
}

export function withoutAnsi(line: string): string {
  return afterReturn(line).replace(SEQUENCE, '');
}

/** A progress bar draws itself over and over in one line; the last drawing is what stays. */
function afterReturn(line: string): string {
  const drawn = line.replace(/\r+$/, '');
  return drawn.slice(drawn.lastIndexOf('\r') + 1);
}

function push(pieces: Piece[], text: string, look: Look): void {
  if (text !== '') pieces.push({ text, ...look });
}

function nextLook(look: Look, parameters: string): Look {
  const codes = parameters.split(/[;:]/).map(Number);
  let next = look;
  for (let place = 0; place < codes.length; place++) {
    const code = codes[place] ?? 0;
    if (code === 38 || code === 48) {
      const [color, length] = wideColor(codes.slice(place + 1));
      if (code === 38) next = { ...next, color };
      place += length;
    } else next = withCode(next, code);
  }
  return next;
}

function withCode(look: Look, code: number): Look {
  if (code === 0) return {};
  if (code === 1) return { ...look, bold: true };
  if (code === 2) return { ...look, dim: true };
  if (code === 3) return { ...look, italic: true };
  if (code === 4) return { ...look, underline: true };
  if (code === 22) return without(look, 'bold', 'dim');
  if (code === 23) return without(look, 'italic');
  if (code === 24) return without(look, 'underline');
  if (code === 39) return without(look, 'color');
  const basic = code >= 90 && code <= 97 ? code - 90 : code - 30;
  const color = ANSI_COLORS[basic];
  return color === undefined ? look : { ...look, color };
}

function without(look: Look, ...names: (keyof Look)[]): Look {
  return Object.fromEntries(Object.entries(look).filter(([name]) => !names.some(other => other === name)));
}

/** `5;n` of 256 or `2;r;g;b`, and how many numbers that took. */
function wideColor(rest: readonly number[]): [AnsiColor | undefined, number] {
  const [mode, ...values] = rest;
  if (mode === 5) return [colorOf256(values[0] ?? 0), 2];
  if (mode === 2) return [nearest(values[0] ?? 0, values[1] ?? 0, values[2] ?? 0), 4];
  return [undefined, 0];
}

function colorOf256(n: number): AnsiColor | undefined {
  if (n < 16) return ANSI_COLORS[n % 8];
  if (n >= 232) return nearest((n - 232) * 10 + 8, (n - 232) * 10 + 8, (n - 232) * 10 + 8);
  const level = (step: number) => (step === 0 ? 0 : step * 40 + 55);
  const cube = n - 16;
  return nearest(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6));
}

/** By which of red, green and blue are strong; greys become dark or light. */
function nearest(red: number, green: number, blue: number): AnsiColor | undefined {
  const most = Math.max(red, green, blue);
  if (most - Math.min(red, green, blue) < 40) return most < 128 ? 'black' : 'white';
  const bit = (value: number, weight: number) => (value > most * 0.6 ? weight : 0);
  return ANSI_COLORS[bit(red, 1) + bit(green, 2) + bit(blue, 4)];
}
