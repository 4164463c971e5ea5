import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { zstdCompress } from 'node:zlib';
import type { Snapshot } from '../snapshot.ts';
import { END, paddingOf, sha256, writeHeader } from './archive.ts';
import {
  ENTRY,
  FORMAT,
  type LakeIndex,
  lakePieceName,
  type Manifest,
  PIECE_BYTES,
  PLAIN_FORMAT,
  pieceName,
  type Summary,
} from './manifest.ts';

const compress = promisify(zstdCompress);

export interface Written {
  manifest: Manifest;
  summary: Summary;
  bytes: number;
}

/** Whoever can open a snapshot can be backed up: a store, or the application's role before there is one. */
export interface BackupSource {
  openSnapshot(reason: string): Promise<Snapshot>;
}

/** What lies beside the store and belongs to it, as of the same moment. */
export interface BackupLake {
  root: string;
  /** False: they are listed, and stay where they are. */
  copied: boolean;
  files(snapshot: Snapshot): AsyncIterable<BackupFile>;
  /** Whatever it held so that nothing went meanwhile. */
  close(): Promise<void>;
}
export interface BackupFile {
  key: string;
  bytes: number;
  read(): Promise<AsyncIterable<Uint8Array>>;
}

/** A whole backup as bytes, in constant memory; whoever stops reading early ends it. */
export async function* streamBackup(
  source: BackupSource,
  openLake?: () => Promise<BackupLake>,
): AsyncGenerator<Buffer, Written> {
  // Before the snapshot: what it shows is then kept from being deleted.
  const lake = await openLake?.();
  try {
    const snapshot = await source.openSnapshot('backup');
    try {
      return yield* archive(snapshot, lake);
    } finally {
      await snapshot.close();
    }
  } finally {
    await lake?.close();
  }
}

/** From one snapshot: whatever is written meanwhile is not in it. */
async function* archive(snapshot: Snapshot, lake: BackupLake | undefined): AsyncGenerator<Buffer, Written> {
  const manifest = { ...(await describe(snapshot)), format: lake ? FORMAT : PLAIN_FORMAT };
  const file = openArchive(Math.floor(Date.parse(manifest.created_at) / 1000));
  const summary: Summary = { tables: {}, sequences: await readSequences(snapshot) };
  yield* file.entry(ENTRY.manifest, json(manifest));
  for (const table of manifest.tables) {
    const copied = snapshot.copyOut(selectOf(table));
    let pieces = 0;
    const compressed = compressPieces(copied);
    for (let piece = await compressed.next(); ; piece = await compressed.next()) {
      if (piece.done) {
        summary.tables[table.name] = { rows: piece.value, pieces };
        break;
      }
      pieces += 1;
      yield* file.entry(pieceName(table.name, pieces), piece.value);
    }
  }
  if (lake) yield* lakeEntries(file, lake, snapshot);
  yield* file.entry(ENTRY.summary, json(summary));
  yield* file.entry(ENTRY.sums, Buffer.from(file.sums()));
  yield* file.entry(ENTRY.trailer, json(file.trailer()));
  yield file.end();
  return { manifest, summary, bytes: file.trailer().bytes };
}

async function* lakeEntries(
  file: ReturnType<typeof openArchive>,
  { root, copied, files }: BackupLake,
  snapshot: Snapshot,
): AsyncGenerator<Buffer> {
  const index: LakeIndex = { root, copied, files: [] };
  for await (const { key, bytes, read } of files(snapshot)) {
    let pieces = 0;
    if (copied)
      for await (const piece of equalPieces(await read())) {
        pieces += 1;
        yield* file.entry(lakePieceName(index.files.length + 1, pieces), piece);
      }
    index.files.push({ key, bytes, pieces });
  }
  yield* file.entry(ENTRY.lake, json(index));
}

async function* equalPieces(body: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body) {
    parts.push(part);
    bytes += part.length;
    if (bytes < PIECE_BYTES) continue;
    yield Buffer.concat(parts);
    parts = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(parts);
}

function json(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}

// ── What is in it ───────────────────────────────────────────────────────────────────────────────────

async function describe(snapshot: Snapshot): Promise<Manifest> {
  const migrations = await snapshot.query<Manifest['migrations'][number]>(
    'select number, name, checksum from schema_migrations order by number',
  );
  const [instance] = await snapshot.query<{
    id: string;
    key_id: string | null;
    at: string;
    postgres_version: string;
  }>(`select id, key_id, now() "at", current_setting('server_version') postgres_version from instance`);
  if (!instance) throw new Error('the store has no identity');
  return {
    product: 'moulin',
    format: FORMAT,
    created_at: instance.at,
    instance_id: instance.id,
    key_id: instance.key_id,
    postgres_version: instance.postgres_version,
    schema_version: migrations.at(-1)?.number ?? 0,
    migrations,
    tables: inOrderOfLoading(await snapshot.query<TableRow>(TABLES)),
  };
}

interface TableRow {
  name: string;
  columns: string[];
  /** Tables that must be loaded before. */
  refers_to: string[];
}

/** All but the list of migrations, which restoring makes itself, and generated columns, which make themselves. */
const TABLES = `
  select relname "name",
    array(select attname::text from pg_attribute
      where attrelid = pg_class.oid and attnum > 0 and not attisdropped and attgenerated = '' order by attnum) "columns",
    array(select distinct target.relname::text from pg_constraint join pg_class target on target.oid = confrelid
      where conrelid = pg_class.oid and contype = 'f' and confrelid <> conrelid) refers_to
  from pg_class
  where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> 'schema_migrations'
  order by relname collate "C"`;

function inOrderOfLoading(tables: readonly TableRow[]): Manifest['tables'] {
  const sorted: TableRow[] = [];
  const left = [...tables];
  while (left.length > 0) {
    const ready = left.findIndex(table =>
      table.refers_to.every(name => sorted.some(done => done.name === name)),
    );
    const [table] = ready < 0 ? [] : left.splice(ready, 1);
    if (!table) throw new Error(`tables refer to each other in a circle: ${left.map(({ name }) => name)}`);
    sorted.push(table);
  }
  return sorted.map(({ name, columns }) => ({ name, columns }));
}

async function readSequences(snapshot: Snapshot): Promise<Summary['sequences']> {
  const names = await snapshot.query<{ name: string }>(
    `select relname "name" from pg_class where relnamespace = 'public'::regnamespace and relkind = 'S' order by 1`,
  );
  const sequences: Summary['sequences'] = {};
  for (const { name } of names) {
    const [state] = await snapshot.query<{ last_value: string; is_called: boolean }>(
      `select last_value, is_called from "${name}"`,
    );
    if (state) sequences[name] = state;
  }
  return sequences;
}

function selectOf(table: Manifest['tables'][number]): string {
  return `select ${table.columns.map(column => `"${column}"`).join(', ')} from "${table.name}"`;
}

// ── Pieces ──────────────────────────────────────────────────────────────────────────────────────────

/** While one piece is compressed on another thread, the next one is read. Returns the number of rows. */
async function* compressPieces(copied: AsyncGenerator<Buffer, number>): AsyncGenerator<Buffer, number> {
  const cut = cutPieces(copied);
  let compressing: Promise<Buffer> | undefined;
  for (;;) {
    const piece = await cut.next();
    if (compressing) yield await compressing;
    if (piece.done) return piece.value;
    compressing = compress(piece.value);
    // It is awaited only when the next piece is there; a failure meanwhile must not count as unhandled.
    compressing.catch(() => {});
  }
}

async function* cutPieces(copied: AsyncGenerator<Buffer, number>): AsyncGenerator<Buffer, number> {
  let parts: Buffer[] = [];
  let bytes = 0;
  for (let next = await copied.next(); ; next = await copied.next()) {
    if (next.done) {
      if (bytes > 0) yield Buffer.concat(parts);
      return next.value;
    }
    parts.push(next.value);
    bytes += next.value.length;
    if (bytes < PIECE_BYTES) continue;
    const joined = Buffer.concat(parts);
    let from = 0;
    for (; joined.length - from >= PIECE_BYTES; from += PIECE_BYTES)
      yield joined.subarray(from, from + PIECE_BYTES);
    // Copied: what is handed on must not keep the whole of it alive.
    parts = [Buffer.from(joined.subarray(from))];
    bytes = joined.length - from;
  }
}

// ── The archive ─────────────────────────────────────────────────────────────────────────────────────

function openArchive(mtime_seconds: number) {
  const whole = createHash('sha256');
  const lines: string[] = [];
  let bytes = 0;
  const count = (part: Buffer): Buffer => {
    whole.update(part);
    bytes += part.length;
    return part;
  };
  return {
    *entry(name: string, body: Buffer): Generator<Buffer> {
      lines.push(`${sha256(body)}  ${name}\n`);
      yield count(writeHeader({ name, size: body.length }, mtime_seconds));
      yield count(body);
      yield count(Buffer.alloc(paddingOf(body.length)));
    },
    sums: () => lines.join(''),
    trailer: () => ({ sha256: whole.copy().digest('hex'), bytes }),
    end: () => END,
  };
}
