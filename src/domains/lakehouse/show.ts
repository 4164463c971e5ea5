import {
  ancestorsOf,
  currentSchema,
  currentSnapshot,
  defaultOrder,
  defaultSpec,
  diffSchemas,
  fieldName,
  printType,
  type Schema,
  type SchemaDifference,
  type Snapshot,
  type TableMetadata,
  walk,
} from '../../base/iceberg/index.ts';
import { toTimestamp } from '../../base/kit/clock.ts';
import type { LakeField, LakeHealth, LakeSnapshot, LakeTable, LakeTableDetail } from '../../contract/lake.ts';
import { total } from './facts.ts';
import { healthOf } from './health.ts';
import type { LakeRow, LoadedView } from './lake.ts';
import type { Committer } from './store/commits.ts';

// Rows and metadata in the words of the API.

export function showTable(row: LakeRow): LakeTable {
  const { id, kind, namespace, name, zone, mount, description, version, created_at, updated_at } = row;
  const { rows, bytes, files, delete_files, snapshots, columns, partitioned_by } = row;
  const { snapshot_id, committed_at, error } = row;
  return {
    ...{ id, kind, namespace, name, zone, mount, description, version, created_at, updated_at },
    ...{
      rows,
      bytes,
      files,
      delete_files,
      snapshots,
      columns,
      partitioned_by,
      snapshot_id,
      committed_at,
      error,
    },
    health: showHealth(row),
  };
}

function showHealth({ health, health_at, error }: LakeRow): LakeHealth {
  const known = healthOf(health);
  return {
    level: error ? 'poor' : (known?.level ?? 'unknown'),
    due: known?.due ?? [],
    small_files: known?.small_files ?? null,
    delete_files: known?.delete_files ?? null,
    snapshots: known?.snapshots ?? null,
    manifests: known?.manifests ?? null,
    metadata_bytes: known?.metadata_bytes ?? null,
    checked_at: health_at,
  };
}

// ── One table ───────────────────────────────────────────────────────────────────────────────────────

const NO_DETAIL = {
  format_version: null,
  fields: [],
  schema_id: null,
  schemas: [],
  partition_specs: [],
  sort_order: [],
  refs: [],
  table_properties: {},
  view: null,
  warnings: [],
};

/** A table whose metadata cannot be read is shown with what the catalog knows, and with what is wrong. */
export function showUnreadable(row: LakeRow): LakeTableDetail {
  const { table_uuid, location, metadata_location } = row;
  return { ...showTable(row), ...NO_DETAIL, table_uuid, location, metadata_location };
}

export function showDetail(row: LakeRow, metadata: TableMetadata): LakeTableDetail {
  const schema = currentSchema(metadata);
  return {
    ...showUnreadable(row),
    format_version: metadata['format-version'],
    fields: showFields(schema),
    schema_id: schema['schema-id'],
    schemas: metadata.schemas.map((each, at) => ({
      schema_id: each['schema-id'],
      since: sinceWhen(metadata, each),
      fields: showFields(each),
      changes: showChanges(metadata.schemas[at - 1], each),
    })),
    partition_specs: metadata['partition-specs'].map(spec => ({
      spec_id: spec['spec-id'],
      is_default: spec['spec-id'] === metadata['default-spec-id'],
      fields: spec.fields.map(({ name, transform, 'source-id': id }) => ({
        ...{ name, transform },
        source: sourceName(metadata, id),
      })),
    })),
    sort_order: defaultOrder(metadata).fields.map(({ transform, direction, 'source-id': id }) => ({
      ...{ transform, direction },
      source: sourceName(metadata, id),
    })),
    refs: refsOf(metadata),
    table_properties: metadata.properties,
    warnings: warningsOf(schema, metadata),
  };
}

export function showView({ row, metadata }: LoadedView): LakeTableDetail {
  const version = metadata.versions.find(each => each['version-id'] === metadata['current-version-id']);
  const schema = metadata.schemas.find(each => each['schema-id'] === version?.['schema-id']);
  const said = version?.representations[0];
  return {
    ...showUnreadable(row),
    fields: schema ? showFields(schema) : [],
    schema_id: schema?.['schema-id'] ?? null,
    table_properties: metadata.properties,
    view: {
      sql: textOf(said, 'sql'),
      dialect: textOf(said, 'dialect'),
      versions: metadata.versions.length,
    },
  };
}

/** Representations of other kinds than SQL may come. */
function textOf(said: unknown, key: string): string {
  if (typeof said !== 'object' || said === null) return '';
  const value = new Map<string, unknown>(Object.entries(said)).get(key);
  return typeof value === 'string' ? value : '';
}

export function showFields(schema: Schema): LakeField[] {
  const identifiers = new Set(schema['identifier-field-ids']);
  return [...walk(schema)].map(({ field, path }) => ({
    id: field.id,
    path: path.join('.'),
    depth: path.length - 1,
    name: field.name,
    type: printType(field.type),
    required: field.required,
    identifier: identifiers.has(field.id),
    doc: field.doc ?? null,
  }));
}

function sinceWhen({ snapshots }: TableMetadata, schema: Schema): string | null {
  const times = snapshots
    .filter(snapshot => snapshot['schema-id'] === schema['schema-id'])
    .map(snapshot => snapshot['timestamp-ms']);
  return times.length > 0 ? toTimestamp(times.reduce((a, b) => Math.min(a, b))) : null;
}

/** A column that was dropped is still what an old spec divides by. */
function sourceName({ schemas, ...metadata }: TableMetadata, id: number): string {
  const current = currentSchema({ ...metadata, schemas });
  const having = [current, ...schemas.toReversed()].find(schema =>
    [...walk(schema)].some(({ field }) => field.id === id),
  );
  return having ? fieldName(having, id) : `#${id}`;
}

function refsOf(metadata: TableMetadata): LakeTableDetail['refs'] {
  return Object.entries(metadata.refs).map(([name, ref]) => ({
    ...{ name, type: ref.type },
    snapshot_id: String(ref['snapshot-id']),
  }));
}

function warningsOf(schema: Schema, metadata: TableMetadata): string[] {
  const times = [...walk(schema)].filter(({ field }) => field.type === 'time');
  const warnings = times.map(
    ({ path }) => `${path.join('.')} is of type time, which Spark cannot read: it refuses the whole table.`,
  );
  const buckets = defaultSpec(metadata).fields.filter(({ transform }) => /^bucket/.test(transform));
  if (metadata['format-version'] === 1)
    warnings.push('The table is of format version 1; our first commit makes it version 2.');
  return buckets.length > 2 ? [...warnings, 'Many buckets make many small files.'] : warnings;
}

// ── What changed ────────────────────────────────────────────────────────────────────────────────────

/** Marks instead of words, which are the same in every language. */
export function showChanges(before: Schema | undefined, after: Schema): string[] {
  return before ? diffSchemas(before, after).map(showDifference) : [];
}

function showDifference(difference: SchemaDifference): string {
  const path = 'path' in difference ? difference.path.join('.') : '';
  switch (difference.kind) {
    case 'added':
      return `+ ${path} ${printType(difference.type)}${difference.required ? ' required' : ''}`;
    case 'dropped':
      return `- ${path} ${printType(difference.type)}`;
    case 'renamed':
      return `${difference.from.join('.')} → ${path}`;
    case 'moved':
      return `↕ ${path}`;
    case 'retyped':
      return `${path}: ${printType(difference.from)} → ${printType(difference.to)}`;
    case 'made_optional':
      return `${path}: required → optional`;
    case 'made_required':
      return `${path}: optional → required`;
    case 'described':
      return `${path}: "${difference.from}" → "${difference.to}"`;
    case 'identified':
      return `identifier: ${namesOf(difference.from)} → ${namesOf(difference.to)}`;
    default:
      return difference satisfies never;
  }
}

function namesOf(paths: readonly string[][]): string {
  return paths.length > 0 ? paths.map(path => path.join('.')).join(', ') : '∅';
}

// ── Snapshots ───────────────────────────────────────────────────────────────────────────────────────

/** Newest first. Times may lie, sequence numbers do not; tables of version 1 have only times. */
export function newestFirst({ snapshots }: TableMetadata): Snapshot[] {
  return snapshots.toSorted((a, b) => comparePlaces(placeOf(a), placeOf(b)));
}

/** Where a snapshot stands in that order, also when it is gone. */
export type SnapshotPlace = readonly [sequence_number: number, timestamp_ms: number, id: string];

export function placeOf(snapshot: Snapshot): SnapshotPlace {
  return [snapshot['sequence-number'], snapshot['timestamp-ms'], String(snapshot['snapshot-id'])];
}

export function comparePlaces(a: SnapshotPlace, b: SnapshotPlace): number {
  return b[0] - a[0] || b[1] - a[1] || Number(BigInt(b[2]) - BigInt(a[2]));
}

export function showSnapshots(
  metadata: TableMetadata,
  snapshots: readonly Snapshot[],
  committers: readonly Committer[],
): LakeSnapshot[] {
  const current = currentSnapshot(metadata)?.['snapshot-id'];
  const line = new Set(
    current === undefined ? [] : ancestorsOf(metadata, current).map(each => each['snapshot-id']),
  );
  const known = new Map(committers.map(committer => [committer.snapshot_id, committer]));
  const refs = Map.groupBy(refsOf(metadata), ref => ref.snapshot_id);
  return snapshots.map(snapshot => {
    const { summary } = snapshot;
    const id = snapshot['snapshot-id'];
    const parent = snapshot['parent-snapshot-id'];
    const who = known.get(String(id));
    return {
      snapshot_id: String(id),
      parent_id: parent === undefined ? null : String(parent),
      at: toTimestamp(snapshot['timestamp-ms']),
      operation: summary.operation,
      schema_id: snapshot['schema-id'] ?? null,
      current: id === current,
      ancestor: line.has(id),
      refs: (refs.get(String(id)) ?? []).map(({ name, type }) => ({ name, type })),
      added_rows: total(summary['added-records']),
      deleted_rows: total(summary['deleted-records']),
      added_files: total(summary['added-data-files']),
      deleted_files: total(summary['deleted-data-files']),
      total_rows: total(summary['total-records']),
      total_files: total(summary['total-data-files']),
      total_bytes: total(summary['total-files-size']),
      summary,
      actor: who?.actor?.name ?? null,
      via: who?.via ?? null,
      run_id: who?.run_id ?? null,
    };
  });
}
