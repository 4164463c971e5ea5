import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { sql } from 'kysely';
import pg from 'pg';
import { type TestDatabase, testDatabase } from '../../../tests/support/database.ts';
import { defer } from '../../../tests/support/defer.ts';
import {
  belongsToWorkspace,
  inOrderOfReference,
  makeRow,
  type Planted,
  plantRows,
  type Row,
} from '../../../tests/support/rows.ts';
import { isFailure } from '../kit/errors.ts';
import { newId } from '../kit/ids.ts';
import { clientConfig, codeOf, withClient } from './connection.ts';
import { openDoors, type Tx } from './doors.ts';
import { INSTANCE_DOOR } from './instance-door.ts';
import { readSchema, type Schema, type Table } from './schema/read.ts';

// ── What the migrations say ─────────────────────────────────────────────────────────────────────────

async function schemaOf(db: TestDatabase): Promise<Schema> {
  return withClient(db.owner, 'test', readSchema);
}

test('row-level security is forced on every table', async t => {
  const schema = await schemaOf(await testDatabase(t));
  assert(schema.tables.length > 15);
  assert.deepEqual(
    schema.tables.filter(table => table.row_security !== 'forced').map(({ name }) => name),
    [],
  );
});

test('the instance door opens on the listed tables, with the listed commands, and on no others', async t => {
  const schema = await schemaOf(await testDatabase(t));
  const granted = schema.tables.flatMap(table => {
    const may = table.grants.filter(grant => grant.role === 'moulin_instance').map(grant => grant.privilege);
    return may.length > 0 ? [[table.name, [...new Set(may)].sort().join(' ')] as const] : [];
  });
  const listed = Object.entries(INSTANCE_DOOR).map(([name, { may }]) => [name, may] as const);
  assert.deepEqual(new Map(granted), new Map(listed));
  const closed = schema.tables.filter(
    table =>
      table.name in INSTANCE_DOOR !== table.policies.some(policy => policy.roles.includes('moulin_instance')),
  );
  assert.deepEqual(
    closed.map(({ name }) => name),
    [],
    'a grant and a policy belong together',
  );
});

test('nothing is granted to everybody, or to the role that signs in', async t => {
  const schema = await schemaOf(await testDatabase(t));
  const roles = [...schema.tables, ...schema.sequences].flatMap(({ grants }) =>
    grants.map(grant => grant.role),
  );
  assert.deepEqual([...new Set(roles)].sort(), ['moulin_instance', 'moulin_workspace']);
});

// ── What the doors do ───────────────────────────────────────────────────────────────────────────────

interface Tenant {
  id: string;
  rows: Planted;
}

/** Two workspaces with a row in every table each. */
async function twoTenants(t: TestContext) {
  const db = await testDatabase(t);
  const schema = await schemaOf(db);
  const plant = async (): Promise<Tenant> => {
    const rows = await plantRows(schema, (table, row) => tryInsert(db, table, row));
    return { id: String(rows.get('workspaces')?.id), rows };
  };
  return { db, schema, mine: await plant(), foreign: await plant() };
}

async function tryInsert(db: TestDatabase, table: string, row: Row): Promise<boolean> {
  try {
    await db.store.withInstance('test', tx => insert(tx, table, row));
    return true;
  } catch (error) {
    // A check, or a column that must not be empty.
    if (['23514', '23502'].includes(codeOf(error))) return false;
    throw error;
  }
}

async function insert(tx: Tx, table: string, row: Row): Promise<void> {
  const names = Object.keys(row).map(name => sql.ref(name));
  const values = Object.values(row).map(value => sql`${value}`);
  await sql`insert into ${sql.table(table)} (${sql.join(names)}) values (${sql.join(values)})`.execute(tx);
}

/** The columns that the workspace door may read; none: it may not read the table. */
function readable(table: Table): string[] {
  const grants = table.grants.filter(one => one.role === 'moulin_workspace' && one.privilege === 'select');
  const columns = grants.flatMap(grant => (grant.column ? [grant.column] : []));
  return grants.some(grant => !grant.column) ? table.columns.map(({ name }) => name) : columns;
}

function mayDo(table: Table, privilege: string): boolean {
  return table.grants.some(grant => grant.role === 'moulin_workspace' && grant.privilege === privilege);
}

/** In the form of Iceberg's JDBC catalog the workspace is the name of the catalog, and our own column is computed from that. */
const IDENTITIES = ['id', 'slug', 'workspace_id', 'catalog_name'];

test('with the filter left out, every table shows the rows of the workspace and nothing foreign', async t => {
  const { db, schema, mine, foreign } = await twoTenants(t);
  const tables = schema.tables.filter(table => readable(table).length > 0 && table.name !== 'instance');
  assert(tables.length >= 10);
  for (const table of tables) {
    const columns = readable(table);
    const { rows } = await db.store.withWorkspace({ workspace_id: mine.id }, tx =>
      sql<Row>`select ${sql.join(columns.map(name => sql.ref(name)))} from ${sql.table(table.name)}`.execute(
        tx,
      ),
    );
    assert.equal(rows.length, 1, `${table.name}: one row of the workspace`);
    const planted = mine.rows.get(table.name) ?? {};
    const identity = columns.find(name => IDENTITIES.includes(name) && name in planted) ?? '';
    assert.deepEqual(rows[0]?.[identity], mine.rows.get(table.name)?.[identity], table.name);
    assert.notDeepEqual(rows[0]?.[identity], foreign.rows.get(table.name)?.[identity], table.name);
  }
});

test('a table that the workspace door does not need is closed to it', async t => {
  const { db, schema, mine } = await twoTenants(t);
  const closed = schema.tables.filter(table => readable(table).length === 0);
  assert(closed.some(table => table.name === 'sessions'));
  for (const table of closed)
    await assert.rejects(
      db.store.withWorkspace({ workspace_id: mine.id }, tx =>
        sql`select 1 from ${sql.table(table.name)}`.execute(tx),
      ),
      error => codeOf(error) === '42501',
      table.name,
    );
});

function ownerColumn(table: Table): string {
  const own = table.columns.find(({ name }) => name === 'workspace_id');
  return own?.generated ? 'catalog_name' : 'workspace_id';
}

test('a row cannot be written into another workspace, nor moved there', async t => {
  const { db, schema, mine, foreign } = await twoTenants(t);
  const inMine = <T>(work: (tx: Tx) => Promise<T>) => db.store.withWorkspace({ workspace_id: mine.id }, work);
  const isRefused = (error: unknown) => codeOf(error) === '42501';
  const tables = schema.tables.filter(belongsToWorkspace);
  const written: string[] = [];
  for (const table of tables.filter(one => mayDo(one, 'insert'))) {
    await assert.rejects(
      inMine(tx => insert(tx, table.name, makeRow(table, foreign.rows))),
      isRefused,
      table.name,
    );
    written.push(table.name);
  }
  for (const table of tables.filter(one => mayDo(one, 'update')))
    await assert.rejects(
      inMine(tx =>
        sql`update ${sql.table(table.name)} set ${sql.ref(ownerColumn(table))} = ${foreign.id}`.execute(tx),
      ),
      isRefused,
      table.name,
    );
  assert(written.length >= 8, written.join());
});

test('a delete without a filter leaves what is foreign', async t => {
  const { db, schema, mine, foreign } = await twoTenants(t);
  // What others refer to goes last.
  const tables = inOrderOfReference(schema)
    .filter(table => mayDo(table, 'delete') && belongsToWorkspace(table))
    .reverse();
  await db.store.withWorkspace({ workspace_id: mine.id }, async tx => {
    for (const table of tables) await sql`delete from ${sql.table(table.name)}`.execute(tx);
  });
  for (const table of tables) {
    const { rows } = await db.store.withInstance('test', tx =>
      sql<{ workspace_id: string }>`select workspace_id from ${sql.table(table.name)}`.execute(tx),
    );
    assert.deepEqual(rows, [{ workspace_id: foreign.id }], table.name);
  }
});

test('outside the doors the application’s role can touch nothing', async t => {
  const db = await testDatabase(t);
  const schema = await schemaOf(db);
  await withClient(db.app, 'test', async client => {
    for (const { name } of schema.tables)
      for (const statement of [
        `select from ${name}`,
        `delete from ${name}`,
        `insert into ${name} default values`,
      ])
        await assert.rejects(client.query(statement), error => codeOf(error) === '42501', statement);
    await assert.rejects(client.query('create table mine (id int)'), error => codeOf(error) === '42501');
    await assert.rejects(
      client.query('create temporary table mine (id int)'),
      error => codeOf(error) === '42501',
    );
  });
});

test('a transaction without a workspace is not begun', async t => {
  const { store } = await testDatabase(t);
  for (const workspace_id of ['', 'main', `${newId()}'; reset role; --`])
    await assert.rejects(
      store.withWorkspace({ workspace_id }, async () => assert.fail('it ran')),
      error => isFailure(error, 'workspace.required'),
    );
});

test('the audit log takes no change, not even from the owner', async t => {
  const { db } = await twoTenants(t);
  await withClient(db.owner, 'test', async client => {
    for (const statement of [
      'update audit_entries set action = $$x$$',
      'delete from audit_entries',
      'truncate audit_entries',
    ])
      await assert.rejects(client.query(statement), /append-only/, statement);
  });
});

// ── Transactions ────────────────────────────────────────────────────────────────────────────────────

async function addUser(tx: Tx, name: string): Promise<void> {
  await tx
    .insertInto('users')
    .values({ id: newId(), email: `${name}@example.com`, name })
    .execute();
}

async function names(db: TestDatabase): Promise<string[]> {
  const rows = await db.store.withInstance('test', tx =>
    tx.selectFrom('users').select('name').orderBy('name').execute(),
  );
  return rows.map(({ name }) => name);
}

test('what fails leaves nothing, and the connection is fit for the next one', async t => {
  const db = await testDatabase(t);
  await assert.rejects(
    db.store.withInstance('test', async tx => {
      await addUser(tx, 'ghost');
      throw new Error('changed my mind');
    }),
    /changed my mind/,
  );
  await db.store.withInstance('test', tx => addUser(tx, 'real'));
  assert.deepEqual(await names(db), ['real']);
});

test('an error that the work swallows still fails the transaction', async t => {
  const db = await testDatabase(t);
  await assert.rejects(
    db.store.withInstance('test', async tx => {
      await addUser(tx, 'ghost');
      await sql`select 1 / 0`.execute(tx).catch(() => {});
    }),
    /rolled back/,
  );
  assert.deepEqual(await names(db), []);
});

test('two transactions that lock crosswise both succeed: the one that loses is done again', async t => {
  const db = await testDatabase(t);
  await db.store.withInstance('test', async tx => {
    await addUser(tx, 'a');
    await addUser(tx, 'b');
  });
  let attempts = 0;
  let both_hold_one = () => {};
  let holding = 0;
  const meeting = new Promise<void>(resolve => {
    both_hold_one = resolve;
  });
  const touch = (tx: Tx, name: string) =>
    tx.updateTable('users').set({ version: sql`version + 1` }).where('name', '=', name).execute();
  const crosswise = (first: string, second: string) =>
    db.store.withInstance('test', async tx => {
      attempts += 1;
      await touch(tx, first);
      holding += 1;
      if (holding === 2) both_hold_one();
      await meeting;
      await touch(tx, second);
    });
  await Promise.all([crosswise('a', 'b'), crosswise('b', 'a')]);
  assert(attempts > 2);
  const rows = await db.store.withInstance('test', tx => tx.selectFrom('users').select('version').execute());
  assert.deepEqual(rows, [{ version: 3 }, { version: 3 }]);
});

test('a serializable transaction that cannot be ordered is done again', async t => {
  const db = await testDatabase(t);
  const add = (name: string) =>
    db.store.withInstance(
      'test',
      async tx => {
        const { count } = await tx
          .selectFrom('users')
          .select(({ fn }) => fn.countAll<string>().as('count'))
          .executeTakeFirstOrThrow();
        await addUser(tx, `${name} came as number ${count}`);
      },
      { isolation: 'serializable' },
    );
  await Promise.all(['a', 'b', 'c', 'd'].map(add));
  const numbers = (await names(db)).map(name => name.at(-1)).sort();
  assert.deepEqual(numbers, ['0', '1', '2', '3']);
});

test('a read-only transaction writes nothing', async t => {
  const { store } = await testDatabase(t);
  await assert.rejects(
    store.withInstance('test', tx => addUser(tx, 'x'), { read_only: true }),
    error => codeOf(error) === '25006',
  );
});

test('timestamps keep their microseconds, big numbers their digits', async t => {
  const { store } = await testDatabase(t);
  const { rows } = await store.withInstance('test', tx =>
    sql`select '2026-11-21 13:00:00.123456+01'::timestamptz six, '2026-11-21 12:00:00+00'::timestamptz none,
      array['2026-01-01 00:00:00.1+00'::timestamptz, null] list, 'infinity'::timestamptz forever,
      '2026-11-21'::date "day", 9007199254740993::bigint big, 1.10::numeric exact`.execute(tx),
  );
  assert.deepEqual(rows, [
    {
      six: '2026-11-21T12:00:00.123456Z',
      none: '2026-11-21T12:00:00.000000Z',
      list: ['2026-01-01T00:00:00.100000Z', null],
      forever: 'infinity',
      day: '2026-11-21',
      big: '9007199254740993',
      exact: '1.10',
    },
  ]);
});

test('a statement that takes too long is stopped by the role’s own limit', async t => {
  const { store } = await testDatabase(t);
  const { rows } = await store.withInstance('test', tx =>
    sql`select current_setting('statement_timeout') statement, current_setting('lock_timeout') "lock",
      current_setting('idle_in_transaction_session_timeout') idle`.execute(tx),
  );
  assert.deepEqual(rows, [{ statement: '30s', lock: '10s', idle: '1min' }]);
  await assert.rejects(
    store.withInstance('test', async tx => {
      await sql`set local statement_timeout = '50ms'`.execute(tx);
      await sql`select pg_sleep(10)`.execute(tx);
    }),
    error => isFailure(error, 'store.timeout'),
  );
});

// ── Prepared statements ─────────────────────────────────────────────────────────────────────────────

/** As often as it takes until a connection has a plan of its own, and PostgreSQL may keep one for all values. */
const OFTEN = Array.from({ length: 12 }, (_, n) => n);

test('a statement that is planned once shows each workspace its own rows only, through either door', async t => {
  const { db, mine, foreign } = await twoTenants(t);
  const secrets = (tx: Tx) => tx.selectFrom('secrets').select('workspace_id').orderBy('id').execute();
  const see = (id: string) =>
    db.store.withWorkspace({ workspace_id: id }, secrets, { prepared: true, read_only: true });
  for (const _ of OFTEN) {
    for (const { id } of [mine, foreign]) {
      const seen = await see(id);
      assert.deepEqual([...new Set(seen.map(row => row.workspace_id))], [id]);
    }
    const all = await db.store.withInstance('test', secrets, { prepared: true });
    assert.equal(new Set(all.map(row => row.workspace_id)).size, 2);
  }
});

test('a table that changes while its statements are prepared costs nobody anything', async t => {
  const db = await testDatabase(t);
  const rows = () =>
    db.store.withInstance('test', tx => sql`select * from instance where true = ${true}`.execute(tx), {
      prepared: true,
    });
  for (const _ of OFTEN) await rows();
  await withClient(db.owner, 'test', client => client.query('alter table instance add column more int'));
  assert.equal('more' in Object((await rows()).rows[0]), true);
});

test('a transaction may be given longer, by the server and by the driver, or less', async t => {
  const db = await testDatabase(t);
  // As in the product, where the role's limit is below the driver's, and a hundred times as fast.
  const pool = new pg.Pool({ ...clientConfig(db.app, 'test'), max: 1, query_timeout: 450 });
  pool.on('error', () => {});
  defer(t, () => pool.end());
  const doors = openDoors(pool, () => {});
  const sleep = (tx: Tx) => sql`select pg_sleep(0.7)`.execute(tx);
  await assert.rejects(doors.withInstance('test', sleep), error => isFailure(error, 'server.unavailable'));
  await doors.withInstance('test', sleep, { statement_seconds: 20 });
  await doors.withWorkspace({ workspace_id: newId() }, sleep, { statement_seconds: 20 });
  await assert.rejects(doors.withInstance('test', sleep, { statement_seconds: 0.1 }), error =>
    isFailure(error, 'store.timeout'),
  );
  // Only for that transaction: the next one on the same connection has the role's own limit.
  const limit = await doors.withInstance('test', tx =>
    sql<{ limit: string }>`select current_setting('statement_timeout') "limit"`.execute(tx),
  );
  assert.equal(limit.rows[0]?.limit, '30s');
});
