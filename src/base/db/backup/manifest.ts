import { z } from 'zod';

/*
 * The format, in the order of the file (a tar; unpacked, `sha256sum -c SHA256SUMS` checks it and `zstd -d` reads it):
 *
 *   manifest.json                        what it is a backup of, and what is in it
 *   tables/<table>/<number>.copy.zst     PostgreSQL's COPY text, cut into pieces of equal size, each a zstd frame;
 *                                        tables stand in the order in which they can be loaded
 *   lake/…                               kept for the lake's files
 *   summary.json                         what is only known at the end: rows, pieces, how far sequences have counted
 *   SHA256SUMS                           one line for each entry before it
 *   trailer.json                         the checksum of every byte before it
 *
 * The key-encryption key is not in it; `key_id` says which one opens the secrets.
 */
export const FORMAT = 1;
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

export const trailerSchema = z.object({ sha256: z.string(), bytes: z.number().int() });

export const ENTRY = {
  manifest: 'manifest.json',
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
