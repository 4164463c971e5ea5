import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { bareDatabase } from '../../../tests/support/database.ts';
import { scratchFolder } from '../../../tests/support/scratch.ts';
import { isFailure } from '../kit/errors.ts';
import { type Address, withClient } from './connection.ts';
import { type Migration, migrate, readMigrations, schemaVersion } from './migrate.ts';
import { dumpSchema } from './schema/dump.ts';
import { readSchema } from './schema/read.ts';
import { writeTypes } from './schema/types.ts';

const migrations = await readMigrations();
const newest = migrations.length;

function run(owner: Address, list: readonly Migration[] = migrations) {
  return withClient(owner, 'test', client => migrate(client, list));
}

async function dump(owner: Address): Promise<string> {
  return withClient(owner, 'test', async client => dumpSchema(await readSchema(client)));
}

function nextMigration(sql: string): Migration {
  const number = newest + 1;
  return { number, name: `${String(number).padStart(6, '0')}_next`, sql, checksum: `of ${sql}` };
}

test('a second run changes nothing', async t => {
  const { owner } = await bareDatabase(t);
  const first = await run(owner);
  assert.deepEqual(first, { from: 0, to: newest, applied: migrations.map(({ name }) => name) });
  const before = await dump(owner);
  assert.deepEqual(await run(owner), { from: newest, to: newest, applied: [] });
  assert.equal(await dump(owner), before);
});

test('of twenty installers at the same moment one migrates and the others find it done', async t => {
  const { owner } = await bareDatabase(t);
  const reports = await Promise.all(Array.from({ length: 20 }, () => run(owner)));
  assert.deepEqual(reports.filter(({ applied }) => applied.length > 0).length, 1);
  assert(reports.every(({ to }) => to === newest));
});

test('a store of a newer version is refused and left as it is', async t => {
  const { owner } = await bareDatabase(t);
  await run(owner, [...migrations, nextMigration('create table of_the_future (id uuid primary key)')]);
  const before = await dump(owner);
  await assert.rejects(
    run(owner),
    error =>
      isFailure(error, 'migration.newer_schema') &&
      error.params.found === newest + 1 &&
      error.params.known === newest,
  );
  assert.equal(await dump(owner), before);
});

test('a store that was migrated with another text is refused', async t => {
  const { owner } = await bareDatabase(t);
  await run(owner);
  const changed = migrations.map(migration => ({ ...migration, checksum: 'another' }));
  await assert.rejects(run(owner, changed), error => isFailure(error, 'migration.changed'));
});

test('a migration that fails says where, leaves nothing of itself, and can be repeated', async t => {
  const { owner } = await bareDatabase(t);
  await run(owner);
  const before = await dump(owner);
  const broken = nextMigration(
    'create table half (id uuid primary key);\n\nselect no_such_column from half;',
  );
  await assert.rejects(
    run(owner, [...migrations, broken]),
    error =>
      isFailure(error, 'migration.failed') &&
      error.params.name === broken.name &&
      /no_such_column.*\(line 3\)/.test(String(error.params.reason)),
  );
  assert.equal(await dump(owner), before);
  assert.equal(await withClient(owner, 'test', schemaVersion), newest);

  await run(owner, [...migrations, nextMigration('create table half (id uuid primary key)')]);
  assert.match(await dump(owner), /create table half/);
});

test('an installer that dies in the middle leaves nothing of its migration', async t => {
  const { owner } = await bareDatabase(t);
  await run(owner);
  const before = await dump(owner);
  const suicide = nextMigration('create table half (id uuid); select pg_terminate_backend(pg_backend_pid())');
  await assert.rejects(run(owner, [...migrations, suicide]), error => isFailure(error, 'migration.failed'));
  assert.equal(await dump(owner), before);
  assert.deepEqual((await run(owner)).applied, [], 'the lock is free again');
});

test('before a store that holds something is changed, the caller is asked once', async t => {
  const { owner } = await bareDatabase(t);
  const asked: number[] = [];
  const with_question = (list: readonly Migration[]) =>
    withClient(owner, 'test', client =>
      migrate(client, list, async from => {
        asked.push(from);
      }),
    );
  await with_question(migrations);
  assert.deepEqual(asked, [], 'an empty store needs no backup');
  await with_question([...migrations, nextMigration('select 1')]);
  assert.deepEqual(asked, [newest]);
});

test('migrations that are numbered with a gap are refused before anything runs', async t => {
  const folder = join(scratchFolder(t), 'migrations');
  mkdirSync(folder);
  writeFileSync(join(folder, '000001_a.sql'), 'select 1');
  writeFileSync(join(folder, '000003_c.sql'), 'select 1');
  await assert.rejects(readMigrations(new URL(`${pathToFileURL(folder)}/`)), /no gaps/);
});

test('the golden file and the types are those of the migrations', async t => {
  const { owner } = await bareDatabase(t);
  await run(owner);
  const schema = await withClient(owner, 'test', readSchema);
  const file = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');
  assert.equal(dumpSchema(schema), file('schema.golden.sql'), 'run: node scripts/generate-db-types.ts');
  assert.equal(writeTypes(schema), file('types.ts'), 'run: node scripts/generate-db-types.ts');
});
