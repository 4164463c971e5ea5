import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { z } from 'zod';
import { fail, isFailure } from '../../kit/errors.ts';
import { codeOf, reasonOf } from '../connection.ts';
import { ArchiveError, END, HEADER_BYTES, paddingOf, readHeader } from './archive.ts';
import {
  ENTRY,
  FORMAT,
  type LakeIndex,
  lakeIndexSchema,
  type Manifest,
  manifestSchema,
  parseLakePiece,
  parsePieceName,
  type Summary,
  summarySchema,
  trailerSchema,
} from './manifest.ts';

export interface Backup {
  file: string;
  manifest: Manifest;
  summary: Summary;
  /** Absent: it was taken without the lake. */
  lake?: LakeIndex;
  bytes: number;
}

/** Bodies that are text of ours: far more than they ever need. */
const MAX_TEXT_BYTES = 64 * 1024 * 1024;
const SLICE_BYTES = 1024 * 1024;

/** Reads every byte and checks every checksum; nothing is touched before this has passed. */
export async function verifyBackup(file: string): Promise<Backup> {
  return reading(file, async handle => {
    const walk = openWalk(handle);
    const manifest = parseText(await walk.text(ENTRY.manifest), manifestSchema, ENTRY.manifest);
    refuseNewerFormat(file, manifest);
    const pieces = new Map<string, number>();
    let entry = await walk.next();
    const lake = new Map<number, { pieces: number; bytes: number }>();
    let index: LakeIndex | undefined;
    for (; entry && entry.name !== ENTRY.summary; entry = await walk.next()) {
      if (entry.name === ENTRY.lake) {
        index = parseText(await walk.body(entry.size), lakeIndexSchema, ENTRY.lake);
        continue;
      }
      const of_lake = parseLakePiece(entry.name);
      if (of_lake) {
        const known = lake.get(of_lake.file) ?? { pieces: 0, bytes: 0 };
        lake.set(of_lake.file, { pieces: known.pieces + 1, bytes: known.bytes + entry.size });
        await walk.skip(entry.size);
        continue;
      }
      const piece = parsePieceName(entry.name);
      if (!piece || piece.number !== (pieces.get(piece.table) ?? 0) + 1)
        throw new ArchiveError(`the entry ${entry.name} is not expected where it stands`);
      pieces.set(piece.table, piece.number);
      await walk.skip(entry.size);
    }
    if (!entry) throw new ArchiveError('its end is missing');
    const summary = parseText(await walk.body(entry.size), summarySchema, ENTRY.summary);
    checkPieces(manifest, summary, pieces);
    checkLake(index, lake);
    await walk.checkEnd();
    return { file, manifest, summary, ...(index && { lake: index }), bytes: walk.position() };
  });
}

/** What it is, from its beginning alone. */
export async function readManifest(file: string): Promise<Manifest> {
  return reading(file, async handle => {
    const manifest = parseText(await openWalk(handle).text(ENTRY.manifest), manifestSchema, ENTRY.manifest);
    refuseNewerFormat(file, manifest);
    return manifest;
  });
}

function checkLake(
  index: LakeIndex | undefined,
  found: ReadonlyMap<number, { pieces: number; bytes: number }>,
): void {
  if (!index && found.size > 0) throw new ArchiveError('its list of the files of the lake is missing');
  for (const [at, { key, bytes, pieces }] of (index?.files ?? []).entries()) {
    const there = found.get(at + 1) ?? { pieces: 0, bytes: 0 };
    if (index?.copied && (there.pieces !== pieces || there.bytes !== bytes))
      throw new ArchiveError(`the file ${key} of the lake is not complete`);
  }
}

/** The files of the lake of a verified backup, one after the other; each body is to be read before the next one. */
export async function* readLakeFiles(
  file: string,
  index: LakeIndex,
): AsyncGenerator<{ key: string; body: AsyncIterable<Buffer> }> {
  const handle = await open(file).catch(error => {
    throw explain(file, error);
  });
  try {
    const walk = openWalk(handle);
    let entry = await walk.next();
    for (; entry && !parseLakePiece(entry.name) && entry.name !== ENTRY.lake; entry = await walk.next())
      await walk.skip(entry.size);
    for (const [at, { key }] of index.files.entries()) {
      const body = async function* () {
        for (; entry && parseLakePiece(entry.name)?.file === at + 1; entry = await walk.next())
          yield await walk.body(entry.size);
      };
      yield { key, body: body() };
    }
  } finally {
    await handle.close();
  }
}

/** The pieces of a verified backup in order, still compressed. */
export async function* readPieces(file: string): AsyncGenerator<{ table: string; body: Buffer }> {
  const handle = await open(file).catch(error => {
    throw explain(file, error);
  });
  try {
    const walk = openWalk(handle);
    for (let entry = await walk.next(); entry; entry = await walk.next()) {
      const piece = parsePieceName(entry.name);
      if (piece) yield { table: piece.table, body: await walk.body(entry.size) };
      else await walk.skip(entry.size);
    }
  } catch (error) {
    throw explain(file, error);
  } finally {
    await handle.close();
  }
}

function refuseNewerFormat(file: string, manifest: Manifest): void {
  if (manifest.format > FORMAT)
    throw fail('backup.newer', { file, found: `format ${manifest.format}`, known: `format ${FORMAT}` });
}

function checkPieces(manifest: Manifest, summary: Summary, found: ReadonlyMap<string, number>): void {
  for (const { name } of manifest.tables)
    if (summary.tables[name]?.pieces !== (found.get(name) ?? 0))
      throw new ArchiveError(`the table ${name} is not complete`);
  if (Object.keys(summary.tables).length !== manifest.tables.length)
    throw new ArchiveError('its list of tables is not the one that it holds');
}

function parseText<T extends z.ZodType>(body: Buffer, schema: T, name: string): z.output<T> {
  try {
    return schema.parse(JSON.parse(body.toString('utf8')));
  } catch {
    throw new ArchiveError(`its ${name} cannot be read`);
  }
}

// ── Walking through the file ────────────────────────────────────────────────────────────────────────

interface Entry {
  name: string;
  size: number;
}

/** From one end to the other, with the checksum of each entry and of everything. */
function openWalk(handle: FileHandle) {
  const whole = createHash('sha256');
  const sums: string[] = [];
  let position = 0;
  let name = '';

  const take = async (size: number): Promise<Buffer> => {
    const buffer = Buffer.alloc(size);
    for (let filled = 0; filled < size; ) {
      const { bytesRead } = await handle.read(buffer, filled, size - filled, position + filled);
      if (bytesRead === 0) throw new ArchiveError('it is cut off');
      filled += bytesRead;
    }
    position += size;
    whole.update(buffer);
    return buffer;
  };
  const pass = async (size: number, slice: (part: Buffer) => void): Promise<void> => {
    const hash = createHash('sha256');
    for (let left = size; left > 0; ) {
      const part = await take(Math.min(left, SLICE_BYTES));
      left -= part.length;
      hash.update(part);
      slice(part);
    }
    sums.push(`${hash.digest('hex')}  ${name}\n`);
    await take(paddingOf(size));
  };
  const next = async (): Promise<Entry | undefined> => {
    const header = readHeader(await take(HEADER_BYTES));
    name = header?.name ?? '';
    return header;
  };
  const body = async (size: number): Promise<Buffer> => {
    if (size > MAX_TEXT_BYTES) throw new ArchiveError(`its ${name} is too large`);
    const parts: Buffer[] = [];
    await pass(size, part => parts.push(part));
    return Buffer.concat(parts);
  };
  const text = async (expected: string): Promise<Buffer> => {
    const entry = await next();
    if (entry?.name !== expected) throw new ArchiveError(`its ${expected} is missing`);
    return body(entry.size);
  };

  return {
    next,
    body,
    text,
    position: () => position,
    skip: (size: number) => pass(size, () => {}),
    /** What follows the summary: the list of checksums, the checksum of all, the end, and nothing more. */
    async checkEnd(): Promise<void> {
      const expected = sums.join('');
      const found = (await text(ENTRY.sums)).toString('utf8');
      if (found !== expected)
        throw new ArchiveError(`the checksum of ${firstDifference(expected, found)} does not match`);
      const before = { sha256: whole.copy().digest('hex'), bytes: position };
      const trailer = parseText(await text(ENTRY.trailer), trailerSchema, ENTRY.trailer);
      if (trailer.sha256 !== before.sha256 || trailer.bytes !== before.bytes)
        throw new ArchiveError('the checksum of the whole file does not match');
      if (!(await take(END.length)).equals(END)) throw new ArchiveError('its end is missing');
      const { bytesRead } = await handle.read(Buffer.alloc(1), 0, 1, position);
      if (bytesRead > 0) throw new ArchiveError('something follows its end');
    },
  };
}

function firstDifference(expected: string, found: string): string {
  const written = new Set(found.split('\n'));
  const line = expected.split('\n').find(one => !written.has(one)) ?? '';
  return line.slice(line.indexOf('  ') + 2) || 'an entry';
}

// ── Failures in words ───────────────────────────────────────────────────────────────────────────────

async function reading<T>(file: string, work: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await open(file).catch(error => {
    throw explain(file, error);
  });
  try {
    return await work(handle);
  } catch (error) {
    throw explain(file, error);
  } finally {
    await handle.close();
  }
}

function explain(file: string, error: unknown): unknown {
  if (isFailure(error)) return error;
  if (error instanceof ArchiveError) return fail('backup.damaged', { file, reason: error.message });
  if (/^E[A-Z]+$/.test(codeOf(error)))
    return fail('backup.unreadable', { file, reason: reasonOf(error) }, { cause: error });
  return error;
}
