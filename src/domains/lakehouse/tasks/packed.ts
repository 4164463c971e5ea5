import { z } from 'zod';
import type { DataFile, Operation } from '../../../base/iceberg/index.ts';

// Operations on their way from a runner to its worker, through a channel of JSON. What JSON has no word for is an object with one
// key: `$n` a bigint, `$b` bytes, `$m` a map. Whoever sent it may have run foreign code, so all of it is checked again.

export function pack(operation: Operation): unknown {
  return packed(operation);
}

function packed(value: unknown): unknown {
  if (typeof value === 'bigint') return { $n: String(value) };
  if (value instanceof Uint8Array) return { $b: Buffer.from(value).toString('base64') };
  if (isMap(value)) return { $m: [...value].map(([key, one]) => [packed(key), packed(one)]) };
  if (Array.isArray(value)) return value.map(packed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, packed(one)]));
}

/** Files that come from a manifest keep their figures in maps of another make. */
function isMap(value: unknown): value is ReadonlyMap<unknown, unknown> {
  return typeof value === 'object' && value !== null && 'get' in value && Symbol.iterator in value;
}

const MAX_DEPTH = 64;

function unpacked(value: unknown, depth = 0): unknown {
  if (depth > MAX_DEPTH) throw new Error('it is nested too deeply');
  if (Array.isArray(value)) return value.map(one => unpacked(one, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [key, one] = entries[0] ?? [];
  if (entries.length === 1 && key === '$n' && typeof one === 'string' && /^-?\d{1,40}$/.test(one))
    return BigInt(one);
  if (entries.length === 1 && key === '$b' && typeof one === 'string') return Buffer.from(one, 'base64');
  if (entries.length === 1 && key === '$m') return new Map(pairs.parse(unpacked(one, depth + 1)));
  return Object.fromEntries(entries.map(([name, each]) => [name, unpacked(each, depth + 1)]));
}

const pairs = z.array(z.tuple([z.unknown(), z.unknown()]));

// ── What an operation may be ────────────────────────────────────────────────────────────────────────

const count = z.number().int().min(0);
const bytes = z.custom<Buffer>(value => Buffer.isBuffer(value));
const value = z.union([z.boolean(), z.number(), z.bigint(), z.string(), bytes]);
const byField = <T extends z.ZodType>(of: T) => z.map(z.number().int(), of);

const dataFile: z.ZodType<DataFile> = z.object({
  content: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  file_path: z.string().min(1).max(4000),
  file_format: z.string().max(20),
  spec_id: z.number().int(),
  partition: z.array(value.nullable()),
  record_count: count,
  file_size_in_bytes: count,
  column_sizes: byField(count),
  value_counts: byField(count),
  null_value_counts: byField(count),
  nan_value_counts: byField(count),
  lower_bounds: byField(bytes),
  upper_bounds: byField(bytes),
  split_offsets: z.array(count).optional(),
  equality_ids: z.array(z.number().int()).optional(),
  sort_order_id: z.number().int().optional(),
  referenced_data_file: z.string().optional(),
  key_metadata: bytes.optional(),
});

const common = {
  branch: z.string().max(200).optional(),
  schema_id: z.number().int().optional(),
  summary: z.record(z.string(), z.string()).optional(),
};
const files = z.array(dataFile).max(1_000_000);
const planned = {
  ...common,
  started_from: z.bigint().nullable(),
  isolation: z.enum(['serializable', 'snapshot']).optional(),
};
/** A tree of conditions, which whoever applies it binds to the schema, and refuses what does not fit. */
const filter = z.custom<Extract<Operation, { kind: 'overwrite' }>['where']>(
  given => typeof given === 'object' && given !== null && 'op' in given,
);

const operation: z.ZodType<Operation> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('append'), ...common, added: files, orphan: z.boolean().optional() }),
  z.strictObject({
    kind: z.literal('replace_partitions'),
    ...common,
    added: files,
    isolation: z.enum(['serializable', 'snapshot', 'blind']).optional(),
    started_from: z.bigint().nullish(),
  }),
  z.strictObject({ kind: z.literal('overwrite'), ...planned, where: filter, removed: files, added: files }),
  z.strictObject({
    kind: z.enum(['delete', 'update', 'merge']),
    ...planned,
    reads: filter,
    removed: files,
    added: files,
    deletes: files,
    targets: z.array(z.string()),
  }),
  z.strictObject({
    kind: z.literal('rewrite'),
    ...planned,
    removed: files,
    removed_deletes: files,
    added: files,
  }),
  z.strictObject({ kind: z.literal('rewrite_manifests'), ...common }),
  z.strictObject({
    kind: z.literal('publish'),
    ...common,
    staged: z.string().max(200),
    isolation: z.enum(['serializable', 'blind']).optional(),
    started_from: z.bigint().nullish(),
  }),
]);

/** Throws for what is no operation. */
export function unpack(given: unknown): Operation {
  return operation.parse(unpacked(given));
}

/** Files that the operation brings. */
export function broughtBy(given: Operation): readonly DataFile[] {
  return [...('added' in given ? given.added : []), ...('deletes' in given ? given.deletes : [])];
}
