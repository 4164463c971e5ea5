import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { obtainSpark } from '../../scripts/services/spark.ts';
import type { Engine, Place, Row, TableName } from './engine.ts';
import { type KindsSql, kindsOf, readKindsSql } from './kinds.ts';
import { type LineProcess, openLineProcess } from './line-process.ts';
import { valuesOf } from './values.ts';

const SCRIPT = fileURLToPath(new URL('./spark-child.py', import.meta.url));
/** Its first statement alone takes a minute where others work too. */
const ANSWER_MS = 10 * 60_000;

const KINDS_SQL: KindsSql = {
  text,
  moment: value => `TIMESTAMP_NTZ '${value}'`,
  moment_utc: value => `TIMESTAMP '${value}+00:00'`,
  place: city => `named_struct('city', ${text(city)})`,
  tags: values => `CAST(array(${values.map(text).join(', ')}) AS ARRAY<STRING>)`,
  sizes: a => `map('a', ${a})`,
  type: 'STRING',
  shown: {
    moment_utc: 'CAST(moment_utc AS STRING)',
    tags: `array_join(tags, ',')`,
    sizes: `sizes['a']`,
  },
};

interface SparkProcess extends LineProcess {
  version: string;
}

/** One session for all places: each is a catalog of it. */
let started: Promise<SparkProcess> | undefined;
let places = 0;

export const spark: Engine = {
  name: 'Spark',
  takes_keys: true,
  lacks: {
    write_two: 'it commits one table at a time',
  },
  async open(place) {
    started ??= start();
    const { ask, version } = await started;
    places += 1;
    const catalog = `lake_${places}`;
    await ask({ operation: 'connect', arguments: { catalog, properties: propertiesOf(place) } });
    const query = async (statement: string) =>
      (await ask({ operation: 'sql', arguments: { statement } })) as Row[];
    const run = async (statement: string) => void (await query(statement));
    const nameOf = ({ namespace, name }: TableName) => `${catalog}.${quote(namespace)}.${quote(name)}`;
    const readKinds = (table: TableName, like?: Row) => query(readKindsSql(nameOf(table), KINDS_SQL, like));
    const values = (rows: readonly Row[]) => valuesOf(rows, { type: 'STRING', text });
    const columns = '(id BIGINT, name STRING, amount DOUBLE) USING iceberg';
    return {
      version,
      close: async () => {},
      create_namespace: name => run(`CREATE NAMESPACE ${catalog}.${quote(name)}`),
      list_namespaces: async () =>
        (await query(`SHOW NAMESPACES IN ${catalog}`)).map(row => String(row.namespace)),
      list_tables: async namespace =>
        (await query(`SHOW TABLES IN ${catalog}.${quote(namespace)}`)).map(
          row => `${namespace}.${row.tableName}`,
        ),
      create: table => run(`CREATE TABLE ${nameOf(table)} ${columns}`),
      create_partitioned: table => run(`CREATE TABLE ${nameOf(table)} ${columns} PARTITIONED BY (name)`),
      create_as: (table, rows) => run(`CREATE TABLE ${nameOf(table)} USING iceberg AS ${values(rows)}`),
      read: table => query(`SELECT * FROM ${nameOf(table)} ORDER BY id`),
      read_snapshot: (table, id) => query(`SELECT * FROM ${nameOf(table)} VERSION AS OF ${id} ORDER BY id`),
      append: (table, rows) => run(`INSERT INTO ${nameOf(table)} ${values(rows)}`),
      overwrite: (table, rows) => run(`INSERT OVERWRITE ${nameOf(table)} ${values(rows)}`),
      update: (table, id, amount) => run(`UPDATE ${nameOf(table)} SET amount = ${amount} WHERE id = ${id}`),
      delete: (table, id) => run(`DELETE FROM ${nameOf(table)} WHERE id = ${id}`),
      merge: (table, rows) =>
        run(
          `MERGE INTO ${nameOf(table)} AS t USING (${values(rows)}) AS s ON t.id = s.id
           WHEN MATCHED THEN UPDATE SET name = s.name, amount = s.amount
           WHEN NOT MATCHED THEN INSERT (id, name, amount) VALUES (s.id, s.name, s.amount)`,
        ),
      add_column: (table, name) => run(`ALTER TABLE ${nameOf(table)} ADD COLUMN ${quote(name)} INT`),
      rename_column: (table, name, to) =>
        run(`ALTER TABLE ${nameOf(table)} RENAME COLUMN ${quote(name)} TO ${quote(to)}`),
      drop_column: (table, name) => run(`ALTER TABLE ${nameOf(table)} DROP COLUMN ${quote(name)}`),
      widen_column: (table, name) =>
        run(`ALTER TABLE ${nameOf(table)} ALTER COLUMN ${quote(name)} TYPE BIGINT`),
      tag: (table, name) => run(`ALTER TABLE ${nameOf(table)} CREATE TAG ${quote(name)}`),
      set_property: (table, name, value) =>
        run(`ALTER TABLE ${nameOf(table)} SET TBLPROPERTIES (${text(name)} = ${text(value)})`),
      rename: (table, to) =>
        run(`ALTER TABLE ${nameOf(table)} RENAME TO ${quote(to.namespace)}.${quote(to.name)}`),
      drop: table => run(`DROP TABLE ${nameOf(table)}`),
      purge: table => run(`DROP TABLE ${nameOf(table)} PURGE`),
      read_kinds: readKinds,
      find_before_1970: readKinds,
      append_kinds: (table, rows) => run(`INSERT INTO ${nameOf(table)} ${kindsOf(rows, KINDS_SQL)}`),
      list_views: async namespace =>
        (await query(`SHOW VIEWS IN ${catalog}.${quote(namespace)}`)).map(
          row => `${namespace}.${row.viewName}`,
        ),
      create_view: (view, sql) => run(`CREATE VIEW ${nameOf(view)} AS ${sql}`),
      read_view: view => query(`SELECT * FROM ${nameOf(view)}`),
    };
  },
  async end() {
    await (await started?.catch(() => undefined))?.close();
  },
};

async function start(): Promise<SparkProcess> {
  const { python, java_home, jars, version } = await obtainSpark();
  const folder = mkdtempSync(join(tmpdir(), 'moulin-spark-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const env = { JAVA_HOME: java_home, SPARK_HOME: undefined, SPARK_LOCAL_DIRS: folder };
  const child = openLineProcess(python, ['-u', '-B', SCRIPT, jars.join(',')], {
    env,
    cwd: folder,
    answer_ms: ANSWER_MS,
  });
  return { ...child, version };
}

function propertiesOf({ uri, warehouse, token, s3 }: Place): Record<string, string> {
  return {
    ...{ type: 'rest', uri, warehouse, token },
    // Else it shows a table for half a minute as it was, whoever writes to it.
    'cache-enabled': 'false',
    ...(s3 && {
      'io-impl': 'org.apache.iceberg.aws.s3.S3FileIO',
      's3.endpoint': s3.endpoint,
      's3.path-style-access': 'true',
      'client.region': s3.region,
      ...(s3.keys
        ? { 's3.access-key-id': s3.keys.access, 's3.secret-access-key': s3.keys.secret }
        : { 'header.X-Iceberg-Access-Delegation': 'vended-credentials' }),
    }),
  };
}

function quote(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** Two quotes in a row begin a second text here, which is put behind the first. */
function text(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
