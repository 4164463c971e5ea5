import { z } from 'zod';
import { LAKE_CARE, LAKE_ZONES, UPLOAD_PART_BYTES } from './lake-words.ts';
import { id, name, pageOf, pageQuery, sortedBy, timestamp, version } from './page.ts';
import { defineRoutes } from './route.ts';

// The lake: namespaces, tables and views, their snapshots, files and care. Numbers of 63 bits (ids of snapshots) are text.

const byId = z.object({ id });
const snapshotId = z
  .string()
  .regex(/^\d{1,19}$/, 'must be the number of a snapshot')
  .meta({ example: '4221893751047361' });
const count = z.number().int();

/** One level of a namespace, or a table: anything that can be seen, except what would make a path or the JDBC form ambiguous. */
export const lakeName = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters')
  .refine(text => text.trim() === text, 'must not begin or end with white space');
export const namespacePath = z.array(lakeName).min(1).max(8);

// ── Namespaces ──────────────────────────────────────────────────────────────────────────────────────

const properties = z.record(z.string().min(1).max(255), z.string().max(1000));
export const namespaceSchema = z.object({
  id,
  levels: z.array(z.string()),
  path: z.string(),
  description: z.string(),
  properties,
  /** Of a mounted catalog: its name. */
  mount: z.string().nullable(),
  tables: count,
  bytes: count,
  version,
  updated_at: timestamp,
});
export type LakeNamespace = z.infer<typeof namespaceSchema>;

// ── Tables ──────────────────────────────────────────────────────────────────────────────────────────

/** What is due, worst first. */
export const LAKE_DUE = ['compact', 'expire', 'manifests', 'orphans'] as const;
export const lakeHealthSchema = z.object({
  level: z.enum(['well', 'due', 'poor', 'unknown']),
  due: z.array(z.enum(LAKE_DUE)),
  small_files: count.nullable(),
  delete_files: count.nullable(),
  snapshots: count.nullable(),
  manifests: count.nullable(),
  metadata_bytes: count.nullable(),
  checked_at: timestamp.nullable(),
});
export type LakeHealth = z.infer<typeof lakeHealthSchema>;

export const lakeTableSchema = z.object({
  id,
  kind: z.enum(['table', 'view']),
  namespace: z.string(),
  name: z.string(),
  zone: z.enum(LAKE_ZONES),
  mount: z.string().nullable(),
  description: z.string(),
  rows: count.nullable(),
  bytes: count.nullable(),
  files: count.nullable(),
  delete_files: count.nullable(),
  snapshots: count,
  columns: count.nullable(),
  partitioned_by: z.array(z.string()),
  snapshot_id: z.string().nullable(),
  /** When its rows last changed. */
  committed_at: timestamp.nullable(),
  health: lakeHealthSchema,
  /** Why it cannot be read now. */
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  version,
  created_at: timestamp,
  updated_at: timestamp,
});
export type LakeTable = z.infer<typeof lakeTableSchema>;

export const lakeFieldSchema = z.object({
  id: z.number().int(),
  /** `address.city`, `tags.element`. */
  path: z.string(),
  depth: z.number().int(),
  name: z.string(),
  type: z.string(),
  required: z.boolean(),
  identifier: z.boolean(),
  doc: z.string().nullable(),
});
export type LakeField = z.infer<typeof lakeFieldSchema>;

/** How the schema is to be changed. Names are paths: `address.city`. */
export const schemaChangeSchema = z.discriminatedUnion('change', [
  z.strictObject({
    change: z.literal('add'),
    path: z.string().min(1).max(1000),
    type: z.string().min(1).max(10_000),
    doc: z.string().max(2000).optional(),
    after: z.string().max(1000).optional(),
  }),
  z.strictObject({ change: z.literal('drop'), path: z.string().min(1).max(1000) }),
  z.strictObject({ change: z.literal('rename'), path: z.string().min(1).max(1000), name: lakeName }),
  z.strictObject({
    change: z.literal('move'),
    path: z.string().min(1).max(1000),
    /** Null: to the front. */
    after: z.string().max(1000).nullable(),
  }),
  z.strictObject({
    change: z.literal('widen'),
    path: z.string().min(1).max(1000),
    type: z.string().max(200),
  }),
  z.strictObject({ change: z.literal('optional'), path: z.string().min(1).max(1000) }),
  z.strictObject({
    change: z.literal('doc'),
    path: z.string().min(1).max(1000),
    doc: z.string().max(2000),
  }),
  z.strictObject({ change: z.literal('identifier'), paths: z.array(z.string().max(1000)).max(100) }),
]);
export type LakeSchemaChange = z.infer<typeof schemaChangeSchema>;

export const newFieldSchema = z.strictObject({
  name: lakeName,
  /** Iceberg's or DuckDB's words: `long`, `decimal(10,2)`, `VARCHAR`, `STRUCT(a INTEGER)`. */
  type: z.string().min(1).max(10_000),
  required: z.boolean().default(false),
  doc: z.string().max(2000).optional(),
});
export const partitionBySchema = z
  .strictObject({ field: z.string().min(1).max(1000), transform: z.string().max(50).default('identity') })
  .meta({ example: { field: 'ordered_at', transform: 'day' } });
const sortBySchema = z.strictObject({
  field: z.string().min(1).max(1000),
  direction: z.enum(['asc', 'desc']).default('asc'),
  nulls: z.enum(['first', 'last']).default('last'),
});

export const lakeSnapshotSchema = z.object({
  snapshot_id: z.string(),
  parent_id: z.string().nullable(),
  at: timestamp,
  operation: z.string(),
  schema_id: z.number().int().nullable(),
  /** Of the line that leads to the current one. */
  current: z.boolean(),
  ancestor: z.boolean(),
  refs: z.array(z.object({ name: z.string(), type: z.enum(['branch', 'tag']) })),
  added_rows: count.nullable(),
  deleted_rows: count.nullable(),
  added_files: count.nullable(),
  deleted_files: count.nullable(),
  total_rows: count.nullable(),
  total_files: count.nullable(),
  total_bytes: count.nullable(),
  summary: z.record(z.string(), z.string()),
  /** As we know it: who, by what run. */
  actor: z.string().nullable(),
  via: z.string().nullable(),
  run_id: id.nullable(),
});
export type LakeSnapshot = z.infer<typeof lakeSnapshotSchema>;

export const lakeFileSchema = z.object({
  path: z.string(),
  content: z.enum(['data', 'position_deletes', 'equality_deletes']),
  format: z.string(),
  partition: z.string(),
  rows: count,
  bytes: count,
  snapshot_id: z.string(),
  sequence_number: z.number().int(),
  columns: z.array(
    z.object({
      path: z.string(),
      bytes: count.nullable(),
      values: count.nullable(),
      nulls: count.nullable(),
      nans: count.nullable(),
      lower: z.string().nullable(),
      upper: z.string().nullable(),
    }),
  ),
});
export type LakeFile = z.infer<typeof lakeFileSchema>;

export const lakePartitionSchema = z.object({
  partition: z.string(),
  spec_id: z.number().int(),
  rows: count,
  files: count,
  delete_files: count,
  bytes: count,
});
export type LakePartition = z.infer<typeof lakePartitionSchema>;

export const lakeTableDetailSchema = lakeTableSchema.extend({
  table_uuid: z.string().nullable(),
  location: z.string(),
  metadata_location: z.string().nullable(),
  format_version: z.number().int().nullable(),
  fields: z.array(lakeFieldSchema),
  schema_id: z.number().int().nullable(),
  schemas: z.array(
    z.object({
      schema_id: z.number().int(),
      /** When the first snapshot with it was made, where one was. */
      since: timestamp.nullable(),
      fields: z.array(lakeFieldSchema),
      changes: z.array(z.string()),
    }),
  ),
  partition_specs: z.array(
    z.object({
      spec_id: z.number().int(),
      is_default: z.boolean(),
      fields: z.array(z.object({ name: z.string(), source: z.string(), transform: z.string() })),
    }),
  ),
  sort_order: z.array(z.object({ source: z.string(), transform: z.string(), direction: z.string() })),
  refs: z.array(
    z.object({
      name: z.string(),
      type: z.enum(['branch', 'tag']),
      snapshot_id: z.string(),
    }),
  ),
  table_properties: z.record(z.string(), z.string()),
  view: z
    .object({
      sql: z.string(),
      dialect: z.string(),
      versions: count,
    })
    .nullable(),
  /** Said when somebody looks: a `time` column makes the table unreadable in Spark. */
  warnings: z.array(z.string()),
});
export type LakeTableDetail = z.infer<typeof lakeTableDetailSchema>;

export const lakeCompareSchema = z.object({
  from: z.string().nullable(),
  to: z.string(),
  rows_added: count,
  rows_removed: count,
  files_added: count,
  files_removed: count,
  bytes_added: count,
  bytes_removed: count,
  delete_files_added: count,
  delete_files_removed: count,
  schema_changes: z.array(z.string()),
  added: z.array(z.object({ path: z.string(), rows: count, bytes: count })),
  removed: z.array(z.object({ path: z.string(), rows: count, bytes: count })),
});
export type LakeCompare = z.infer<typeof lakeCompareSchema>;

// ── Care ────────────────────────────────────────────────────────────────────────────────────────────

const days = z.number().min(0).max(36_500);
/** What is done by itself. A table says what differs from its workspace. */
export const lakePolicySchema = z.strictObject({
  /** Off: only by hand. */
  automatic: z.boolean(),
  snapshot_days: days,
  snapshots_keep: z.number().int().min(1).max(100_000),
  /** Compaction is due from so many small files on. */
  small_files: z.number().int().min(2).max(1_000_000),
  target_file_mb: z.number().int().min(1).max(2048),
  /** Deletes that readers have to apply, as a share of the rows. */
  delete_share: z.number().min(0).max(1),
  orphan_days: days,
  /** Files of a dropped table. */
  dropped_days: days,
});
export type LakePolicy = z.infer<typeof lakePolicySchema>;
export const lakePolicyChangeSchema = lakePolicySchema.partial();
export const DEFAULT_LAKE_POLICY: Readonly<LakePolicy> = {
  automatic: true,
  snapshot_days: 7,
  snapshots_keep: 10,
  small_files: 50,
  target_file_mb: 256,
  delete_share: 0.1,
  orphan_days: 7,
  dropped_days: 7,
};
export const lakeCareSchema = z.object({
  id,
  kind: z.string(),
  at: timestamp,
  run_id: id.nullable(),
  result: z.record(z.string(), z.unknown()),
});
export type LakeCare = z.infer<typeof lakeCareSchema>;

// ── Other catalogs ──────────────────────────────────────────────────────────────────────────────────

export const mountSchema = z.object({
  id,
  name: z.string(),
  url: z.string(),
  warehouse: z.string().nullable(),
  auth: z.enum(['none', 'token', 'oauth2']),
  client_id: z.string().nullable(),
  tables: count,
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  refreshed_at: timestamp.nullable(),
  version,
});
export type LakeMount = z.infer<typeof mountSchema>;
const mountSettings = {
  name: lakeName,
  url: z
    .url({ protocol: /^https?$/ })
    .max(1000)
    .meta({ example: 'https://catalog.example.com/iceberg' }),
  warehouse: z.string().max(1000).nullish(),
  auth: z.enum(['none', 'token', 'oauth2']).default('none'),
  client_id: z.string().max(500).nullish(),
  /** The token, or the client's secret. Never answered. */
  secret: z.string().max(10_000).meta({ secret: true }).optional(),
  scope: z.string().max(500).nullish(),
};

/** How others reach this lake: what "how to read this table from …" is made of. */
export const lakeAccessSchema = z.object({
  catalog_uri: z.string(),
  warehouse: z.string(),
  storage: z.enum(['folder', 's3']),
  root: z.string(),
  region: z.string().nullable(),
  endpoint: z.string().nullable(),
  path_style: z.boolean(),
  /** Whether temporary keys can be handed out. */
  vends_credentials: z.boolean(),
});
export type LakeAccess = z.infer<typeof lakeAccessSchema>;

export const lakeSummarySchema = z.object({
  tables: count,
  views: count,
  rows: count,
  bytes: count,
  due: count,
  poor: count,
  newest: z.object({ id, namespace: z.string(), name: z.string(), committed_at: timestamp }).nullable(),
  /** The folder of the lake is not where it was: `moulin lake relocate`. */
  moved_from: z.string().nullable(),
});
export type LakeSummary = z.infer<typeof lakeSummarySchema>;

const started = z.object({ run_id: id });

export const lakeRoutes = defineRoutes({
  'lake.summary': {
    method: 'GET',
    path: '/lake',
    summary: 'The lake of the workspace in a few numbers',
    tag: 'Lake',
    permission: 'lake:read',
    output: lakeSummarySchema,
  },
  'lake.access': {
    method: 'GET',
    path: '/lake/access',
    summary: 'How engines reach this lake',
    tag: 'Lake',
    permission: 'lake:read',
    output: lakeAccessSchema,
  },
  'lake_namespaces.list': {
    method: 'GET',
    path: '/lake/namespaces',
    summary: 'Namespaces, by name',
    tag: 'Lake',
    permission: 'lake:read',
    query: pageQuery.extend({ text: z.string().max(200).optional() }),
    output: pageOf(namespaceSchema),
  },
  'lake_namespaces.create': {
    method: 'POST',
    path: '/lake/namespaces',
    summary: 'Make a namespace',
    tag: 'Lake',
    permission: 'lake:write',
    body: z.strictObject({
      levels: namespacePath,
      description: z.string().max(2000).default(''),
      properties: properties.default({}),
    }),
    output: namespaceSchema,
    status: 201,
    idempotent: true,
    errors: ['lake.namespace_taken', 'lake.name'],
  },
  'lake_namespaces.edit': {
    method: 'PATCH',
    path: '/lake/namespaces/{id}',
    summary: 'Change what is said of a namespace',
    tag: 'Lake',
    permission: 'lake:write',
    params: byId,
    body: z.strictObject({ description: z.string().max(2000), properties }).partial(),
    output: namespaceSchema,
    etag: 'write',
    errors: ['object.not_found'],
  },
  'lake_namespaces.delete': {
    method: 'DELETE',
    path: '/lake/namespaces/{id}',
    summary: 'Delete a namespace that holds nothing',
    tag: 'Lake',
    permission: 'lake:write',
    params: byId,
    output: 'empty',
    errors: ['object.not_found', 'lake.namespace_used'],
  },
  'lake_tables.list': {
    method: 'GET',
    path: '/lake/tables',
    summary: 'Tables and views',
    tag: 'Lake',
    permission: 'lake:read',
    query: pageQuery.extend({
      ...sortedBy('name', 'committed_at', '-committed_at', 'bytes', '-bytes', 'rows', '-rows'),
      text: z.string().max(200).optional(),
      namespace: z.string().max(2000).optional(),
      kind: z.enum(['table', 'view']).optional(),
      health: z.enum(['well', 'due', 'poor', 'unknown']).optional(),
    }),
    output: pageOf(lakeTableSchema),
  },
  'lake_tables.create': {
    method: 'POST',
    path: '/lake/tables',
    summary: 'Make an empty table',
    tag: 'Lake',
    permission: 'lake:write',
    body: z.strictObject({
      namespace: namespacePath,
      name: lakeName,
      description: z.string().max(2000).default(''),
      fields: z.array(newFieldSchema).min(1).max(10_000),
      identifier: z.array(z.string().max(1000)).max(100).default([]),
      partition_by: z.array(partitionBySchema).max(50).default([]),
      sort_by: z.array(sortBySchema).max(50).default([]),
      properties: properties.default({}),
    }),
    output: lakeTableDetailSchema,
    status: 201,
    idempotent: true,
    body_limit: 4 * 1024 * 1024,
    errors: ['lake.table_taken', 'lake.type', 'lake.schema', 'lake.name', 'lake.namespace_missing'],
  },
  'lake_tables.register': {
    method: 'POST',
    path: '/lake/tables/register',
    summary: 'Take in a table that is there already, by its newest metadata file or its folder',
    tag: 'Lake',
    permission: 'lake:configure',
    body: z.strictObject({ namespace: namespacePath, name: lakeName, location: z.string().min(1).max(1000) }),
    output: lakeTableDetailSchema,
    status: 201,
    idempotent: true,
    errors: ['lake.table_taken', 'lake.namespace_missing', 'lake.outside', 'lake.unsupported'],
  },
  'lake_tables.show': {
    method: 'GET',
    path: '/lake/tables/{id}',
    summary: 'One table: schema and its history, partitions, order, branches and tags',
    tag: 'Lake',
    permission: 'lake:read',
    params: byId,
    output: lakeTableDetailSchema,
    etag: 'read',
    errors: ['object.not_found'],
  },
  'lake_tables.find': {
    method: 'GET',
    path: '/lake/tables/find',
    summary: 'One table by its name, such as shop.orders',
    tag: 'Lake',
    permission: 'lake:read',
    query: z.object({ name: z.string().min(1).max(2000) }),
    output: lakeTableDetailSchema,
    errors: ['lake.no_table'],
  },
  'lake_tables.edit': {
    method: 'PATCH',
    path: '/lake/tables/{id}',
    summary: 'Rename, move, describe; its files stay where they are',
    tag: 'Lake',
    permission: 'lake:write',
    params: byId,
    body: z
      .strictObject({
        namespace: namespacePath,
        name: lakeName,
        description: z.string().max(2000),
        /** Null takes one away. */
        properties: z.record(z.string().min(1).max(255), z.string().max(1000).nullable()),
      })
      .partial(),
    output: lakeTableDetailSchema,
    etag: 'write',
    errors: [
      'object.not_found',
      'lake.table_taken',
      'lake.name',
      'lake.namespace_missing',
      'lake.read_only',
      'lake.busy',
    ],
  },
  'lake_tables.delete': {
    method: 'DELETE',
    path: '/lake/tables/{id}',
    summary: 'Drop a table; its files go when the policy says, or now',
    tag: 'Lake',
    permission: 'lake:write',
    params: byId,
    query: z.object({ purge: z.stringbool().default(false) }),
    output: 'empty',
    errors: ['object.not_found', 'lake.read_only'],
  },
  'lake_tables.evolve': {
    method: 'POST',
    path: '/lake/tables/{id}/schema',
    summary: 'Change the schema; what would lose data is refused by name',
    tag: 'Lake',
    permission: 'lake:write',
    params: byId,
    body: z.strictObject({
      changes: z.array(schemaChangeSchema).min(1).max(1000),
      /** Says what would happen, and does nothing. */
      dry_run: z.boolean().default(false),
    }),
    output: z.object({
      fields: z.array(lakeFieldSchema),
      changes: z.array(z.string()),
      /** Data files have to be written anew. */
      rewrites: z.array(z.string()),
    }),
    errors: ['object.not_found', 'lake.schema', 'lake.type', 'lake.read_only', 'lake.busy'],
  },
  'lake_tables.rewrite': {
    method: 'POST',
    path: '/lake/tables/{id}/schema/rewrite',
    summary: 'Change the schema where data files have to be written anew for it: as a run',
    tag: 'Lake',
    permission: 'lake:write',
    params: byId,
    body: z.strictObject({ changes: z.array(schemaChangeSchema).min(1).max(1000) }),
    output: started,
    status: 202,
    idempotent: true,
    errors: ['object.not_found', 'lake.schema', 'lake.type', 'lake.read_only'],
  },
  'lake_tables.partition': {
    method: 'POST',
    path: '/lake/tables/{id}/partitioning',
    summary:
      'Divide rows otherwise from now on; files that are there stay as they are until they are compacted',
    tag: 'Lake',
    permission: 'lake:write',
    params: byId,
    body: z.strictObject({ partition_by: z.array(partitionBySchema).max(50) }),
    output: lakeTableDetailSchema,
    errors: ['object.not_found', 'lake.schema', 'lake.read_only', 'lake.busy'],
  },
  'lake_tables.snapshots': {
    method: 'GET',
    path: '/lake/tables/{id}/snapshots',
    summary: 'Snapshots, newest first',
    tag: 'Lake',
    permission: 'lake:read',
    params: byId,
    query: pageQuery,
    output: pageOf(lakeSnapshotSchema),
    errors: ['object.not_found'],
  },
  'lake_tables.compare': {
    method: 'GET',
    path: '/lake/tables/{id}/compare',
    summary: 'What is different between two snapshots: rows, files, schema',
    tag: 'Lake',
    permission: 'lake:read',
    params: byId,
    query: z.object({ from: snapshotId.optional(), to: snapshotId }),
    output: lakeCompareSchema,
    errors: ['object.not_found', 'lake.no_snapshot'],
  },
  'lake_tables.files': {
    method: 'GET',
    path: '/lake/tables/{id}/files',
    summary: 'Files of a snapshot with their statistics',
    tag: 'Lake',
    permission: 'lake:read',
    params: byId,
    query: pageQuery.extend({
      snapshot: snapshotId.optional(),
      partition: z.string().max(2000).optional(),
      content: z.enum(['data', 'deletes']).optional(),
    }),
    output: pageOf(lakeFileSchema),
    errors: ['object.not_found', 'lake.no_snapshot'],
  },
  'lake_tables.partitions': {
    method: 'GET',
    path: '/lake/tables/{id}/partitions',
    summary: 'Partitions with their rows, files and bytes',
    tag: 'Lake',
    permission: 'lake:read',
    params: byId,
    query: pageQuery,
    output: pageOf(lakePartitionSchema),
    errors: ['object.not_found'],
  },
  'lake_tables.rollback': {
    method: 'POST',
    path: '/lake/tables/{id}/rollback',
    summary: 'Make a former snapshot the current one',
    tag: 'Lake',
    permission: 'lake:write',
    params: byId,
    body: z.strictObject({ snapshot_id: snapshotId, dry_run: z.boolean().default(false) }),
    output: lakeCompareSchema,
    errors: ['object.not_found', 'lake.no_snapshot', 'lake.read_only', 'lake.busy'],
  },
  'lake_tables.ref_put': {
    method: 'PUT',
    path: '/lake/tables/{id}/refs/{ref}',
    summary: 'Make or move a branch or a tag',
    tag: 'Lake',
    permission: 'lake:write',
    params: byId.extend({ ref: lakeName }),
    body: z.strictObject({
      type: z.enum(['branch', 'tag']),
      snapshot_id: snapshotId,
      /** After so many days it may be forgotten. */
      max_age_days: z.number().min(0).max(36_500).optional(),
    }),
    output: 'empty',
    errors: ['object.not_found', 'lake.no_snapshot', 'lake.read_only', 'lake.busy', 'lake.ref'],
  },
  'lake_tables.ref_delete': {
    method: 'DELETE',
    path: '/lake/tables/{id}/refs/{ref}',
    summary: 'Forget a branch or a tag',
    tag: 'Lake',
    permission: 'lake:write',
    params: byId.extend({ ref: lakeName }),
    output: 'empty',
    errors: ['object.not_found', 'lake.read_only', 'lake.busy', 'lake.ref'],
  },
  'lake_tables.maintain': {
    method: 'POST',
    path: '/lake/tables/{id}/maintain',
    summary: 'Expire snapshots, compact, remove orphans, rewrite manifests: as a run',
    tag: 'Lake',
    permission: 'lake:maintain',
    params: byId,
    body: z.strictObject({ kinds: z.array(z.enum(LAKE_CARE)).min(1).max(4) }),
    output: started,
    status: 202,
    idempotent: true,
    errors: ['object.not_found', 'lake.read_only'],
  },
  'lake_tables.care': {
    method: 'GET',
    path: '/lake/tables/{id}/maintenance',
    summary: 'What was done to keep the table well, newest first',
    tag: 'Lake',
    permission: 'lake:read',
    params: byId,
    query: pageQuery,
    output: pageOf(lakeCareSchema),
    errors: ['object.not_found'],
  },
  'lake_tables.policy': {
    method: 'GET',
    path: '/lake/tables/{id}/policy',
    summary: 'What is done to the table by itself',
    tag: 'Lake',
    permission: 'lake:read',
    params: byId,
    output: z.object({ policy: lakePolicySchema, own: z.array(z.string()), version }),
    etag: 'read',
    errors: ['object.not_found'],
  },
  'lake_tables.policy_put': {
    method: 'PUT',
    path: '/lake/tables/{id}/policy',
    summary: 'Say what differs from the policy of the workspace',
    tag: 'Lake',
    permission: 'lake:maintain',
    params: byId,
    body: lakePolicyChangeSchema,
    output: z.object({ policy: lakePolicySchema, own: z.array(z.string()), version }),
    etag: 'write',
    errors: ['object.not_found'],
  },
  'lake_policy.show': {
    method: 'GET',
    path: '/lake/policy',
    summary: 'What is done to all tables by itself',
    tag: 'Lake',
    permission: 'lake:read',
    output: z.object({ policy: lakePolicySchema, version }),
    etag: 'read',
  },
  'lake_policy.put': {
    method: 'PUT',
    path: '/lake/policy',
    summary: 'Change what is done to all tables by itself',
    tag: 'Lake',
    permission: 'lake:configure',
    body: lakePolicySchema,
    output: z.object({ policy: lakePolicySchema, version }),
    etag: 'write',
  },
  'lake_files.upload': {
    method: 'POST',
    path: '/lake/uploads',
    summary: 'Send a file, in as many parts as it needs; it is kept for a day, for an import to take',
    tag: 'Lake',
    permission: 'lake:write',
    query: z.object({
      /** Of the file, as its owner calls it. */
      name,
      /** What the first part was answered; absent: this is the first one. */
      upload_id: id.optional(),
      /** Parts are joined in this order; one that is sent again replaces what was there. */
      part: z.coerce.number().int().min(1).max(99_999).default(1),
    }),
    bytes: true,
    body_limit: UPLOAD_PART_BYTES,
    output: z.object({ upload_id: id, part: count, bytes: count }),
    status: 201,
    errors: ['lake.upload'],
  },
  'lake_tables.import': {
    method: 'POST',
    path: '/lake/import',
    summary: 'Write uploaded files into a table, as a run; the table is made where there is none',
    tag: 'Lake',
    permission: 'lake:write',
    body: z.strictObject({
      namespace: namespacePath,
      name: lakeName,
      upload_ids: z.array(id).min(1).max(1000),
      format: z.enum(['csv', 'ndjson', 'json', 'parquet']),
      /** `overwrite`: in place of the rows that match `where`; without it, of everything in the partitions that the rows belong to. */
      mode: z.enum(['append', 'replace', 'overwrite', 'merge']).default('append'),
      where: z.string().min(1).max(10_000).optional().meta({ example: "day = DATE '2026-01-31'" }),
      /** For `merge`: what makes two rows the same. */
      key: z.array(z.string().max(1000)).max(50).default([]),
      partition_by: z.array(partitionBySchema).max(50).default([]),
    }),
    output: started,
    status: 202,
    idempotent: true,
    errors: ['lake.upload', 'lake.read_only', 'lake.filter'],
  },
  'lake_tables.export': {
    method: 'POST',
    path: '/lake/tables/{id}/export',
    summary: 'Write a snapshot into one file, as a run',
    tag: 'Lake',
    permission: 'lake:read',
    params: byId,
    body: z.strictObject({
      format: z.enum(['csv', 'ndjson', 'parquet']),
      snapshot: snapshotId.optional(),
      filter: z.string().max(10_000).optional(),
    }),
    output: started,
    status: 202,
    idempotent: true,
    errors: ['object.not_found', 'lake.no_snapshot', 'lake.filter'],
  },
  'lake_files.download': {
    method: 'GET',
    path: '/lake/exports/{run_id}',
    summary: 'The file that an export made',
    tag: 'Lake',
    permission: 'lake:read',
    params: z.object({ run_id: id }),
    output: 'stream',
    errors: ['object.not_found'],
  },
  'lake_mounts.list': {
    method: 'GET',
    path: '/lake/mounts',
    summary: 'Catalogs of others that are shown here, read-only',
    tag: 'Lake',
    permission: 'lake:read',
    query: pageQuery,
    output: pageOf(mountSchema),
  },
  'lake_mounts.create': {
    method: 'POST',
    path: '/lake/mounts',
    summary: 'Show another REST catalog here',
    tag: 'Lake',
    permission: 'lake:configure',
    body: z.strictObject(mountSettings),
    output: mountSchema,
    status: 201,
    idempotent: true,
    errors: ['lake.mount_taken', 'lake.mount_failed', 'outbound.refused'],
  },
  'lake_mounts.refresh': {
    method: 'POST',
    path: '/lake/mounts/{id}/refresh',
    summary: 'Look again what is there',
    tag: 'Lake',
    permission: 'lake:maintain',
    params: byId,
    output: mountSchema,
    errors: ['object.not_found', 'lake.mount_failed', 'outbound.refused'],
  },
  'lake_mounts.delete': {
    method: 'DELETE',
    path: '/lake/mounts/{id}',
    summary: 'Show it no longer; nothing there is touched',
    tag: 'Lake',
    permission: 'lake:configure',
    params: byId,
    output: 'empty',
    errors: ['object.not_found'],
  },
});
