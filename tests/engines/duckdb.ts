import { fileURLToPath } from 'node:url';
import { duckdbExtensions } from '../../scripts/services/python.ts';
import type { Engine, Place, Row, TableName } from './engine.ts';
import { DUCKDB_KINDS, kindsOf, readKindsSql } from './kinds.ts';
import { openLineProcess } from './line-process.ts';
import { text, valuesOf } from './values.ts';

const CHILD = fileURLToPath(new URL('./duckdb-child.ts', import.meta.url));

export const duckdb: Engine = {
  name: 'DuckDB',
  takes_keys: true,
  lacks: {
    find_before_1970: 'it looks for the last moment of a day before 1970 in the day after it',
    purge: 'it drops tables without asking for their files',
    tag: 'its SQL has no branches and tags',
    list_views: 'it has no views over REST',
    create_view: 'it has no views over REST',
    read_view: 'it has no views over REST',
  },
  async open(place) {
    const child = openLineProcess(process.execPath, [CHILD, ...(await duckdbExtensions())]);
    const query = async (...sql: string[]) => (await child.ask({ sql })) as Record<string, unknown>[];
    const run = async (...sql: string[]) => void (await query(...sql));
    const [found] = await query(...attach(place), 'SELECT version() AS version');
    return {
      version: String(found?.version).replace(/^v/, ''),
      close: child.close,
      create_namespace: name => run(`CREATE SCHEMA lake.${quote(name)}`),
      list_namespaces: async () =>
        (await query(`SELECT schema_name AS name FROM duckdb_schemas() WHERE database_name = 'lake'`)).map(
          row => String(row.name),
        ),
      list_tables: async namespace =>
        (
          await query(
            `SELECT table_name AS name FROM information_schema.tables WHERE table_catalog = 'lake' AND table_schema = ${text(namespace)}`,
          )
        ).map(row => `${namespace}.${row.name}`),
      create: table => run(`CREATE TABLE ${nameOf(table)} (id BIGINT, name VARCHAR, amount DOUBLE)`),
      create_partitioned: table =>
        run(`CREATE TABLE ${nameOf(table)} (id BIGINT, name VARCHAR, amount DOUBLE) PARTITIONED BY (name)`),
      create_as: (table, rows) => run(`CREATE TABLE ${nameOf(table)} AS ${valuesOf(rows)}`),
      read: async table => toRows(await query(`SELECT * FROM ${nameOf(table)} ORDER BY id`)),
      read_snapshot: async (table, id) =>
        toRows(await query(`SELECT * FROM ${nameOf(table)} AT (VERSION => ${id}) ORDER BY id`)),
      append: (table, rows) => run(`INSERT INTO ${nameOf(table)} ${valuesOf(rows)}`),
      overwrite: (table, rows) =>
        run(
          'BEGIN',
          `DELETE FROM ${nameOf(table)}`,
          `INSERT INTO ${nameOf(table)} ${valuesOf(rows)}`,
          'COMMIT',
        ),
      update: (table, id, amount) => run(`UPDATE ${nameOf(table)} SET amount = ${amount} WHERE id = ${id}`),
      delete: (table, id) => run(`DELETE FROM ${nameOf(table)} WHERE id = ${id}`),
      merge: (table, rows) =>
        run(
          `MERGE INTO ${nameOf(table)} AS t USING (${valuesOf(rows)}) AS s ON t.id = s.id
           WHEN MATCHED THEN UPDATE SET name = s.name, amount = s.amount
           WHEN NOT MATCHED THEN INSERT (id, name, amount) VALUES (s.id, s.name, s.amount)`,
        ),
      add_column: (table, name) => run(`ALTER TABLE ${nameOf(table)} ADD COLUMN ${quote(name)} INTEGER`),
      rename_column: (table, name, to) =>
        run(`ALTER TABLE ${nameOf(table)} RENAME COLUMN ${quote(name)} TO ${quote(to)}`),
      drop_column: (table, name) => run(`ALTER TABLE ${nameOf(table)} DROP COLUMN ${quote(name)}`),
      widen_column: (table, name) =>
        run(`ALTER TABLE ${nameOf(table)} ALTER COLUMN ${quote(name)} TYPE BIGINT`),
      set_property: (table, name, value) =>
        run(`CALL set_iceberg_table_properties(${nameOf(table)}, {${text(name)}: ${text(value)}})`),
      rename: (table, to) => run(`ALTER TABLE ${nameOf(table)} RENAME TO ${quote(to.name)}`),
      drop: table => run(`DROP TABLE ${nameOf(table)}`),
      read_kinds: async (table, like) =>
        (await query(readKindsSql(nameOf(table), DUCKDB_KINDS, like))).map(toKinds),
      append_kinds: (table, rows) => run(`INSERT INTO ${nameOf(table)} ${kindsOf(rows, DUCKDB_KINDS)}`),
      write_two: (first, second, rows) =>
        run(
          'BEGIN',
          `INSERT INTO ${nameOf(first)} ${valuesOf(rows)}`,
          `INSERT INTO ${nameOf(second)} ${valuesOf(rows)}`,
          'COMMIT',
        ),
    };
  },
};

function attach({ uri, warehouse, token, s3 }: Place): string[] {
  const keys = s3?.keys && [
    `CREATE SECRET keys (TYPE s3, KEY_ID ${text(s3.keys.access)}, SECRET ${text(s3.keys.secret)}, REGION ${text(s3.region)},
      ENDPOINT ${text(new URL(s3.endpoint).host)}, URL_STYLE 'path', USE_SSL false)`,
  ];
  const delegation = s3?.keys ? ", ACCESS_DELEGATION_MODE 'none'" : '';
  return [
    ...(keys ?? []),
    `CREATE SECRET token (TYPE iceberg, TOKEN ${text(token)})`,
    `ATTACH ${text(warehouse)} AS lake (TYPE iceberg, ENDPOINT ${text(uri)}, SECRET token${delegation})`,
  ];
}

function nameOf({ namespace, name }: TableName): string {
  return `lake.${quote(namespace)}.${quote(name)}`;
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** BIGINT comes as text. */
function toRows(rows: readonly Record<string, unknown>[]): Row[] {
  return rows.map(row =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        value === null || (name === 'name' && typeof value === 'string') ? value : Number(value),
      ]),
    ),
  );
}

/** All the others are text already. */
function toKinds(row: Record<string, unknown>): Row {
  return { ...(row as Row), id: Number(row.id) };
}
