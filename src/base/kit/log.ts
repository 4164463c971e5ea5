import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import type { Clock } from './clock.ts';

// pino makes the lines, and one function takes them: it covers secrets in the finished text, so that no serializer and no
// forgotten field gets around it, then writes to the file and to the console. Rotation is ours because pino-roll rotates
// in a worker thread, behind that net, at ten megabytes of memory.

export type Log = Logger;

export interface LogOptions {
  level: string;
  /** `text`: lines for people on the console. Files are always NDJSON. */
  format: 'text' | 'json';
  clock: Clock;
  redact: (text: string) => string;
  /** Where the console's lines go; without it there is only the file. */
  console?: (text: string) => void;
  /** The console may be quieter than the file. */
  console_level?: string;
  files?: LogFileOptions;
}

export interface LogFileOptions {
  /** `moulin` writes `moulin.log`: one name per process, since two that rotate one file would cut each other off. */
  name?: string;
  folder: string;
  /** Size of one file. */
  file_bytes: number;
  /** Size of all files together; the oldest go. */
  total_bytes: number;
  keep_days: number;
}

export interface OpenedLog {
  log: Log;
  /** Deletes files that are too old or too many. A quiet server rotates seldom, so somebody calls it now and then. */
  prune(): void;
  close(): void;
}

export function openLog(options: LogOptions): OpenedLog {
  const file = options.files && openLogFile(options.files, options.clock);
  const console_level = levelNumber(options.console_level ?? options.level);
  const toConsole = (line: string) => {
    if (options.console === undefined || levelOf(line) < console_level) return;
    options.console(options.format === 'text' ? toText(line) : line);
  };
  const write = (raw: string) => {
    const line = options.redact(raw);
    file?.write(line);
    toConsole(line);
  };
  const log = pino(
    {
      level: options.level,
      base: undefined,
      messageKey: 'message',
      errorKey: 'error',
      timestamp: () => `,"at":"${new Date(options.clock.now()).toISOString()}"`,
      formatters: { level: label => ({ level: label }) },
    },
    { write },
  );
  return { log, prune: () => file?.prune(), close: () => file?.close() };
}

// ── Lines for people ────────────────────────────────────────────────────────────────────────────────

/** `12:03:04 WARN  The disk is nearly full  free_bytes=1234`, and the stack of an error below. */
export function toText(line: string): string {
  const { at, level, message, error, ...rest } = parseLine(line);
  const fields = Object.entries(rest).map(([key, value]) => `${key}=${shortText(value)}`);
  const head = `${String(at).slice(11, 19)} ${String(level).toUpperCase().padEnd(5)} ${String(message ?? '')}`;
  const stack = isRecord(error) ? `\n  ${String(error.stack ?? error.message).replaceAll('\n', '\n  ')}` : '';
  return `${[head, ...fields].join('  ').trimEnd()}${stack}\n`;
}

/** A line that redaction left unreadable as JSON is still a line. */
function parseLine(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (isRecord(value)) return value;
  } catch {
    // Falls through to the raw text.
  }
  return { at: '', level: '', message: line.trimEnd() };
}

function shortText(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /[\s"]/.test(text) ? JSON.stringify(text) : text;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function levelNumber(level: string): number {
  return pino.levels.values[level] ?? 0;
}

/** pino writes the level first, always: no need to parse the line for it. */
function levelOf(line: string): number {
  return levelNumber(/^\{"level":"(\w+)"/.exec(line)?.[1] ?? '');
}

// ── Files ───────────────────────────────────────────────────────────────────────────────────────────

const NAME = 'moulin';
const DAY_MS = 86_400_000;

interface LogFile {
  write(line: string): void;
  prune(): void;
  close(): void;
}

/** Synchronous, so that the last line before a crash is there: at some thousand lines a second it costs a few per cent. */
function openLogFile(options: LogFileOptions, clock: Clock): LogFile {
  mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  const path = join(options.folder, `${nameOf(options)}.log`);
  let descriptor = openAppending(path);
  let size = fstatSync(descriptor).size;
  /** Lines that could not be written, told in the next one that can. */
  let lost = 0;

  const rotate = () => {
    closeSync(descriptor);
    renameSync(path, join(options.folder, rotatedName(options, clock)));
    descriptor = openAppending(path);
    size = 0;
    prune(options, clock);
  };
  const reopen = () => {
    const fresh = openAppending(path);
    closeSync(descriptor);
    descriptor = fresh;
    size = fstatSync(fresh).size;
  };
  const append = (line: string) => {
    // Whatever was wrong with the file may be gone with it: somebody made room by deleting it.
    if (lost > 0) reopen();
    const bytes = Buffer.from(lost > 0 ? lostLine(lost, clock) + line : line);
    if (size > 0 && size + bytes.length > options.file_bytes) rotate();
    writeSync(descriptor, bytes);
    size += bytes.length;
    lost = 0;
  };

  prune(options, clock);
  return {
    write(line) {
      try {
        append(line);
      } catch {
        // A full disk must not stop what works without it; the console still has the line.
        lost += 1;
      }
    },
    prune: () => prune(options, clock),
    close: () => closeSync(descriptor),
  };
}

function openAppending(path: string): number {
  return openSync(path, 'a', 0o600);
}

/** Sorts by time. The random end: two rotations within a millisecond must not overwrite each other. */
function rotatedName(options: LogFileOptions, clock: Clock): string {
  const time = new Date(clock.now()).toISOString().replaceAll(':', '-');
  return `${nameOf(options)}-${time}-${Math.random().toString(36).slice(2, 8)}.log`;
}

function nameOf({ name = NAME }: LogFileOptions): string {
  return name;
}

function lostLine(count: number, clock: Clock): string {
  const at = new Date(clock.now()).toISOString();
  return `${JSON.stringify({ level: 'warn', at, message: 'Lines of the log could not be written', count })}\n`;
}

function prune(options: LogFileOptions, clock: Clock): void {
  const files = readdirSync(options.folder)
    .filter(name => name.startsWith(`${nameOf(options)}-`) && name.endsWith('.log'))
    .sort()
    .reverse()
    .map(name => join(options.folder, name))
    .map(path => ({ path, stat: statSync(path) }));
  const oldest = clock.now() - options.keep_days * DAY_MS;
  // The current file will grow to its limit: its room is kept free.
  let total = options.file_bytes;
  for (const { path, stat } of files) {
    total += stat.size;
    if (stat.mtimeMs < oldest || total > options.total_bytes) rmSync(path, { force: true });
  }
}
