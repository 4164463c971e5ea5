import { z } from 'zod';
import {
  assignIds,
  columnType,
  type Field,
  findField,
  isIcebergError,
  parseType,
  type Schema,
  type SortOrder,
  type Type,
  transform,
  type Update,
} from '../../../base/iceberg/index.ts';
import { fail } from '../../../base/kit/errors.ts';
import { readSortedCursor, rowsOf, toSortedPage } from '../../../base/kit/pages.ts';
import { checkVersion } from '../../../base/kit/version.ts';
import type { lakeRoutes } from '../../../contract/lake.ts';
import type { Call, Handlers } from '../../../contract/route.ts';
import { actorOf, changesOf } from '../../access/index.ts';
import type { LakeRow } from '../lake.ts';
import { fullName } from '../names.ts';
import { inOurWords } from '../problems.ts';
import { showDetail, showTable, showUnreadable, showView } from '../show.ts';
import { describeTable, listTables, lockTable } from '../store/tables.ts';
import { contextOf, type LakeRouteParts, needTable, read, write } from './asking.ts';

type Routes = Pick<
  typeof lakeRoutes,
  | 'lake_tables.list'
  | 'lake_tables.create'
  | 'lake_tables.register'
  | 'lake_tables.show'
  | 'lake_tables.find'
  | 'lake_tables.edit'
  | 'lake_tables.delete'
>;

const sortedKey = z.tuple([z.string().max(3000), z.uuid()]);

export function tableHandlers(parts: LakeRouteParts): Handlers<Routes> {
  const { lake } = parts;
  return {
    'lake_tables.list': async call => {
      const { query, workspace_id } = call;
      const after = readSortedCursor(query, sortedKey);
      const rows = await read(parts, call, tx =>
        listTables(tx, {
          ...query,
          workspace_id,
          after: after && checkSorted(query.sort, after),
          rows: rowsOf(query.limit),
        }),
      );
      const page = toSortedPage(rows, query, row => [row.sorted, row.id]);
      return { ...page, items: page.items.map(showTable) };
    },
    'lake_tables.create': call => create(parts, call),
    'lake_tables.register': async call => {
      const { row, metadata } = await lake.tables.register(contextOf(call), call.body);
      return showDetail(row, metadata);
    },
    'lake_tables.show': async call => showOne(parts, call, await needTable(parts, call, call.params.id)),
    'lake_tables.find': async call => {
      const { name } = call.query;
      const row = await lake.tables.named(contextOf(call), name);
      if (!row || (await lake.access(call.principal, row)) === 'none') throw fail('lake.no_table', { name });
      return showOne(parts, call, row);
    },
    'lake_tables.edit': call => edit(parts, call),
    'lake_tables.delete': async call => {
      await needTable(parts, call, call.params.id);
      await lake.tables.drop(contextOf(call), call.params.id, call.query);
      return undefined;
    },
  };
}

/** A cursor carries text; PostgreSQL would fail on what is no number or time. */
function checkSorted(sort: string, after: [string, string]): [string, string] {
  const [value] = after;
  const fits = /rows|bytes/.test(sort)
    ? /^-?\d{1,18}$/
    : /committed_at/.test(sort)
      ? /^(-infinity|\d{4}-\d\d-\d\d .{8,25})$/
      : /^/;
  if (fits.test(value)) return after;
  const field = { path: 'query.cursor', code: 'cursor', message: 'is not a cursor that this list gave' };
  throw fail('request.invalid', { count: 1, summary: `${field.path} ${field.message}` }, { fields: [field] });
}

export async function showOne({ lake }: LakeRouteParts, call: Parameters<typeof contextOf>[0], row: LakeRow) {
  const context = contextOf(call);
  try {
    if (row.kind === 'view') return showView(await lake.tables.loadView(context, row.id));
    const { metadata } = await lake.tables.load(context, row.id);
    return showDetail({ ...row, error: null }, metadata);
  } catch (error) {
    // Shown all the same, with what is wrong: its name, its place and what is left to be done about it.
    const now = await lake.tables.get(context, row.id);
    if (!now?.error) throw error;
    return showUnreadable(now);
  }
}

// ── Making ──────────────────────────────────────────────────────────────────────────────────────────

async function create({ lake }: LakeRouteParts, call: Call<Routes['lake_tables.create']>) {
  const { namespace, name, description, fields, identifier, partition_by, sort_by, properties } = call.body;
  const made = await inOurWords(name, async () => {
    const schema = newSchema(fields, identifier);
    const spec = newSpec(schema, partition_by);
    const order = newOrder(schema, sort_by);
    return { schema, spec, order };
  });
  const fresh = { namespace, name, description, properties, ...made };
  const { row, metadata } = await lake.tables.create(contextOf(call), fresh);
  return showDetail(row, metadata);
}

type NewFields = Call<Routes['lake_tables.create']>['body']['fields'];

export function newSchema(fields: NewFields, identifier: readonly string[]): Schema {
  const listed = fields.map(
    ({ name, type, required, doc }): Field => ({
      ...{ id: 0, name, required, type: readType(type, name) },
      ...(doc !== undefined && doc !== '' && { doc }),
    }),
  );
  const { schema } = assignIds({ type: 'struct', 'schema-id': 0, fields: listed });
  const ids = identifier.map(path => idOf(schema, path));
  return ids.length > 0 ? { ...schema, 'identifier-field-ids': ids } : schema;
}

/** Iceberg's words, or DuckDB's. */
export function readType(text: string, column: string): Type {
  try {
    return parseType(text);
  } catch (error) {
    if (!isIcebergError(error)) throw error;
    return columnType(text, column);
  }
}

function idOf(schema: Schema, path: string): number {
  const found = findField(schema, path);
  if (!found) throw fail('lake.schema', { reason: `There is no field ${path}` });
  return found.field.id;
}

type PartitionBy = Call<Routes['lake_tables.create']>['body']['partition_by'];

export function newSpec(schema: Schema, partition_by: PartitionBy) {
  const names = new Set<string>();
  return {
    'spec-id': 0,
    fields: partition_by.map(({ field, transform: how }, at) => {
      // As other engines name them: `ordered_at_day`, and the column itself for what is divided by it.
      const { kind } = transform(how);
      const column = findField(schema, field)?.path.join('.') ?? field;
      const wanted = kind === 'identity' ? column : `${column}_${kind === 'truncate' ? 'trunc' : kind}`;
      const name = names.has(wanted) ? `${wanted}_${at + 1}` : wanted;
      names.add(name);
      return { 'source-id': idOf(schema, field), 'field-id': 1000 + at, name, transform: how };
    }),
  };
}

type SortBy = Call<Routes['lake_tables.create']>['body']['sort_by'];

function newOrder(schema: Schema, sort_by: SortBy): SortOrder {
  return {
    'order-id': sort_by.length > 0 ? 1 : 0,
    fields: sort_by.map(({ field, direction, nulls }) => ({
      'source-id': idOf(schema, field),
      transform: 'identity',
      direction,
      'null-order': nulls === 'first' ? 'nulls-first' : 'nulls-last',
    })),
  };
}

// ── Changing ────────────────────────────────────────────────────────────────────────────────────────

async function edit(parts: LakeRouteParts, call: Call<Routes['lake_tables.edit']>) {
  const { lake } = parts;
  const { params, body, version, workspace_id } = call;
  const context = contextOf(call);
  const before = await needTable(parts, call, params.id);
  checkVersion({ expected: version, current: before.version });
  if (before.mount !== null) throw fail('lake.read_only', { name: before.name, mount: before.mount });
  const updates = propertyUpdates(body.properties);
  if (updates.length > 0) await lake.commit(context, [{ table: before.id, requirements: [], updates }]);
  const to = { namespace: body.namespace ?? before.levels, name: body.name ?? before.name };
  if (to.name !== before.name || to.namespace.join('\n') !== before.levels.join('\n'))
    await lake.tables.rename(context, before.id, to);
  const { description } = body;
  if (description !== undefined && description !== before.description)
    await write(parts, call, async tx => {
      if (!(await lockTable(tx, workspace_id, before.id)))
        throw fail('object.not_found', { kind: 'table', id: before.id });
      await describeTable(tx, before.id, description);
      await parts.record(tx, actorOf(call), {
        ...{ workspace_id, action: 'table.changed' },
        object: { kind: 'table', id: before.id, name: fullName(to.namespace.join('.'), to.name) },
        changes: changesOf({ description: before.description }, { description }),
      });
    });
  return showOne(parts, call, await needTable(parts, call, before.id));
}

function propertyUpdates(properties: Readonly<Record<string, string | null>> = {}): Update[] {
  const entries = Object.entries(properties);
  const removals = entries.flatMap(([key, value]) => (value === null ? [key] : []));
  const set = entries.flatMap(([key, value]) => (value === null ? [] : [[key, value] as const]));
  return [
    ...(set.length > 0 ? [{ action: 'set-properties' as const, updates: Object.fromEntries(set) }] : []),
    ...(removals.length > 0 ? [{ action: 'remove-properties' as const, removals }] : []),
  ];
}
