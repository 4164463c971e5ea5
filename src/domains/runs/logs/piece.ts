import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import {
  type Line,
  LOG_STREAMS,
  type LogFields,
  levelDigit,
  levelNumber,
  levelOfDigit,
  type NumberedLine,
} from './line.ts';

// A piece: some lines of one attempt, in order, as they are stored. Column by column in one JSON document (equal things lie
// together, which compresses better than line by line, and one `JSON.parse` is faster than thousands), then zstd with its
// checksum. About half a millisecond for 150 kB: not worth a thread.

export interface Piece {
  data: Buffer;
  lines: number;
  raw_bytes: number;
  min_level: number;
  max_level: number;
  /** Microseconds. */
  first_at: number;
  last_at: number;
}

interface Columns {
  v: 1;
  /** Time of the first line; of each line, the microseconds since the one before it. */
  at: number;
  since: number[];
  /** A digit per line: its level, and its place in LOG_STREAMS. */
  levels: string;
  streams: string;
  texts: string[];
  /** By place; most lines have none. */
  fields: Record<string, LogFields>;
}

/** One line escaped to six times its length; more is not ours. */
const MAX_BYTES = 64 * 1024 * 1024;
const COMPRESS = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };

export function encodePiece(lines: readonly [Line, ...Line[]]): Piece {
  const levels = lines.map(({ level }) => levelNumber(level));
  const times = lines.map(({ at }) => at);
  return {
    data: zstdCompressSync(JSON.stringify(toColumns(lines)), COMPRESS),
    lines: lines.length,
    raw_bytes: lines.reduce((sum, line) => sum + rawBytes(line), 0),
    min_level: least(levels),
    max_level: greatest(levels),
    first_at: least(times),
    last_at: greatest(times),
  };
}

export function decodePiece(data: Uint8Array, first_line: number): NumberedLine[] {
  const text = zstdDecompressSync(data, { maxOutputLength: MAX_BYTES }).toString();
  const columns: Columns = JSON.parse(text);
  let { at } = columns;
  return columns.texts.map((text, place) => {
    at += columns.since[place] ?? 0;
    return {
      n: first_line + place,
      at,
      level: levelOfDigit(columns.levels[place]),
      stream: LOG_STREAMS[Number(columns.streams[place])] ?? 'log',
      text,
      fields: columns.fields[place] ?? null,
    };
  });
}

/** What a line counts: its text, its fields, and something for the rest. */
export function rawBytes({ text, fields }: Pick<Line, 'text' | 'fields'>): number {
  return 16 + Buffer.byteLength(text) + (fields === null ? 0 : Buffer.byteLength(JSON.stringify(fields)));
}

function toColumns(lines: readonly [Line, ...Line[]]): Columns {
  const fields: Columns['fields'] = {};
  let before = lines[0].at;
  const since = lines.map((line, place) => {
    const step = line.at - before;
    before = line.at;
    if (line.fields !== null) fields[place] = line.fields;
    return step;
  });
  return {
    v: 1,
    at: lines[0].at,
    since,
    levels: lines.map(({ level }) => levelDigit(level)).join(''),
    streams: lines.map(({ stream }) => LOG_STREAMS.indexOf(stream)).join(''),
    texts: lines.map(({ text }) => text),
    fields,
  };
}

/** `Math.min(...)` takes only so many arguments. */
function least(values: readonly number[]): number {
  return values.reduce((a, b) => (b < a ? b : a), Number.POSITIVE_INFINITY);
}

function greatest(values: readonly number[]): number {
  return values.reduce((a, b) => (b > a ? b : a), Number.NEGATIVE_INFINITY);
}
