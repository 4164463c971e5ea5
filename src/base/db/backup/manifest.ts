import { z } from 'zod';

/*
 * The format, in the order of the file (a tar; unpacked, `sha256sum -c SHA256SUMS` checks it and `zstd -d` reads it):
 *
 *   manifest.json                        what it is a backup of, and what is in it
 *   tables/<table>/<number>.copy.zst     PostgreSQL's COPY text, cut into pieces of equal size, each a zstd frame;
 *                                        tables stand in the order in which they can be loaded
 *   lake/<file>/<number>                 the lake's files as they are, cut into pieces of equal size; files have numbers, for
 *                                        their names are longer than a tar can hold
 *   lake/index.json                      which file is which; of a lake on S3 the files are listed here and not copied
 *   summary.json                         what is only known at the end: rows, pieces, how far sequences have counted
 *   SHA256SUMS                           one line for each entry before it
 *   trailer.json                         the checksum of every byte before it
 *
 * The key-encryption key is not in it; `key_id` says which one opens the secrets.
 */
export const FORMAT = 2;
/** Of a backup without the lake, which versions before can read. */
export const PLAIN_FORMAT = 1;
export const PIECE_BYTES = 4 * 1024 * 1024;

const name = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/);

export const manifestSchema = z.object({
  product: z.literal('moulin'),
  format: z.number().int(),
  created_at: z.string(),
  instance_id: z.uuid(),
  key_id: z.string().nullable(),
  postgres_version: z.string(),
  schema_version: z.number().int().positive(),
  migrations: z.array(z.object({ number: z.number().int(), name: z.string(), checksum: z.string() })),
  tables: z.array(z.object({ name, columns: z.array(name) })),
});
export type Manifest = z.infer<typeof manifestSchema>;

export const summarySchema = z.object({
  tables: z.record(name, z.object({ rows: z.number().int(), pieces: z.number().int() })),
  sequences: z.record(name, z.object({ last_value: z.string().regex(/^\d+$/), is_called: z.boolean() })),
});
export type Summary = z.infer<typeof summarySchema>;

const key = z.string().min(1).max(2000);
export const lakeIndexSchema = z.object({
  /** Where the lake was: its tables name places below it. */
  root: z.string(),
  /** False: the files are where they were. */
  copied: z.boolean(),
  files: z.array(z.object({ key, bytes: z.number().int().min(0), pieces: z.number().int().min(0) })),
});
export type LakeIndex = z.infer<typeof lakeIndexSchema>;

export const trailerSchema = z.object({ sha256: z.string(), bytes: z.number().int() });

export const ENTRY = {
  manifest: 'manifest.json',
  lake: 'lake/index.json',
  summary: 'summary.json',
  sums: 'SHA256SUMS',
  trailer: 'trailer.json',
} as const;

export function pieceName(table: string, number: number): string {
  return `tables/${table}/${String(number).padStart(6, '0')}.copy.zst`;
}

export function parsePieceName(entry: string): { table: string; number: number } | undefined {
  const [, table, number] = /^tables\/([a-z0-9_]+)\/(\d{6})\.copy\.zst$/.exec(entry) ?? [];
  return table === undefined ? undefined : { table, number: Number(number) };
}

export function lakePieceName(file: number, number: number): string {
  return `lake/${String(file).padStart(7, '0')}/${String(number).padStart(6, '0')}`;
}

export function parseLakePiece(entry: string): { file: number; number: number } | undefined {
  const [, file, number] = /^lake\/(\d{7})\/(\d{6})$/.exec(entry) ?? [];
  return file === undefined ? undefined : { file: Number(file), number: Number(number) };
}
