import { service } from '../support/services.ts';
import type { Engine, Place, Row, TableName } from './engine.ts';
import { DUCKDB_KINDS, type KindsSql, kindsOf, readKindsSql } from './kinds.ts';
import { runTrino, type TrinoRow } from './trino-client.ts';
import { text, valuesOf } from './values.ts';

const KINDS_SQL: KindsSql = {
  ...DUCKDB_KINDS,
  moment_utc: value => `TIMESTAMP '${value} UTC'`,
  place: city => `CAST(ROW(${text(city)}) AS ROW(city VARCHAR))`,
  tags: values => `CAST(ARRAY[${values.map(text).join(', ')}] AS ARRAY(VARCHAR))`,
  sizes: a => `MAP(ARRAY['a'], ARRAY[${a}])`,
  shown: {
    moment_utc: `CAST(CAST(moment_utc AT TIME ZONE 'UTC' AS TIMESTAMP(6)) AS VARCHAR)`,
    tags: `array_join(tags, ',')`,
    sizes: `element_at(sizes, 'a')`,
  },
};

/** One server for all places: each is a catalog of it for as long as it is open. */
let places = 0;

export const trino: Engine = {
  name: 'Trino',
  takes_keys: true,
  lacks: {
    write_two: 'it commits one table at a time',
    tag: 'its SQL has no tags',
  },
  async open(place) {
    const { port } = await service('trino');
    const query = (sql: string) => runTrino(`http://127.0.0.1:${port}`, sql);
    const run = async (sql: string) => void (await query(sql));
    places += 1;
    const catalog = `lake_${places}`;
    const nameOf = ({ namespace, name }: TableName) => `${catalog}.${quote(namespace)}.${quote(name)}`;
    await run(`CREATE CATALOG ${catalog} USING iceberg WITH (${propertiesOf(place)})`);
    const [found] = await query('SELECT node_version AS version FROM system.runtime.nodes');
    const read = async (from: string) => toRows(await query(`SELECT * FROM ${from} ORDER BY id`));
    const readKinds = async (table: TableName, like?: Row) =>
      toRows(await query(readKindsSql(nameOf(table), KINDS_SQL, like)));
    const namesIn = async (namespace: string, from: string) =>
      (
        await query(
          `SELECT table_name AS name FROM ${catalog}.information_schema.${from} WHERE table_schema = ${text(namespace)}`,
        )
      ).map(row => `${namespace}.${row.name}`);
    return {
      version: String(found?.version),
      close: () => run(`DROP CATALOG ${catalog}`),
      create_namespace: name => run(`CREATE SCHEMA ${catalog}.${quote(name)}`),
      list_namespaces: async () =>
        (await query(`SHOW SCHEMAS FROM ${catalog}`)).map(row => String(row.Schema)),
      list_tables: namespace => namesIn(namespace, 'tables'),
      create: table => run(`CREATE TABLE ${nameOf(table)} (id BIGINT, name VARCHAR, amount DOUBLE)`),
      create_partitioned: table =>
        run(
          `CREATE TABLE ${nameOf(table)} (id BIGINT, name VARCHAR, amount DOUBLE) WITH (partitioning = ARRAY['name'])`,
        ),
      create_as: (table, rows) => run(`CREATE TABLE ${nameOf(table)} AS ${valuesOf(rows)}`),
      read: table => read(nameOf(table)),
      read_snapshot: (table, id) => read(`${nameOf(table)} FOR VERSION AS OF ${id}`),
      append: (table, rows) => run(`INSERT INTO ${nameOf(table)} ${valuesOf(rows)}`),
      overwrite: (table, rows) => run(`CREATE OR REPLACE TABLE ${nameOf(table)} AS ${valuesOf(rows)}`),
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
        run(`ALTER TABLE ${nameOf(table)} ALTER COLUMN ${quote(name)} SET DATA TYPE BIGINT`),
      set_property: (table, name, value) =>
        run(
          `ALTER TABLE ${nameOf(table)} SET PROPERTIES extra_properties = MAP(ARRAY[${text(name)}], ARRAY[${text(value)}])`,
        ),
      rename: (table, to) => run(`ALTER TABLE ${nameOf(table)} RENAME TO ${nameOf(to)}`),
      // It asks for the files with every drop.
      drop: table => run(`DROP TABLE ${nameOf(table)}`),
      purge: table => run(`DROP TABLE ${nameOf(table)}`),
      read_kinds: readKinds,
      find_before_1970: readKinds,
      append_kinds: (table, rows) => run(`INSERT INTO ${nameOf(table)} ${kindsOf(rows, KINDS_SQL)}`),
      list_views: namespace => namesIn(namespace, 'views'),
      create_view: (view, sql) => run(`CREATE VIEW ${nameOf(view)} AS ${sql}`),
      read_view: async view => toRows(await query(`SELECT * FROM ${nameOf(view)}`)),
    };
  },
};

function propertiesOf({ uri, warehouse, token, s3 }: Place): string {
  const properties: Record<string, string> = {
    'iceberg.catalog.type': 'rest',
    'iceberg.rest-catalog.uri': uri,
    'iceberg.rest-catalog.warehouse': warehouse,
    'iceberg.rest-catalog.security': 'OAUTH2',
    'iceberg.rest-catalog.oauth2.token': token,
    'iceberg.allowed-extra-properties': '*',
    ...(s3
      ? {
          'fs.native-s3.enabled': 'true',
          's3.endpoint': s3.endpoint,
          's3.region': s3.region,
          's3.path-style-access': 'true',
          ...(s3.keys
            ? { 's3.aws-access-key': s3.keys.access, 's3.aws-secret-key': s3.keys.secret }
            : { 'iceberg.rest-catalog.vended-credentials-enabled': 'true' }),
        }
      : { 'fs.native-local.enabled': 'true', 'local.location': '/' }),
  };
  return Object.entries(properties)
    .map(([name, value]) => `${quote(name)} = ${text(value)}`)
    .join(', ');
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function toRows(rows: readonly TrinoRow[]): Row[] {
  return rows.map(row =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, typeof value === 'string' ? value : numberOf(value)]),
    ),
  );
}

function numberOf(value: unknown): number | null {
  return value === null ? null : Number(value);
}
