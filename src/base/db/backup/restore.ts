import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { fail, isFailure } from '../../kit/errors.ts';
import { type Address, reasonOf, withClient } from '../connection.ts';
import { lockKey } from '../locks.ts';
import { type Migration, readMigrations, runMigration } from '../migrate.ts';
import { type Manifest, PIECE_BYTES, type Summary } from './manifest.ts';
import { type Backup, readPieces } from './read.ts';

const decompress = promisify(zstdDecompress);

/**
 * A verified backup into an empty store, as its owner, in one transaction: the schema as it was, then the rows. What fails
 * or is killed on the way leaves the store as empty as it was. Migrations that came after the backup are the next start's.
 */
export async function restoreBackup(
  owner: Address,
  backup: Backup,
  known?: readonly Migration[],
): Promise<void> {
  const migrations = migrationsOf(backup, known ?? (await readMigrations()));
  try {
    await withClient(owner, 'moulin: restore', client => restoreInto(client, backup, migrations));
  } catch (error) {
    if (isFailure(error)) throw error;
    throw fail('backup.not_restored', { file: backup.file, reason: reasonOf(error) }, { cause: error });
  }
}

async function restoreInto(
  client: pg.Client,
  backup: Backup,
  migrations: readonly Migration[],
): Promise<void> {
  await client.query('begin; set local statement_timeout = 0');
  // No installer begins meanwhile.
  await client.query('select pg_advisory_xact_lock($1)', [lockKey('migrate')]);
  await refuseUsedStore(client);
  for (const migration of migrations) await runMigration(client, migration);
  await load(client, backup);
  // From here on it is true.
  await client.query('commit');
  const tables = backup.manifest.tables.map(({ name }) => `"${name}"`);
  await client.query(`analyze ${tables.join(', ')}`);
}

/** The ones that had made the schema of the backup: the beginning of what we know, letter by letter. */
function migrationsOf({ file, manifest }: Backup, known: readonly Migration[]): Migration[] {
  const { schema_version } = manifest;
  if (schema_version > known.length)
    throw fail('backup.newer', {
      file,
      found: `schema version ${schema_version}`,
      known: `version ${known.length}`,
    });
  const other = manifest.migrations.find(({ number, checksum }) => known[number - 1]?.checksum !== checksum);
  if (other) throw fail('backup.other_history', { file, name: other.name });
  return known.slice(0, schema_version);
}

async function refuseUsedStore(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ count: number }>(
    `select count(*)::int "count" from pg_class
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')`,
  );
  const tables = rows[0]?.count ?? 0;
  if (tables > 0) throw fail('backup.store_not_empty', { tables });
}

async function load(client: pg.Client, { file, manifest, summary }: Backup): Promise<void> {
  const tables = manifest.tables.map(({ name }) => name);
  // The owner, too, is held by row-level security, and COPY does not work under it. Nobody sees this before the commit.
  for (const name of tables) await client.query(`alter table "${name}" no force row level security`);
  const indexes = await dropIndexes(client);
  const pieces = readPieces(file);
  for (const table of manifest.tables) await loadTable(client, table, summary, pieces);
  await pieces.return(undefined);
  for (const index of indexes) await client.query(index);
  for (const name of tables) await client.query(`alter table "${name}" force row level security`);
  for (const [name, { last_value, is_called }] of Object.entries(summary.sequences))
    await client.query('select setval($1, $2, $3)', [`public."${name}"`, last_value, is_called]);
}

/** Built once at the end they cost a fraction of being kept up to date row by row. Answers the statements that make them. */
async function dropIndexes(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string; definition: string }>(
    `select indexrelid::regclass::text "name", pg_get_indexdef(indexrelid) definition
     from pg_index join pg_class on pg_class.oid = indrelid
     where relnamespace = 'public'::regnamespace and not exists (select from pg_constraint where conindid = indexrelid)
     order by 1`,
  );
  if (rows.length > 0) await client.query(`drop index ${rows.map(({ name }) => name).join(', ')}`);
  return rows.map(({ definition }) => definition);
}

async function loadTable(
  client: pg.Client,
  table: Manifest['tables'][number],
  summary: Summary,
  pieces: ReturnType<typeof readPieces>,
): Promise<void> {
  const expected = summary.tables[table.name] ?? { rows: 0, pieces: 0 };
  if (expected.pieces === 0) return;
  const columns = table.columns.map(column => `"${column}"`).join(', ');
  const target = client.query(copyFrom(`COPY "${table.name}" (${columns}) FROM STDIN`));
  await pipeline(Readable.from(takePieces(pieces, table.name, expected.pieces)), target);
  if (target.rowCount !== expected.rows)
    throw new Error(`${table.name} has ${target.rowCount} rows, and should have ${expected.rows}`);
}

async function* takePieces(
  pieces: ReturnType<typeof readPieces>,
  table: string,
  count: number,
): AsyncGenerator<Buffer> {
  for (let taken = 0; taken < count; taken += 1) {
    const { value } = await pieces.next();
    // It was verified a moment ago: somebody writes to the file.
    if (value?.table !== table) throw new Error('the file changed while it was read');
    yield await decompress(value.body, { maxOutputLength: PIECE_BYTES });
  }
}
