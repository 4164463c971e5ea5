import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import pg from 'pg';
import { fail } from '../kit/errors.ts';
import { reasonOf } from './connection.ts';
import { lockKey } from './locks.ts';

export interface Migration {
  number: number;
  /** `000001_ground` */
  name: string;
  sql: string;
  checksum: string;
}

export interface MigrationReport {
  /** 0: the store was empty. */
  from: number;
  to: number;
  applied: string[];
}

interface Applied {
  number: number;
  name: string;
  checksum: string;
}

const FOLDER = new URL('./migrations/', import.meta.url);

/** All migrations of this version, in order, without gaps: 000001, 000002, … */
export async function readMigrations(folder: URL = FOLDER): Promise<Migration[]> {
  const names = (await readdir(folder)).filter(name => name.endsWith('.sql')).sort();
  return Promise.all(names.map((file, index) => readMigration(folder, file, index + 1)));
}

async function readMigration(folder: URL, file: string, number: number): Promise<Migration> {
  if (!file.startsWith(`${String(number).padStart(6, '0')}_`))
    throw new Error(`migration ${file} should have the number ${number}: numbers have no gaps`);
  const sql = await readFile(new URL(file, folder), 'utf8');
  const checksum = createHash('sha256').update(sql).digest('hex');
  return { number, name: file.slice(0, -'.sql'.length), sql, checksum };
}

/**
 * Brings the schema to the newest version. Forward only; each migration is one transaction; one installer at a time,
 * the others wait and find the work done. `client` is a direct connection as the owner.
 */
export async function migrate(
  client: pg.Client,
  migrations: readonly Migration[],
  /** Called once, before the first change to a store that holds something. */
  beforeChange: (from: number) => Promise<void> = async () => {},
): Promise<MigrationReport> {
  const key = lockKey('migrate');
  await client.query('select pg_advisory_lock($1)', [key]);
  try {
    const applied = await readApplied(client);
    checkHistory(applied, migrations);
    const pending = migrations.slice(applied.length);
    if (pending.length > 0 && applied.length > 0) await beforeChange(applied.length);
    for (const migration of pending) await apply(client, migration);
    return { from: applied.length, to: migrations.length, applied: pending.map(({ name }) => name) };
  } finally {
    // A lost connection has released it already.
    await client.query('select pg_advisory_unlock($1)', [key]).catch(() => {});
  }
}

/** 0 where nothing was ever migrated. */
export async function schemaVersion(client: pg.Client | pg.Pool): Promise<number> {
  const { rows } = await client.query<{ exists: boolean }>(
    `select to_regclass('public.schema_migrations') is not null "exists"`,
  );
  if (!rows[0]?.exists) return 0;
  const found = await client.query<{ version: number }>(
    'select coalesce(max(number), 0) version from schema_migrations',
  );
  return found.rows[0]?.version ?? 0;
}

async function readApplied(client: pg.Client): Promise<Applied[]> {
  if ((await schemaVersion(client)) === 0) return [];
  const { rows } = await client.query<Applied>(
    'select number, name, checksum from schema_migrations order by number',
  );
  return rows;
}

/** Forward only: what the store has seen must be the beginning of what this version knows. */
function checkHistory(applied: readonly Applied[], known: readonly Migration[]): void {
  const newest = applied.at(-1);
  if (newest && newest.number > known.length)
    throw fail('migration.newer_schema', { found: newest.number, name: newest.name, known: known.length });
  for (const [index, { number, name, checksum }] of applied.entries())
    if (known[index]?.number !== number || known[index].checksum !== checksum)
      throw fail('migration.changed', { name });
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  try {
    await client.query('begin');
    // Waiting behind a forgotten transaction for ever would look like a hanging start.
    await client.query(`set local lock_timeout = '60s'; set local statement_timeout = 0`);
    await runMigration(client, migration);
    await client.query('commit');
  } catch (error) {
    // Where the connection is gone, the server rolls back by itself.
    await client.query('rollback').catch(() => {});
    throw fail(
      'migration.failed',
      { name: migration.name, reason: describe(error, migration.sql) },
      { cause: error },
    );
  }
}

/** In the transaction of whoever calls. */
export async function runMigration(client: pg.Client, migration: Migration): Promise<void> {
  await client.query(migration.sql);
  await client.query('insert into schema_migrations (number, name, checksum) values ($1, $2, $3)', [
    migration.number,
    migration.name,
    migration.checksum,
  ]);
}

/** The server's message, with the line of the file where it knows one. */
function describe(error: unknown, sql: string): string {
  const position = error instanceof pg.DatabaseError ? Number(error.position) : Number.NaN;
  if (!Number.isInteger(position)) return reasonOf(error);
  const line = sql.slice(0, position).split('\n').length;
  return `${reasonOf(error)} (line ${line})`;
}
