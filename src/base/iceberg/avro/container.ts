import { hash } from 'node:crypto';
import { deflateRawSync, inflateRawSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { IcebergError } from '../errors.ts';
import { Cursor, corruptAvro, Sink } from './bytes.ts';
import { type AvroRecord, eachElement, isRecord, readerOf, type Write, writerOf } from './codec.ts';
import { type AvroJson, type AvroType, parseAvroSchema } from './schema.ts';

// Avro's object container file: a header with the schema, then blocks of records. Ours and not avsc's, which drops Iceberg's
// attributes from schemas, and believes every count that it reads: a few hostile bytes keep it busy for ever.

const MAGIC = Buffer.from('Obj\x01', 'latin1');
const SYNC_BYTES = 16;
/** Compressed bytes may claim to be a thousand times as many. Real blocks have 16 KB to 64 MB. */
const MAX_BLOCK_BYTES = 256 * 1024 ** 2;
const MAX_FILE_BYTES = 1024 ** 3;

export type AvroCodec = 'null' | 'deflate' | 'zstandard';

export interface AvroBlock {
  count: number;
  bytes: Buffer;
}

export interface AvroFile {
  schema: AvroType;
  metadata: ReadonlyMap<string, string>;
  /** One after the other; each is decompressed when its turn comes. */
  blocks(): Generator<AvroBlock>;
}

/** `file` is its name for errors: `corrupt` for what is no whole Avro file, `unsupported` for a codec that we lack. */
export function openAvro(bytes: Uint8Array, file: string): AvroFile {
  const cursor = new Cursor(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), file);
  if (!cursor.bytes.subarray(0, 4).equals(MAGIC)) throw corruptAvro(file, 'it does not begin like one');
  cursor.pass(4);
  const metadata = readHeader(cursor);
  const sync = cursor.take(SYNC_BYTES);
  const codec = codecOf(metadata.get('avro.codec') ?? 'null', file);
  const start = cursor.at;
  return {
    schema: schemaOf(metadata.get('avro.schema') ?? '', file),
    metadata,
    blocks: () => readBlocks(new Cursor(cursor.bytes, file, start), { sync, codec }),
  };
}

/** All records as plain objects. For a manifest there is `readManifest`, which makes less. */
export function readAvro(
  bytes: Uint8Array,
  file: string,
): { metadata: ReadonlyMap<string, string>; records: AvroRecord[] } {
  const { schema, metadata, blocks } = openAvro(bytes, file);
  const read = readerOf(schema);
  const records: AvroRecord[] = [];
  for (const block of blocks())
    readBlock(block, file, cursor => {
      const record = read(cursor);
      if (!isRecord(record)) throw corruptAvro(file, 'its schema is not that of records');
      records.push(record);
    });
  return { metadata, records };
}

/** `read` takes one record, as often as the block says; together they are the block. */
export function readBlock(block: AvroBlock, file: string, read: (cursor: Cursor) => void): void {
  const cursor = new Cursor(block.bytes, file);
  for (let index = 0; index < block.count; index += 1) read(cursor);
  if (cursor.left > 0) throw corruptAvro(file, `${cursor.left} bytes of a block belong to no record`);
}

function readHeader(cursor: Cursor): Map<string, string> {
  const metadata = new Map<string, string>();
  eachElement(cursor, () => metadata.set(cursor.text(), cursor.text()));
  return metadata;
}

/** A table has thousands of files with one schema. */
const parsed = new Map<string, AvroType>();
const MOST_PARSED = 50;
const LONGEST_KEPT = 20_000;

function schemaOf(text: string, file: string): AvroType {
  const known = parsed.get(text);
  if (known) return known;
  const schema = parseAvroSchema(schemaJson(text, file), file);
  if (text.length > LONGEST_KEPT) return schema;
  if (parsed.size === MOST_PARSED) parsed.clear();
  parsed.set(text, schema);
  return schema;
}

function schemaJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw corruptAvro(file, 'its schema is not JSON', error);
  }
}

function codecOf(name: string, file: string): AvroCodec {
  if (name === 'null' || name === 'deflate' || name === 'zstandard') return name;
  throw new IcebergError(
    'unsupported',
    `${file} is compressed with "${name.slice(0, 40)}"; deflate, zstandard and null are supported`,
    {
      file,
      codec: name.slice(0, 40),
    },
  );
}

function* readBlocks(
  cursor: Cursor,
  { sync, codec }: { sync: Buffer; codec: AvroCodec },
): Generator<AvroBlock> {
  let total = 0;
  while (cursor.left > 0) {
    const count = cursor.number();
    const stored = cursor.take(cursor.number());
    if (!cursor.take(SYNC_BYTES).equals(sync))
      throw corruptAvro(cursor.file, 'a block does not end where it says');
    const bytes = decompress(codec, stored, cursor.file);
    total += bytes.length;
    if (count < 0 || count > bytes.length)
      throw corruptAvro(cursor.file, `${count} records in ${bytes.length} bytes`);
    if (total > MAX_FILE_BYTES)
      throw corruptAvro(cursor.file, `it unfolds to more than ${MAX_FILE_BYTES} bytes`);
    yield { count, bytes };
  }
}

function decompress(codec: AvroCodec, stored: Buffer, file: string): Buffer {
  const options = { maxOutputLength: MAX_BLOCK_BYTES };
  try {
    if (codec === 'deflate') return inflateRawSync(stored, options);
    return codec === 'zstandard' ? zstdDecompressSync(stored, options) : stored;
  } catch (error) {
    throw corruptAvro(file, `a block cannot be decompressed with ${codec}`, error);
  }
}

// ── Writing ─────────────────────────────────────────────────────────────────────────────────────────

export interface AvroHead {
  schema: AvroJson;
  metadata: Readonly<Record<string, string>>;
  codec?: AvroCodec;
}

const TARGET_BLOCK_BYTES = 256 * 1024;

/** By the object itself: whoever writes many files of one schema gives the same one. */
const compiled = new WeakMap<object, { text: string; write: Write }>();

function compile(schema: AvroJson): { text: string; write: Write } {
  const known = typeof schema === 'object' ? compiled.get(schema) : undefined;
  if (known) return known;
  const made = { text: JSON.stringify(schema), write: writerOf(parseAvroSchema(schema, 'the new file')) };
  if (typeof schema === 'object') compiled.set(schema, made);
  return made;
}

/** The same records give the same bytes. */
export function writeAvro(
  { schema, metadata, codec = 'deflate' }: AvroHead,
  records: Iterable<AvroRecord>,
): Buffer {
  const { text, write } = compile(schema);
  const header = { ...metadata, 'avro.schema': text, 'avro.codec': codec };
  // Any sixteen bytes that blocks are unlikely to contain.
  const sync = hash('sha256', JSON.stringify(header), 'buffer').subarray(0, SYNC_BYTES);
  const parts = [headerBytes(header), sync];
  const block = new Sink();
  let count = 0;
  const close = () => {
    if (count > 0) parts.push(...blockParts(count, compress(codec, block.drain())), sync);
    count = 0;
  };
  for (const record of records) {
    write(block, record);
    count += 1;
    if (block.length >= TARGET_BLOCK_BYTES) close();
  }
  close();
  return Buffer.concat(parts);
}

function headerBytes(header: Readonly<Record<string, string>>): Buffer {
  const sink = new Sink();
  sink.raw(MAGIC);
  sink.number(Object.keys(header).length);
  for (const [key, value] of Object.entries(header)) {
    sink.sized(Buffer.from(key, 'utf8'));
    sink.sized(Buffer.from(value, 'utf8'));
  }
  sink.number(0);
  return sink.drain();
}

function blockParts(count: number, bytes: Buffer): [Buffer, Buffer] {
  const sink = new Sink();
  sink.number(count);
  sink.number(bytes.length);
  return [sink.drain(), bytes];
}

function compress(codec: AvroCodec, bytes: Buffer): Buffer {
  if (codec === 'deflate') return deflateRawSync(bytes, roomFor(bytes.length));
  return codec === 'zstandard' ? zstdCompressSync(bytes) : bytes;
}

/** As much memory as there is to compress: as a rule it is a quarter of a megabyte, for a manifest of one file too. */
function roomFor(length: number): { windowBits: number; memLevel: number } {
  const windowBits = Math.min(15, Math.max(9, Math.ceil(Math.log2(length + 1))));
  return { windowBits, memLevel: Math.max(4, windowBits - 7) };
}
