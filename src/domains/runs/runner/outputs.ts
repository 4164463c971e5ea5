import type { Readable } from 'node:stream';
import { LOG_LEVELS, type LogLevel } from '../../../contract/runs.ts';
import { lineSplitter, type SplitLine, tailKeeper } from './lines.ts';
import { MAX_LINE_BYTES, markOf } from './pipes.ts';
import type { RawLine } from './protocol.ts';

// What a process writes, as lines of the task that it works on.

export interface Outputs {
  /** Lines of a task, until its mark came over every output (or the output has ended). Whatever comes between tasks is nobody's. */
  begin(mark: string, hear: (lines: RawLine[]) => Promise<void> | void): Promise<void>;
  /** All is read, or nobody can wait for it any longer. */
  ended(patience_ms: number): Promise<void>;
  stderrTail(): string;
}

const TAIL_BYTES = 8 * 1024;
/** JSON makes a text longer, at worst sixfold; longer than this it is no line of the log. */
const LOG_LINE_BYTES = 8 * MAX_LINE_BYTES;

export interface OutputStreams {
  stdout: Readable;
  stderr: Readable;
  log: Readable;
}

export function openOutputs({ stdout, stderr, log }: OutputStreams, now: () => number): Outputs {
  const tail = tailKeeper(TAIL_BYTES);
  stderr.on('data', (chunk: Buffer) => tail.feed(chunk));
  const plain = (stream: 'stdout' | 'stderr', level: LogLevel) => (line: SplitLine) =>
    withNotice(line, { at: now(), level, stream, text: line.text });
  const outputs = [
    openOutput(stdout, MAX_LINE_BYTES, plain('stdout', 'info')),
    openOutput(stderr, MAX_LINE_BYTES, plain('stderr', 'warn')),
    openOutput(log, LOG_LINE_BYTES, line => readLogLine(line, now)),
  ];
  return {
    async begin(mark, hear) {
      tail.clear();
      await Promise.all(outputs.map(output => output.begin(markOf(mark), hear)));
    },
    async ended(patience_ms) {
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, patience_ms);
      await Promise.race([late.promise, Promise.all(outputs.map(output => output.ended))]);
      clearTimeout(timer);
      for (const stream of [stdout, stderr, log]) stream.destroy();
      // Destroyed ones close without having come to their end: whoever waits for a mark waits no longer.
      await Promise.all(outputs.map(output => output.ended));
    },
    stderrTail: () => tail.text(),
  };
}

type HearLines = (lines: RawLine[]) => Promise<void> | void;

interface Output {
  begin(mark: string, hear: HearLines): Promise<void>;
  ended: Promise<void>;
}

function openOutput(stream: Readable, max_bytes: number, read: (line: SplitLine) => RawLine[]): Output {
  const splitter = lineSplitter(max_bytes);
  const ended = Promise.withResolvers<void>();
  let task: { mark: string; hear: HearLines; marked: () => void } | undefined;

  const take = (split: SplitLine[]): Promise<void> | void => {
    if (!task) return;
    const { mark, hear, marked } = task;
    const at = split.findIndex(line => line.end.endsWith(mark));
    const lines = (at < 0 ? split : split.slice(0, at)).flatMap(read);
    const last = split[at];
    // It began its last line and did not end it.
    if (last && (last.text !== mark || last.left_out > 0)) lines.push(...read(without(last, mark)));
    const heard = lines.length > 0 ? hear(lines) : undefined;
    if (at >= 0) {
      task = undefined;
      // The lines before the mark are heard before the task's end is.
      void Promise.resolve(heard).then(marked, marked);
    }
    return heard;
  };

  stream.on('data', (chunk: Buffer) => {
    const heard = take(splitter.feed(chunk));
    if (!heard) return;
    stream.pause();
    const go = () => void stream.resume();
    heard.then(go, go);
  });
  const end = () => {
    void take(splitter.end());
    task?.marked();
    task = undefined;
    ended.resolve();
  };
  stream.on('error', () => stream.destroy());
  stream.once('close', end);

  return {
    begin(mark, hear) {
      if (stream.destroyed || stream.readableEnded) return Promise.resolve();
      const marked = Promise.withResolvers<void>();
      task = { mark, hear, marked: marked.resolve };
      return marked.promise;
    },
    ended: ended.promise,
  };
}

function without(line: SplitLine, mark: string): SplitLine {
  const text = line.text.endsWith(mark) ? line.text.slice(0, -mark.length) : line.text;
  return { ...line, text, left_out: Math.max(0, line.left_out - mark.length) };
}

function withNotice(line: SplitLine, shown: RawLine): RawLine[] {
  if (line.left_out === 0) return [shown];
  return [shown, notice(line.left_out, shown.at)];
}

function notice(left_out: number, at: number): RawLine {
  const text = `The line above is longer; its other ${left_out.toLocaleString('en')} bytes are left out.`;
  return { at, level: 'warn', stream: 'moulin', text };
}

/** A line of the task's own log; what is none was written by somebody else, and is shown as it is. */
function readLogLine(line: SplitLine, now: () => number): RawLine[] {
  const fallback = (): RawLine[] =>
    withNotice(line, { at: now(), level: 'info', stream: 'log', text: line.text });
  if (line.left_out > 0) return fallback();
  const [at, level, text, fields] = parseArray(line.text);
  if (typeof at !== 'number' || !isLevel(level) || typeof text !== 'string') return fallback();
  const shown: RawLine = { at, level, stream: 'log', text };
  if (!isFields(fields)) return [shown];
  const { left_out, ...rest } = fields;
  if (text.length < MAX_LINE_BYTES || typeof left_out !== 'number') return [{ ...shown, fields }];
  return [Object.keys(rest).length > 0 ? { ...shown, fields: rest } : shown, notice(left_out, shown.at)];
}

function parseArray(text: string): unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

const isLevel = (value: unknown): value is LogLevel => LOG_LEVELS.some(level => level === value);
const isFields = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
