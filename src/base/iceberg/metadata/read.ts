import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { IcebergError } from '../errors.ts';
import { MAX_JSON_BYTES, parseJson } from '../json.ts';
import type { PartitionSpec, SnapshotId, SnapshotRef, SortOrder, TableMetadata } from '../model.ts';
import { checkIds, highestFieldId, schemaSchema } from '../schema/index.ts';
import { absent, idSchema, orNull } from '../schema/json.ts';
import {
  countSchema,
  logEntrySchema,
  metadataLogEntrySchema,
  partitionStatisticsSchema,
  propertiesSchema,
  refSchema,
  snapshotIdSchema,
  snapshotSchema,
  sortOrderSchema,
  statisticsSchema,
} from './json.ts';
import { at, problem, readAs } from './problem.ts';

/** Partition field ids begin here, those of the columns below. */
export const FIRST_PARTITION_ID = 1000;

export const MAIN = 'main';

/**
 * A metadata file, gzipped or not. Version 1 is brought to the shape of version 2; what is missing or contradicts itself is refused
 * with `corrupt` and its place, format version 3 with `unsupported`. `file` is for the messages.
 */
export function parseMetadata(source: Uint8Array | string, file = 'metadata'): TableMetadata {
  return metadataOf(jsonOf(source, file), file);
}

/** As `parseMetadata`, of JSON that is parsed already: answers of other catalogs. */
export function metadataOf(json: unknown, file = 'metadata'): TableMetadata {
  const { 'format-version': version } = readAs(versionSchema, json, file, 'corrupt');
  if (version > 2)
    throw new IcebergError('unsupported', `${file} has format version ${version}; 1 and 2 are supported`, {
      file,
      format_version: version,
    });
  const found = readAs(fileSchema, json, file, 'corrupt');
  if (version === 2) requireKeys(found, file);
  const metadata = complete(found, version === 1 ? 1 : 2, file);
  metadata.schemas.forEach((schema, index) => {
    at(file, ['schemas', index], () => checkIds(schema));
  });
  checkMetadata(metadata, file);
  return metadata;
}

/** Of tables and views alike. */
export function jsonOf(source: Uint8Array | string, file: string): unknown {
  const text = typeof source === 'string' ? source : textOf(source, file);
  return at(file, [], () => parseJson(text));
}

function textOf(bytes: Uint8Array, file: string): string {
  const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzip(bytes, file) : bytes;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(plain);
  } catch (cause) {
    throw new IcebergError('corrupt', `${file} is not UTF-8 text`, { file }, { cause });
  }
}

function gunzip(bytes: Uint8Array, file: string): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_JSON_BYTES });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new IcebergError('corrupt', `${file} cannot be unpacked: ${reason}`, { file }, { cause });
  }
}

// ── The file ────────────────────────────────────────────────────────────────────────────────────────

const versionSchema = z.looseObject({ 'format-version': z.int().min(1) });

/** Version 1 leaves out the ids of partition fields: they are numbered in their order. */
const filePartitionFieldSchema = z.looseObject({
  'source-id': idSchema,
  'field-id': orNull(idSchema),
  name: z.string().min(1),
  transform: z.string().min(1),
});
const fileSpecSchema = z.looseObject({ 'spec-id': idSchema, fields: z.array(filePartitionFieldSchema) });

const fileSchema = z.looseObject({
  'format-version': z.int(),
  'table-uuid': orNull(z.string().min(1)),
  location: z.string().min(1),
  'last-sequence-number': orNull(countSchema),
  'last-updated-ms': countSchema,
  'last-column-id': idSchema,
  schema: orNull(schemaSchema),
  schemas: orNull(z.array(schemaSchema)),
  'current-schema-id': orNull(idSchema),
  'partition-spec': orNull(z.array(filePartitionFieldSchema)),
  'partition-specs': orNull(z.array(fileSpecSchema)),
  'default-spec-id': orNull(idSchema),
  'last-partition-id': orNull(idSchema),
  'sort-orders': orNull(z.array(sortOrderSchema)),
  'default-sort-order-id': orNull(idSchema),
  properties: orNull(propertiesSchema),
  'current-snapshot-id': orNull(snapshotIdSchema),
  snapshots: orNull(z.array(snapshotSchema)),
  'snapshot-log': orNull(z.array(logEntrySchema)),
  'metadata-log': orNull(z.array(metadataLogEntrySchema)),
  refs: orNull(z.record(z.string(), refSchema)),
  statistics: orNull(z.array(statisticsSchema)),
  'partition-statistics': orNull(z.array(partitionStatisticsSchema)),
});
type FileMetadata = z.infer<typeof fileSchema>;
type FileSpec = z.infer<typeof fileSpecSchema>;

const REQUIRED_IN_2 = [
  'table-uuid',
  'last-sequence-number',
  'schemas',
  'current-schema-id',
  'partition-specs',
  'default-spec-id',
  'last-partition-id',
  'sort-orders',
  'default-sort-order-id',
] as const;

function requireKeys(found: FileMetadata, file: string): void {
  for (const key of REQUIRED_IN_2)
    if (found[key] === undefined)
      throw problem('corrupt', file, [key], 'is missing, and version 2 requires it');
}

// ── Into the shape of version 2 ─────────────────────────────────────────────────────────────────────

const NO_SNAPSHOT = -1n;

function complete(found: FileMetadata, version: 1 | 2, file: string): TableMetadata {
  const { schema, 'partition-spec': spec, ...kept } = found;
  const schemas = found.schemas ?? (schema ? [schema] : []);
  const specs = specsOf(found['partition-specs'], spec);
  const orders = found['sort-orders'] ?? [];
  const default_order = found['default-sort-order-id'] ?? 0;
  const current = currentOf(found, file);
  return absent({
    ...kept,
    'format-version': version,
    'table-uuid': found['table-uuid'] ?? uuidOf(found.location),
    location: withoutSlash(found.location),
    'last-sequence-number': found['last-sequence-number'] ?? 0,
    'last-column-id': Math.max(found['last-column-id'], ...schemas.map(highestFieldId)),
    schemas,
    'current-schema-id': found['current-schema-id'] ?? schema?.['schema-id'] ?? 0,
    'partition-specs': specs,
    'default-spec-id': found['default-spec-id'] ?? 0,
    'last-partition-id': Math.max(found['last-partition-id'] ?? 0, highestPartitionId(specs)),
    'sort-orders': withUnsorted(orders, default_order),
    'default-sort-order-id': default_order,
    properties: found.properties ?? {},
    'current-snapshot-id': current,
    snapshots: found.snapshots ?? [],
    'snapshot-log': found['snapshot-log'] ?? [],
    'metadata-log': found['metadata-log'] ?? [],
    refs: refsOf(found.refs ?? {}, current),
    statistics: found.statistics ?? [],
    'partition-statistics': found['partition-statistics'] ?? [],
  });
}

function specsOf(specs: FileSpec[] | undefined, only: FileSpec['fields'] | undefined): PartitionSpec[] {
  return (specs ?? [{ 'spec-id': 0, fields: only ?? [] }]).map(spec => ({
    ...spec,
    fields: spec.fields.map((field, index) => ({
      ...field,
      'field-id': field['field-id'] ?? FIRST_PARTITION_ID + index,
    })),
  }));
}

export function highestPartitionId(specs: readonly PartitionSpec[]): number {
  return Math.max(
    FIRST_PARTITION_ID - 1,
    ...specs.flatMap(spec => spec.fields.map(field => field['field-id'])),
  );
}

/** "In no order" needs no entry of its own to be there. */
function withUnsorted(orders: SortOrder[], default_order: number): SortOrder[] {
  const isThere = orders.some(order => order['order-id'] === default_order);
  return isThere || default_order !== 0 ? orders : [{ 'order-id': 0, fields: [] }, ...orders];
}

/** Version 1 may be without. Every reader must find the same, so it comes from what does not change. */
function uuidOf(location: string): string {
  const hex = createHash('sha256').update(location).digest('hex');
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join('-');
}

function currentOf(found: FileMetadata, file: string): SnapshotId | undefined {
  const given = found['current-snapshot-id'];
  const current = given === NO_SNAPSHOT ? undefined : given;
  const main = found.refs?.[MAIN]?.['snapshot-id'];
  if (current !== undefined && main !== undefined && current !== main)
    throw problem('corrupt', file, ['current-snapshot-id'], `is ${current}, but branch main is at ${main}`);
  return current ?? main;
}

function refsOf(
  refs: Record<string, SnapshotRef>,
  current: SnapshotId | undefined,
): Record<string, SnapshotRef> {
  if (current === undefined || Object.hasOwn(refs, MAIN)) return refs;
  return { ...refs, [MAIN]: { 'snapshot-id': current, type: 'branch' } };
}

export function withoutSlash(location: string): string {
  return location.replace(/(?<=[^/])\/+$/, '');
}

// ── What must agree with what ───────────────────────────────────────────────────────────────────────

/** Fails when a part names another that is not there, or when two have one id. Schemas are checked where they come in. */
export function checkMetadata(
  metadata: TableMetadata,
  what = 'metadata',
  code: 'corrupt' | 'invalid' = 'corrupt',
): void {
  const wrong = (path: PropertyKey[], message: string) => problem(code, what, path, message);
  const unique = (ids: readonly (number | bigint)[], key: string): Set<number | bigint> => {
    const seen = new Set<number | bigint>();
    for (const [index, id] of ids.entries()) {
      if (seen.has(id)) throw wrong([key, index], `id ${id} is there twice`);
      seen.add(id);
    }
    return seen;
  };
  const exists = (ids: ReadonlySet<number | bigint>, id: number | bigint, path: PropertyKey[]): void => {
    if (!ids.has(id)) throw wrong(path, `is ${id}, which is not there`);
  };
  const schemas = unique(
    metadata.schemas.map(each => each['schema-id']),
    'schemas',
  );
  const specs = unique(
    metadata['partition-specs'].map(each => each['spec-id']),
    'partition-specs',
  );
  const orders = unique(
    metadata['sort-orders'].map(each => each['order-id']),
    'sort-orders',
  );
  const snapshots = unique(
    metadata.snapshots.map(each => each['snapshot-id']),
    'snapshots',
  );

  exists(schemas, metadata['current-schema-id'], ['current-schema-id']);
  exists(specs, metadata['default-spec-id'], ['default-spec-id']);
  exists(orders, metadata['default-sort-order-id'], ['default-sort-order-id']);
  const current = metadata['current-snapshot-id'];
  if (current !== undefined) exists(snapshots, current, ['current-snapshot-id']);
  for (const [name, ref] of Object.entries(metadata.refs))
    exists(snapshots, ref['snapshot-id'], ['refs', name, 'snapshot-id']);
}
