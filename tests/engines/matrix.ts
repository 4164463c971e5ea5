import assert from 'node:assert/strict';
import type { Engine, Operation, Row, Session, TableName } from './engine.ts';
import { KINDS } from './kinds.ts';

// What is expected of every engine, one operation at a time, each on tables of its own. After each the rows are read by us, and
// where we wrote, by the engine.

/** Our own side of it. */
export interface Ours {
  namespace: string;
  /** Made and filled by us. */
  make(table: TableName, rows: readonly Row[], options?: { partitioned?: boolean }): Promise<void>;
  /** By `id`; also proves that every file that the table names is there. */
  read(table: TableName): Promise<Row[]>;
  /** We go on where the engine stopped. */
  append(table: TableName, rows: readonly Row[]): Promise<void>;
  deleteWhere(table: TableName, id: number): Promise<void>;
  /** Of `kinds.ts`. */
  makeKinds(table: TableName, rows: readonly Row[]): Promise<void>;
  readKinds(table: TableName, like?: Row): Promise<Row[]>;
  snapshots(table: TableName): Promise<string[]>;
  refs(table: TableName): Promise<string[]>;
  properties(table: TableName): Promise<Record<string, string>>;
  tables(): Promise<string[]>;
  views(): Promise<string[]>;
  createView(view: TableName, sql: string, dialects: readonly string[]): Promise<void>;
}

export interface Check {
  /** In the docs. */
  title: string;
  operations: readonly Operation[];
  run(session: Required<Session>, ours: Ours, table: TableName): Promise<void>;
}

export const ROWS: readonly Row[] = [
  { id: 1, name: 'a', amount: 1.5 },
  { id: 2, name: 'b', amount: 2.5 },
  { id: 3, name: null, amount: null },
];
const MORE: readonly Row[] = [{ id: 4, name: "é=%'+#?&/", amount: 4.5 }];

const other = ({ namespace, name }: TableName): TableName => ({ namespace, name: `${name}_2` });
const full = ({ namespace, name }: TableName) => `${namespace}.${name}`;

export const CHECKS: readonly Check[] = [
  {
    title: 'list namespaces and tables',
    operations: ['list_namespaces', 'list_tables', 'create_namespace'],
    async run(session, ours, table) {
      await ours.make(table, []);
      await session.create_namespace(`${ours.namespace}_new`);
      const namespaces = await session.list_namespaces();
      assert.ok(
        namespaces.includes(ours.namespace) && namespaces.includes(`${ours.namespace}_new`),
        String(namespaces),
      );
      assert.ok((await session.list_tables(ours.namespace)).includes(full(table)));
    },
  },
  {
    title: 'read ours',
    operations: ['read'],
    async run(session, ours, table) {
      await ours.make(table, ROWS);
      await ours.append(table, MORE);
      assert.deepEqual(await session.read(table), [...ROWS, ...MORE]);
    },
  },
  {
    title: 'read ours, partitioned and with deletes',
    operations: ['read'],
    async run(session, ours, table) {
      await ours.make(table, [...ROWS, ...MORE], { partitioned: true });
      await ours.deleteWhere(table, 2);
      assert.deepEqual(await session.read(table), [ROWS[0], ROWS[2], ...MORE]);
    },
  },
  {
    title: 'read a former snapshot',
    operations: ['read_snapshot'],
    async run(session, ours, table) {
      await ours.make(table, ROWS);
      const [first = ''] = await ours.snapshots(table);
      await ours.append(table, MORE);
      assert.deepEqual(await session.read_snapshot(table, first), ROWS);
    },
  },
  {
    title: 'append to ours',
    operations: ['append'],
    async run(session, ours, table) {
      await ours.make(table, ROWS);
      await session.append(table, MORE);
      assert.deepEqual(await ours.read(table), [...ROWS, ...MORE]);
      // We write on what the engine wrote.
      await ours.deleteWhere(table, 4);
      assert.deepEqual(await ours.read(table), ROWS);
    },
  },
  {
    title: 'append to ours, partitioned',
    operations: ['append', 'read'],
    async run(session, ours, table) {
      await ours.make(table, ROWS, { partitioned: true });
      await session.append(table, MORE);
      assert.deepEqual(await ours.read(table), [...ROWS, ...MORE]);
      assert.deepEqual(await session.read(table), [...ROWS, ...MORE]);
    },
  },
  {
    title: 'read dates, decimals, nested values, under every partition',
    operations: ['read_kinds'],
    async run(session, ours, table) {
      await ours.makeKinds(table, KINDS);
      assert.deepEqual(await session.read_kinds(table), KINDS);
      for (const row of KINDS.slice(1)) assert.deepEqual(await session.read_kinds(table, row), [row]);
    },
  },
  {
    title: 'find what happened before 1970, under every partition',
    operations: ['find_before_1970'],
    async run(session, ours, table) {
      await ours.makeKinds(table, KINDS);
      const [early] = KINDS;
      assert.deepEqual(await session.find_before_1970(table, early), [early]);
    },
  },
  {
    title: 'append dates, decimals, nested values, under every partition',
    operations: ['append_kinds'],
    async run(session, ours, table) {
      const [early, late, empty] = KINDS;
      assert.ok(early && late && empty);
      await ours.makeKinds(table, [late]);
      await session.append_kinds(table, [early, empty]);
      assert.deepEqual(await ours.readKinds(table), KINDS);
      for (const row of KINDS) assert.deepEqual(await ours.readKinds(table, row), [row]);
    },
  },
  {
    title: 'create and fill',
    operations: ['create', 'append', 'read'],
    async run(session, ours, table) {
      await session.create(table);
      await session.append(table, ROWS);
      await ours.append(table, MORE);
      assert.deepEqual(await ours.read(table), [...ROWS, ...MORE]);
      assert.deepEqual(await session.read(table), [...ROWS, ...MORE]);
    },
  },
  {
    title: 'create partitioned',
    operations: ['create_partitioned', 'append'],
    async run(session, ours, table) {
      await session.create_partitioned(table);
      await session.append(table, ROWS);
      assert.deepEqual(await ours.read(table), ROWS);
    },
  },
  {
    title: 'create from a query',
    operations: ['create_as'],
    async run(session, ours, table) {
      await session.create_as(table, ROWS);
      assert.deepEqual(await ours.read(table), ROWS);
    },
  },
  {
    title: 'update',
    operations: ['update'],
    async run(session, ours, table) {
      await ours.make(table, ROWS);
      await session.update(table, 2, 20);
      assert.deepEqual(await ours.read(table), [ROWS[0], { id: 2, name: 'b', amount: 20 }, ROWS[2]]);
    },
  },
  {
    title: 'delete',
    operations: ['delete'],
    async run(session, ours, table) {
      await ours.make(table, ROWS);
      await session.delete(table, 1);
      assert.deepEqual(await ours.read(table), ROWS.slice(1));
      await ours.append(table, MORE);
      assert.deepEqual(await session.read(table), [...ROWS.slice(1), ...MORE]);
    },
  },
  {
    title: 'merge',
    operations: ['merge'],
    async run(session, ours, table) {
      await ours.make(table, ROWS);
      await session.merge(table, [{ id: 1, name: 'z', amount: 9 }, ...MORE]);
      assert.deepEqual(await ours.read(table), [{ id: 1, name: 'z', amount: 9 }, ...ROWS.slice(1), ...MORE]);
    },
  },
  {
    title: 'overwrite',
    operations: ['overwrite'],
    async run(session, ours, table) {
      await ours.make(table, ROWS);
      await session.overwrite(table, MORE);
      assert.deepEqual(await ours.read(table), MORE);
    },
  },
  {
    title: 'add a column',
    operations: ['add_column', 'read'],
    async run(session, ours, table) {
      await ours.make(table, ROWS);
      await session.add_column(table, 'extra');
      const filled = ROWS.map(row => ({ ...row, extra: null }));
      assert.deepEqual(await ours.read(table), filled);
      assert.deepEqual(await session.read(table), filled);
    },
  },
  {
    title: 'rename a column',
    operations: ['rename_column', 'read'],
    async run(session, ours, table) {
      await ours.make(table, ROWS);
      await session.rename_column(table, 'amount', 'total');
      const renamed = ROWS.map(({ id = null, name = null, amount = null }) => ({ id, name, total: amount }));
      assert.deepEqual(await ours.read(table), renamed);
      assert.deepEqual(await session.read(table), renamed);
    },
  },
  {
    title: 'drop a column',
    operations: ['drop_column', 'read'],
    async run(session, ours, table) {
      await ours.make(table, ROWS);
      await session.drop_column(table, 'amount');
      const narrow = ROWS.map(({ id = null, name = null }) => ({ id, name }));
      assert.deepEqual(await ours.read(table), narrow);
      assert.deepEqual(await session.read(table), narrow);
    },
  },
  {
    title: 'widen a column',
    operations: ['add_column', 'widen_column', 'append'],
    async run(session, ours, table) {
      await ours.make(table, ROWS);
      await session.add_column(table, 'extra');
      await session.widen_column(table, 'extra');
      assert.deepEqual(
        await ours.read(table),
        ROWS.map(row => ({ ...row, extra: null })),
      );
    },
  },
  {
    title: 'tag a snapshot',
    operations: ['tag'],
    async run(session, ours, table) {
      await ours.make(table, ROWS);
      await session.tag(table, 'closing');
      assert.deepEqual(await ours.refs(table), ['closing', 'main']);
    },
  },
  {
    title: 'set a property',
    operations: ['set_property'],
    async run(session, ours, table) {
      await ours.make(table, ROWS);
      await session.set_property(table, 'owner.team', 'fruit');
      assert.equal((await ours.properties(table))['owner.team'], 'fruit');
    },
  },
  {
    title: 'write two tables at once',
    operations: ['write_two'],
    async run(session, ours, table) {
      await ours.make(table, ROWS);
      await ours.make(other(table), ROWS);
      await session.write_two(table, other(table), MORE);
      assert.deepEqual(await ours.read(table), [...ROWS, ...MORE]);
      assert.deepEqual(await ours.read(other(table)), [...ROWS, ...MORE]);
    },
  },
  {
    title: 'rename',
    operations: ['rename'],
    async run(session, ours, table) {
      await ours.make(table, ROWS);
      await session.rename(table, other(table));
      assert.deepEqual(await ours.read(other(table)), ROWS);
      assert.ok(!(await ours.tables()).includes(full(table)));
    },
  },
  {
    title: 'drop',
    operations: ['drop'],
    async run(session, ours, table) {
      await ours.make(table, ROWS);
      await session.drop(table);
      assert.ok(!(await ours.tables()).includes(full(table)));
    },
  },
  {
    title: 'drop with its files',
    operations: ['purge'],
    async run(session, ours, table) {
      await ours.make(table, ROWS);
      await session.purge(table);
      assert.ok(!(await ours.tables()).includes(full(table)));
    },
  },
  {
    title: 'list views',
    operations: ['list_views'],
    async run(session, ours, view) {
      await ours.createView(view, 'SELECT 1 AS one', ['trino', 'spark']);
      assert.ok((await session.list_views(ours.namespace)).includes(full(view)));
    },
  },
  {
    title: 'create and read views',
    operations: ['create_view', 'read_view'],
    async run(session, ours, view) {
      await session.create_view(view, 'SELECT 1 AS one');
      assert.deepEqual(await session.read_view(view), [{ one: 1 }]);
      assert.ok((await ours.views()).includes(full(view)));
    },
  },
];

export type Outcome = 'yes' | `no: ${string}`;

/** Why an engine is not asked: what it says of itself. */
export function lackOf(engine: Engine, check: Check): string | undefined {
  return check.operations.map(operation => engine.lacks[operation]).find(reason => reason !== undefined);
}
