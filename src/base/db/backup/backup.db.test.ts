import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { sql } from 'kysely';
import { bareDatabase, type TestDatabase, testDatabase } from '../../../../tests/support/database.ts';
import { plantRows, type Row } from '../../../../tests/support/rows.ts';
import { scratchFolder } from '../../../../tests/support/scratch.ts';
import type { ErrorCode } from '../../../contract/errors.ts';
import { isFailure } from '../../kit/errors.ts';
import { newId } from '../../kit/ids.ts';
import { type Address, codeOf, withClient } from '../connection.ts';
import { migrate, readMigrations } from '../migrate.ts';
import { openPrepared, openStore } from '../open.ts';
import { prepareStore, restoreStore } from '../prepare.ts';
import { dumpSchema } from '../schema/dump.ts';
import { readSchema } from '../schema/read.ts';
import { END, sha256, writeHeader } from './archive.ts';
import { backUpBeforeUpgrade, listBackups, writeBackup } from './files.ts';
import { PIECE_BYTES } from './manifest.ts';
import { verifyBackup } from './read.ts';
import { restoreBackup } from './restore.ts';
import { streamBackup } from './write.ts';

/** Several workspaces with rows in every table: awkward text, bytes, NULLs, microseconds, rows that end a piece. */
async function filledStore(t: TestContext): Promise<TestDatabase> {
  const db = await testDatabase(t);
  const schema = await withClient(db.owner, 'test', readSchema);
  for (let count = 0; count < 3; count += 1)
    await plantRows(schema, (table, row) => tryInsert(db, table, row));
  await db.store.withInstance('test', async tx => {
    await sql`update instance set key_id = 'key-1', key_canary = ${randomBytes(40)}`.execute(tx);
    await sql`select nextval('event_positions') from generate_series(1, 4711)`.execute(tx);
  });
  return db;
}

async function tryInsert(db: TestDatabase, table: string, row: Row): Promise<boolean> {
  try {
    await db.store.withInstance('test', async tx => {
      const names = Object.keys(row).map(name => sql.ref(name));
      const values = Object.values(row).map(value => sql`${value}`);
      await sql`insert into ${sql.table(table)} (${sql.join(names)}) values (${sql.join(values)})`.execute(
        tx,
      );
    });
    return true;
  } catch (error) {
    if (['23514', '23502'].includes(codeOf(error))) return false;
    throw error;
  }
}

/** Every row of every table, as PostgreSQL itself writes it down, and where every sequence stands. */
async function everything(app: Address, owner: Address): Promise<Record<string, unknown[]>> {
  const schema = await withClient(owner, 'test', readSchema);
  const store = await openPrepared(app, newId());
  const snapshot = await store.openSnapshot('compare');
  try {
    const found: Record<string, unknown[]> = {};
    for (const { name } of schema.tables)
      found[name] = await snapshot.query(
        `select t::text "row" from "${name}" t order by t::text collate "C"`,
      );
    // When each store was migrated is its own affair.
    delete found.schema_migrations;
    const sequences = await snapshot.query<{ name: string }>(
      `select relname "name" from pg_class where relkind = 'S' and relnamespace = 'public'::regnamespace order by 1`,
    );
    for (const { name } of sequences)
      found[name] = await snapshot.query(`select last_value, is_called from "${name}"`);
    return found;
  } finally {
    await snapshot.close();
    await store.close();
  }
}

const refusal =
  (code: ErrorCode, about = /./) =>
  (error: unknown) =>
    isFailure(error, code) && about.test(error.message);

test('what is restored is what was backed up: every row of every table, the schema, the sequences', async t => {
  const source = await filledStore(t);
  const file = join(scratchFolder(t), 'all.moulin-backup');
  const { manifest, summary } = await writeBackup(source.store, file);
  const before = await everything(source.app, source.owner);
  assert(
    Object.values(before).every(rows => rows.length > 0),
    'every table holds something',
  );

  const target = await bareDatabase(t);
  await restoreBackup(target.owner, await verifyBackup(file));

  assert.deepEqual(await everything(target.app, target.owner), before);
  const schemaOf = (owner: Address) =>
    withClient(owner, 'test', async client => dumpSchema(await readSchema(client)));
  assert.equal(
    await schemaOf(target.owner),
    await schemaOf(source.owner),
    'row-level security is forced again',
  );
  assert.equal(manifest.instance_id, source.instance_id);
  assert.equal(manifest.key_id, 'key-1');
  assert.equal(summary.tables.users?.rows, 3);
  const migrated = await withClient(target.owner, 'test', async client =>
    migrate(client, await readMigrations()),
  );
  assert.deepEqual(migrated.applied, [], 'a start goes on from there');
});

test('tables of many pieces come back whole, in memory that does not grow with them', async t => {
  const source = await testDatabase(t);
  await source.store.withInstance('test', tx =>
    // About 30 MB that do not compress, in rows of every size.
    sql`insert into events (id, type, subject, payload)
      select gen_random_uuid(), 'x', n::text, jsonb_build_object('noise', (
        select string_agg(md5(random()::text || n || m), '') from generate_series(1, n % 200) m))
      from generate_series(1, 9000) n`.execute(tx),
  );
  const file = join(scratchFolder(t), 'large.moulin-backup');
  const { summary } = await writeBackup(source.store, file);
  assert((summary.tables.events?.pieces ?? 0) > 5, 'several pieces');
  const target = await bareDatabase(t);
  await restoreBackup(target.owner, await verifyBackup(file));
  assert.deepEqual(await everything(target.app, target.owner), await everything(source.app, source.owner));
});

test('one moment is backed up: what is committed while it runs is not in it', async t => {
  const source = await filledStore(t);
  const file = join(scratchFolder(t), 'moment.moulin-backup');
  const before = await everything(source.app, source.owner);
  const snapshot = await source.store.openSnapshot('backup');
  // The moment is that of the first read, which is the backup's own.
  await snapshot.query('select 1');
  await source.store.withInstance('test', tx =>
    tx.insertInto('users').values({ id: newId(), email: 'late@example.com', name: 'late' }).execute(),
  );
  await writeBackup({ openSnapshot: async () => snapshot }, file);
  const target = await bareDatabase(t);
  await restoreBackup(target.owner, await verifyBackup(file));
  assert.deepEqual(await everything(target.app, target.owner), before);
});

test('a backup is an ordinary tar file with checksums, which other programs can unpack', async t => {
  const source = await filledStore(t);
  const folder = scratchFolder(t);
  await writeBackup(source.store, join(folder, 'open.moulin-backup'));
  const unpacked = join(folder, 'unpacked');
  mkdirSync(unpacked);
  const run = (program: string, ...args: string[]) =>
    spawnSync(program, args, { cwd: unpacked, encoding: 'utf8' });
  const tar = run('tar', '-xf', '../open.moulin-backup');
  assert.equal(tar.status, 0, tar.stderr);
  assert.deepEqual(readdirSync(unpacked).sort(), [
    'SHA256SUMS',
    'manifest.json',
    'summary.json',
    'tables',
    'trailer.json',
  ]);
  const lines = readFileSync(join(unpacked, 'SHA256SUMS'), 'utf8').trim().split('\n');
  for (const line of lines) {
    const [sum, name = ''] = line.split('  ');
    assert.equal(sha256(readFileSync(join(unpacked, name))), sum, name);
  }
});

test('it holds no key, can be read by nobody else, and leaves nothing half-written', async t => {
  const source = await filledStore(t);
  const folder = scratchFolder(t);
  await writeBackup(source.store, join(folder, 'a.moulin-backup'));
  assert.deepEqual(readdirSync(folder), ['a.moulin-backup']);
  assert.equal(statSync(join(folder, 'a.moulin-backup')).mode & 0o777, 0o600);
});

test('a backup replaces no file, and one that cannot be written leaves none', async t => {
  const source = await filledStore(t);
  const folder = scratchFolder(t);
  const file = join(folder, 'a.moulin-backup');
  writeFileSync(file, 'precious');
  await assert.rejects(writeBackup(source.store, file), refusal('backup.file_exists'));
  assert.equal(readFileSync(file, 'utf8'), 'precious');
  await assert.rejects(
    writeBackup(source.store, join(folder, 'no', 'such', 'folder')),
    refusal('backup.not_written', /no such/),
  );
  assert.deepEqual(readdirSync(folder), ['a.moulin-backup']);
});

test('a backup that is cut off by the store leaves nothing, and what a killed one left is removed', async t => {
  const source = await filledStore(t);
  const folder = scratchFolder(t);
  const file = join(folder, 'a.moulin-backup');
  // A process number that nobody has: of one that has just ended.
  writeFileSync(`${file}.${spawnSync('true').pid}.part`, 'half');
  const snapshot = await source.store.openSnapshot('backup');
  const breaking = {
    ...snapshot,
    async *copyOut(select: string) {
      if (/"events"/.test(select)) await source.cutSessions();
      return yield* snapshot.copyOut(select);
    },
  };
  await assert.rejects(
    writeBackup({ openSnapshot: async () => breaking }, file),
    refusal('server.unavailable'),
  );
  assert.deepEqual(readdirSync(folder), []);
});

// ── What is refused, before anything is touched ─────────────────────────────────────────────────────

async function isUntouched(owner: Address): Promise<boolean> {
  return withClient(owner, 'test', async client => (await readSchema(client)).tables.length === 0);
}

async function restoreFile(owner: Address, file: string): Promise<void> {
  await restoreBackup(owner, await verifyBackup(file));
}

test('damage anywhere in the file is found before the store is touched', async t => {
  const source = await filledStore(t);
  const folder = scratchFolder(t);
  const file = join(folder, 'good.moulin-backup');
  await writeBackup(source.store, file);
  const good = readFileSync(file);
  const target = await bareDatabase(t);
  const bad = join(folder, 'bad.moulin-backup');
  // Each part of the format, and a few places anywhere.
  const places = [0, 10, 130, 300, 600, good.length - 1, good.length - 1500, good.length - 3000];
  for (let count = 0; count < 40; count += 1) places.push(Math.floor((good.length * count) / 40));
  for (const place of places) {
    const damaged = Buffer.from(good);
    damaged[place] = (damaged[place] ?? 0) ^ 0x41;
    writeFileSync(bad, damaged);
    await assert.rejects(restoreFile(target.owner, bad), refusal('backup.damaged'), `byte ${place}`);
  }
  for (const length of [
    0,
    1,
    511,
    512,
    5000,
    Math.floor(good.length / 2),
    good.length - 1024,
    good.length - 1,
  ]) {
    copyFileSync(file, bad);
    truncateSync(bad, length);
    await assert.rejects(restoreFile(target.owner, bad), refusal('backup.damaged'), `${length} bytes`);
  }
  writeFileSync(bad, Buffer.concat([good, Buffer.from('x')]));
  await assert.rejects(restoreFile(target.owner, bad), refusal('backup.damaged', /follows its end/));
  assert(await isUntouched(target.owner));
});

test('files that are no backups, and backups of the future, are refused in words', async t => {
  const folder = scratchFolder(t);
  const target = await bareDatabase(t);
  const write = (name: string, content: string | Buffer) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const tarOf = (name: string, body: string) =>
    Buffer.concat([
      writeHeader({ name, size: body.length }, 0),
      Buffer.from(body.padEnd(Math.ceil(body.length / 512) * 512, '\0')),
      END,
    ]);
  const manifest = {
    product: 'moulin',
    format: 3,
    created_at: '2030-01-01T00:00:00.000000Z',
    instance_id: newId(),
    key_id: null,
    postgres_version: '22.1',
    schema_version: 9,
    migrations: [],
    tables: [],
  };
  const cases: [string, ErrorCode, RegExp][] = [
    [join(folder, 'missing'), 'backup.unreadable', /no such file/],
    [folder, 'backup.unreadable', /directory/],
    [write('text', 'a'.repeat(5000)), 'backup.damaged', /not a tar file/],
    [write('noise', randomBytes(PIECE_BYTES)), 'backup.damaged', /not a tar file/],
    [write('other.tar', tarOf('hello.txt', 'hello')), 'backup.damaged', /manifest\.json is missing/],
    [write('odd.tar', tarOf('manifest.json', '{"product": "grist"}')), 'backup.damaged', /cannot be read/],
    [write('future', tarOf('manifest.json', JSON.stringify(manifest))), 'backup.newer', /format 3/],
  ];
  for (const [file, code, about] of cases)
    await assert.rejects(restoreFile(target.owner, file), refusal(code, about), file);
  assert(await isUntouched(target.owner));
});

test('a backup of a newer schema is refused, one of an older schema is restored and then migrated', async t => {
  const migrations = await readMigrations();
  const number = migrations.length + 1;
  const next = {
    number,
    name: `${String(number).padStart(6, '0')}_next`,
    sql: `alter table users add column nickname text not null default 'none'`,
    checksum: 'next',
  };
  const source = await filledStore(t);
  const folder = scratchFolder(t);
  const old = join(folder, 'old.moulin-backup');
  await writeBackup(source.store, old);
  await withClient(source.owner, 'test', client => migrate(client, [...migrations, next]));
  const young = join(folder, 'young.moulin-backup');
  await writeBackup(source.store, young);

  const target = await bareDatabase(t);
  await assert.rejects(restoreFile(target.owner, young), refusal('backup.newer', /schema version/));
  const altered = migrations.map(migration => ({ ...migration, checksum: 'another' }));
  await assert.rejects(
    restoreBackup(target.owner, await verifyBackup(old), altered),
    refusal('backup.other_history', /000001/),
  );
  assert(await isUntouched(target.owner));

  await restoreBackup(target.owner, await verifyBackup(old), [...migrations, next]);
  const report = await withClient(target.owner, 'test', client => migrate(client, [...migrations, next]));
  assert.deepEqual(report.applied, [next.name]);
  assert.deepEqual(await everything(target.app, target.owner), await everything(source.app, source.owner));
});

test('a store that holds anything is refused', async t => {
  const source = await filledStore(t);
  const file = join(scratchFolder(t), 'a.moulin-backup');
  await writeBackup(source.store, file);
  const before = await everything(source.app, source.owner);
  await assert.rejects(restoreFile(source.owner, file), refusal('backup.store_not_empty', /\d+ table/));
  assert.deepEqual(await everything(source.app, source.owner), before);
});

test('a restore that dies half-way leaves the store empty, and can be repeated', async t => {
  const source = await filledStore(t);
  const file = join(scratchFolder(t), 'a.moulin-backup');
  await writeBackup(source.store, file);
  const backup = await verifyBackup(file);
  const target = await bareDatabase(t);
  const [first, ...rest] = await readMigrations();
  assert(first);
  const fatal = `create function die() returns trigger language plpgsql as $$ begin
      perform pg_terminate_backend(pg_backend_pid()); return new; end $$;
    create trigger die before insert on events for each row execute function die();`;
  const dying = [{ ...first, sql: `${first.sql};${fatal}` }, ...rest];
  await assert.rejects(restoreBackup(target.owner, backup, dying), refusal('backup.not_restored'));
  assert(await isUntouched(target.owner));
  await restoreBackup(target.owner, backup);
  assert.deepEqual(await everything(target.app, target.owner), await everything(source.app, source.owner));
});

test('rows that are fewer than the backup says are refused', async t => {
  const source = await filledStore(t);
  const file = join(scratchFolder(t), 'a.moulin-backup');
  await writeBackup(source.store, file);
  const backup = await verifyBackup(file);
  const users = backup.summary.tables.users;
  assert(users);
  users.rows += 1;
  const target = await bareDatabase(t);
  await assert.rejects(
    restoreBackup(target.owner, backup),
    refusal('backup.not_restored', /users has 3 rows/),
  );
  assert(await isUntouched(target.owner));
});

// ── The folder of backups ───────────────────────────────────────────────────────────────────────────

test('before an upgrade the store is backed up; of these the newest are kept, others never touched', async t => {
  const source = await filledStore(t);
  const folder = join(scratchFolder(t), 'backups');
  mkdirSync(folder);
  await writeBackup(source.store, join(folder, 'mine.moulin-backup'));
  writeFileSync(join(folder, 'broken.moulin-backup'), 'x');
  writeFileSync(join(folder, 'notes.txt'), 'x');
  const made: string[] = [];
  for (let count = 0; count < 4; count += 1)
    made.push(await backUpBeforeUpgrade(source.store, { folder, keep: 2 }));
  assert.deepEqual(
    made.map(file => existsSync(file)),
    [false, false, true, true],
  );
  const listed = await listBackups(folder);
  assert.equal(listed.length, 4);
  assert.deepEqual(
    listed.slice(0, 2).map(({ file }) => file),
    made.slice(2).reverse(),
  );
  assert.deepEqual(
    listed.map(({ automatic }) => automatic),
    [true, true, false, false],
  );
  assert.equal(listed[0]?.manifest?.instance_id, source.instance_id);
  assert.match(listed[3]?.problem ?? '', /not a complete backup/);
  assert.deepEqual(await listBackups(join(folder, 'none')), []);
});

test('a start that has to migrate backs the store up first; when the upgrade fails, the backup is there', async t => {
  const folder = scratchFolder(t);
  const options = {
    embedded: { folder: join(folder, 'store'), log_file: join(folder, 'log') },
    backups: { folder: join(folder, 'backups'), keep: 3 },
  };
  const migrations = await readMigrations();
  const broken = {
    number: migrations.length + 1,
    name: `${String(migrations.length + 1).padStart(6, '0')}_broken`,
    sql: 'drop table users cascade; select 1 / 0',
    checksum: 'broken',
  };
  await (await prepareStore(options, migrations)).close();
  assert.deepEqual(await listBackups(options.backups.folder), [], 'an empty store needs none');
  const said: string[] = [];
  await assert.rejects(
    prepareStore({ ...options, say: text => said.push(text) }, [...migrations, broken]),
    refusal('migration.failed', /division by zero/),
  );
  const [backup] = await listBackups(options.backups.folder);
  assert(backup?.automatic);
  assert(said.some(text => text.includes(backup.file)));
  await verifyBackup(backup.file);
  const store = await openStore(options);
  assert.equal((await store.health()).state, 'ok', 'the former version goes on with the store as it was');
  await store.close();
});

test('whoever stops reading a backup ends it: its session is gone', async t => {
  const source = await filledStore(t);
  const stream = streamBackup(source.store);
  for (let count = 0; count < 5; count += 1) await stream.next();
  await stream.return(undefined as never);
  const { rows } = await source.store.withInstance('test', tx =>
    sql<{ count: number }>`
      select count(*)::int from pg_stat_activity
      where datname = current_database() and application_name = 'moulin: backup' and state <> 'idle'`.execute(
      tx,
    ),
  );
  assert.deepEqual(rows, [{ count: 0 }]);
});

test('from one data folder to another: the embedded store, its identity and its rows', async t => {
  const folder = scratchFolder(t);
  const place = (name: string) => ({
    embedded: { folder: join(folder, name, 'store'), log_file: join(folder, name, 'log') },
  });
  const first = await openStore(place('first'));
  const user = { id: newId(), email: 'a@example.com', name: 'a' };
  await first.withInstance('test', tx => tx.insertInto('users').values(user).execute());
  const file = join(folder, 'a.moulin-backup');
  await writeBackup(first, file);
  await first.close();

  writeFileSync(join(folder, 'noise'), 'noise');
  await assert.rejects(restoreStore(place('second'), join(folder, 'noise')), refusal('backup.damaged'));
  assert.equal(existsSync(join(folder, 'second')), false, 'not even a folder was made');
  await restoreStore(place('second'), file);
  const second = await openStore(place('second'));
  try {
    assert.equal(second.instance_id, first.instance_id);
    assert.deepEqual(
      await second.withInstance('test', tx =>
        tx.selectFrom('users').select(['id', 'email', 'name']).execute(),
      ),
      [user],
    );
  } finally {
    await second.close();
  }
});
