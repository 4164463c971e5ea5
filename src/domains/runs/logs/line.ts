import type { LogLevel, LogLine } from '../../../contract/runs.ts';

export type LogStream = LogLine['stream'];
export const LOG_STREAMS = ['log', 'stdout', 'stderr', 'moulin'] as const satisfies readonly LogStream[];
export type LogFields = NonNullable<LogLine['fields']>;

/** A line as the worker hands it over: not yet masked, bounded or numbered. */
export interface RawLine {
  level: LogLevel;
  text: string;
  stream: LogStream;
  /** Structured fields of the task's own log. */
  fields?: Readonly<Record<string, unknown>> | null;
  /** RFC 3339; the moment of `write` where it is absent or cannot be read. */
  at?: string;
}

/** A line as it is stored. Its number is its place. */
export interface Line {
  /** Microseconds since 1970. */
  at: number;
  level: LogLevel;
  stream: LogStream;
  text: string;
  fields: LogFields | null;
}

export interface NumberedLine extends Line {
  n: number;
}

/**
 * As the columns have them. Written here and not taken from the contract, whose schemas would make the thread that searches
 * take half a second to start; pieces keep the place in this list, so nothing may come between.
 */
const LEVEL_NUMBERS: Readonly<Record<LogLevel, number>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
};

export function levelNumber(level: LogLevel): number {
  return LEVEL_NUMBERS[level];
}

/** One digit, and back. */
export function levelDigit(level: LogLevel): number {
  return LEVEL_NUMBERS[level] / 10 - 1;
}

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const satisfies readonly LogLevel[];

export function levelOfDigit(digit: string | undefined): LogLevel {
  return LEVELS[Number(digit)] ?? 'info';
}

// ── Times: microseconds since 1970, which fit into a number until the year 2255 ─────────────────────

const RFC_3339_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d+))?Z$/;

export function toMicros(text: string): number | undefined {
  const ms = Date.parse(text);
  if (!Number.isFinite(ms)) return undefined;
  const digits = RFC_3339_UTC.exec(text)?.[1] ?? '';
  const micros = Math.trunc(ms) * 1000 + Number(digits.slice(3, 6).padEnd(3, '0'));
  return micros >= 0 && micros <= Number.MAX_SAFE_INTEGER ? micros : undefined;
}

export function fromMicros(micros: number): string {
  const ms = Math.floor(micros / 1000);
  return new Date(ms).toISOString().replace('Z', `${String(micros - ms * 1000).padStart(3, '0')}Z`);
}

// ── As it is shown ──────────────────────────────────────────────────────────────────────────────────

/** Longer texts are shown by their beginning, unless somebody asks for the whole. */
export const SHOWN_LENGTH = 16 * 1024;

export function toLogLine({ n, at, level, stream, text, fields }: NumberedLine, full: boolean): LogLine {
  const cut = !full && text.length > SHOWN_LENGTH;
  return {
    n,
    at: fromMicros(at),
    level,
    text: cut ? cutText(text, SHOWN_LENGTH) : text,
    stream,
    fields,
    cut,
  };
}

/** Never through the middle of a character. */
export function cutText(text: string, length: number): string {
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}
