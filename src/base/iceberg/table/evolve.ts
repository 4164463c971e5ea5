import { randomUUID } from 'node:crypto';
import type { Rewrite } from '../commit/index.ts';
import { IcebergError } from '../errors.ts';
import { quoteName, quoteText } from '../filter/index.ts';
import { applyUpdates, currentSchema, LAST_ADDED, type Update } from '../metadata/index.ts';
import type { Field, Schema, TableMetadata, Type } from '../model.ts';
import { openScan, planScan, tableAt } from '../scan/index.ts';
import { children, evolve, type SchemaChange } from '../schema/index.ts';
import type { Engine } from '../world.ts';
import { duckType, writeData } from '../write/index.ts';
import { type CommitWorld, commit, commitUpdates, replan, withUpdates } from './commits.ts';

/**
 * The changes, one after the other, as one new schema. Most of them touch no file. Where members inside structs are renamed or
 * come again under an old name, DuckDB would read NULL or the old values from the files that are there: those are written again,
 * in the same commit.
 */
export async function evolveTable(
  world: CommitWorld & { engine: Engine },
  changes: readonly SchemaChange[],
): Promise<Schema> {
  return replan(async () => {
    const { metadata } = await world.pointer.load();
    const evolution = evolve(metadata, changes);
    if (evolution.rewrites.length > 0) return rewriteFor(world, metadata, changes);
    const { after } = await commitUpdates(world, now => evolutionUpdates(now, changes));
    return currentSchema(after);
  });
}

/** What the changes are for the metadata as it is now. */
export function evolutionUpdates(metadata: TableMetadata, changes: readonly SchemaChange[]): Update[] {
  const { schema, last_column_id } = evolve(metadata, changes);
  return [
    { action: 'add-schema', schema, 'last-column-id': last_column_id },
    { action: 'set-current-schema', 'schema-id': LAST_ADDED },
  ];
}

async function rewriteFor(
  world: CommitWorld & { engine: Engine },
  metadata: TableMetadata,
  changes: readonly SchemaChange[],
): Promise<Schema> {
  const attempt = randomUUID();
  const operation = await stageEvolution(metadata, changes, world, attempt);
  const pointer = withUpdates(world.pointer, world.now, now => {
    checkStill(metadata, now);
    return evolutionUpdates(now, changes);
  });
  const { metadata: after } = await commit({ ...world, pointer }, operation, attempt);
  return currentSchema(after);
}

/**
 * All rows of the table as they are after the changes, in new files. To be committed in one with `evolutionUpdates`, and only on
 * the snapshot that this was made of.
 */
export async function stageEvolution(
  metadata: TableMetadata,
  changes: readonly SchemaChange[],
  world: Pick<CommitWorld, 'files' | 'reader' | 'now'> & { engine: Engine },
  attempt: string,
): Promise<Rewrite> {
  refuseBranches(metadata);
  const updates = evolutionUpdates(metadata, changes);
  const changed = applyUpdates(metadata, updates, { now_ms: world.now() });
  const schema = currentSchema(changed);
  const plan = await planScan(tableAt(metadata, world.reader));
  const scan = await openScan(plan, world);
  try {
    const added = await writeData(world.engine, world.files, {
      metadata: changed,
      select: `SELECT ${columnsAs(currentSchema(metadata), schema)} FROM (${scan.sql}) t`,
      attempt,
    });
    return {
      kind: 'rewrite',
      started_from: metadata['current-snapshot-id'] ?? null,
      schema_id: schema['schema-id'],
      removed: plan.files.map(({ file }) => file),
      removed_deletes: [...new Set(plan.files.flatMap(({ deletes }) => [...deletes]))],
      added,
    };
  } finally {
    scan.release();
  }
}

/** Their files would stay as they are. */
export function refuseBranches({ refs }: TableMetadata): void {
  const other = Object.keys(refs).find(name => name !== 'main' && refs[name]?.type === 'branch');
  if (other === undefined) return;
  throw new IcebergError(
    'schema_change',
    `files of this table must be written again for it, and branch ${other} has files of its own: drop it first`,
    { ref: other },
  );
}

/** A file that came meanwhile would stay as it is, and be read wrong: everything is done again. */
function checkStill(then: TableMetadata, now: TableMetadata): void {
  if (then['current-snapshot-id'] !== now['current-snapshot-id'])
    throw new IcebergError('conflict', 'others wrote to the table while its files were written again', {});
}

// ── Values of one schema as those of another, by field id ───────────────────────────────────────────

function columnsAs(before: Schema, after: Schema): string {
  const old = new Map(before.fields.map(field => [field.id, field]));
  return after.fields
    .map(field => {
      const from = old.get(field.id);
      const value = from
        ? valueAs(from.type, field.type, `t.${quoteName(from.name)}`, 0)
        : nothing(field.type);
      return `${value} AS ${quoteName(field.name)}`;
    })
    .join(', ');
}

function nothing(type: Type): string {
  return `CAST(NULL AS ${duckType(type)})`;
}

function valueAs(before: Type, after: Type, value: string, depth: number): string {
  if (typeof before === 'string' || typeof after === 'string') return `CAST(${value} AS ${duckType(after)})`;
  const [old, now] = [children(before), children(after)];
  const element = `e${depth}`;
  if (after.type === 'struct')
    return `CASE WHEN ${value} IS NULL THEN NULL ELSE struct_pack(${now.map(field => memberAs(old, field, value, depth)).join(', ')}) END`;
  if (after.type === 'list')
    return `list_transform(${value}, lambda ${element}: ${valueAs(typeOf(old[0]), after.element, element, depth + 1)})`;
  const key = valueAs(typeOf(old[0]), after.key, `${element}.key`, depth + 1);
  const entry = valueAs(typeOf(old[1]), after.value, `${element}.value`, depth + 1);
  return `map_from_entries(list_transform(map_entries(${value}), lambda ${element}: struct_pack(key := ${key}, value := ${entry})))`;
}

function memberAs(old: readonly Field[], field: Field, value: string, depth: number): string {
  const from = old.find(each => each.id === field.id);
  const member = from
    ? valueAs(from.type, field.type, `struct_extract(${value}, ${quoteText(from.name)})`, depth)
    : nothing(field.type);
  return `${quoteName(field.name)} := ${member}`;
}

function typeOf(field: Field | undefined): Type {
  if (field) return field.type;
  throw new IcebergError('corrupt', 'a list or map has nothing inside', {});
}
