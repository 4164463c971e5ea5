import type { LakeAccess } from '../../../../src/contract/lake.ts';

// How others read a table, ready to be copied: the catalog's address and the storage's are filled in, secrets are named.

export const ENGINES = ['duckdb', 'pyiceberg', 'spark', 'trino', 'snowflake'] as const;
export type Engine = (typeof ENGINES)[number];

export interface Named {
  namespace: string;
  name: string;
}

/** The name under which the catalog is known there. */
const CATALOG = 'lake';
const TOKEN = '<API token>';

export function readText(engine: Engine, table: Named, access: LakeAccess): string {
  return TEXTS[engine](table, access).join('\n');
}

const TEXTS: Readonly<Record<Engine, (table: Named, access: LakeAccess) => string[]>> = {
  duckdb: (table, access) => [
    'INSTALL iceberg;',
    'LOAD iceberg;',
    `CREATE SECRET lake_token (TYPE iceberg, TOKEN ${sqlText(TOKEN)});`,
    ...(access.storage === 's3' && !access.vends_credentials ? [duckdbKeys(access)] : []),
    `ATTACH ${sqlText(access.warehouse)} AS ${CATALOG} (`,
    `  TYPE iceberg, ENDPOINT ${sqlText(access.catalog_uri)}, SECRET lake_token${
      access.storage === 's3' && !access.vends_credentials ? ", ACCESS_DELEGATION_MODE 'none'" : ''
    }`,
    ');',
    `FROM ${sqlName(CATALOG, table)};`,
  ],
  pyiceberg: (table, access) => [
    'from pyiceberg.catalog import load_catalog',
    '',
    'catalog = load_catalog(',
    `    ${pyText(CATALOG)},`,
    '    type="rest",',
    `    uri=${pyText(access.catalog_uri)},`,
    `    warehouse=${pyText(access.warehouse)},`,
    `    token=${pyText(TOKEN)},`,
    ...(access.storage === 's3' && !access.vends_credentials
      ? Object.entries(s3Properties(access)).map(
          ([key, value]) => `    **{${pyText(key)}: ${pyText(value)}},`,
        )
      : []),
    ')',
    `table = catalog.load_table((${pyText(table.namespace)}, ${pyText(table.name)}))`,
    'print(table.scan(limit=10).to_pandas())',
  ],
  spark: (table, access) => {
    const prefix = `spark.sql.catalog.${CATALOG}`;
    const settings: [string, string][] = [
      ['spark.jars.packages', sparkPackages(access)],
      ['spark.sql.extensions', 'org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions'],
      [prefix, 'org.apache.iceberg.spark.SparkCatalog'],
      [`${prefix}.type`, 'rest'],
      [`${prefix}.uri`, access.catalog_uri],
      [`${prefix}.warehouse`, access.warehouse],
      [`${prefix}.token`, TOKEN],
      ...sparkStorage(prefix, access),
    ];
    return [
      'spark-sql \\',
      ...settings.map(([key, value]) => `  --conf ${shellText(`${key}=${value}`)} \\`),
      `  -e ${shellText(`SELECT * FROM ${tickName(CATALOG, table)} LIMIT 10`)}`,
    ];
  },
  trino: (table, access) => [
    `# etc/catalog/${CATALOG}.properties`,
    'connector.name=iceberg',
    'iceberg.catalog.type=rest',
    `iceberg.rest-catalog.uri=${access.catalog_uri}`,
    `iceberg.rest-catalog.warehouse=${access.warehouse}`,
    'iceberg.rest-catalog.security=OAUTH2',
    `iceberg.rest-catalog.oauth2.token=${TOKEN}`,
    ...trinoStorage(access),
    '',
    '-- and then',
    `SELECT * FROM ${sqlName(CATALOG, table)} LIMIT 10;`,
  ],
  snowflake: (table, access) => [
    'CREATE CATALOG INTEGRATION moulin',
    '  CATALOG_SOURCE = ICEBERG_REST',
    '  TABLE_FORMAT = ICEBERG',
    `  CATALOG_NAMESPACE = ${sqlText(table.namespace)}`,
    `  REST_CONFIG = (CATALOG_URI = ${sqlText(access.catalog_uri)}, WAREHOUSE = ${sqlText(access.warehouse)})`,
    `  REST_AUTHENTICATION = (TYPE = BEARER, BEARER_TOKEN = ${sqlText(TOKEN)})`,
    '  ENABLED = TRUE;',
    '',
    `CREATE ICEBERG TABLE ${sqlId(table.name)}`,
    "  EXTERNAL_VOLUME = '<external volume on the bucket>'",
    "  CATALOG = 'moulin'",
    `  CATALOG_TABLE_NAME = ${sqlText(table.name)};`,
  ],
};

// ── The storage behind it ───────────────────────────────────────────────────────────────────────────

const KEY = '<access key>';
const SECRET = '<secret key>';

function s3Properties({ endpoint, region, path_style }: LakeAccess): Record<string, string> {
  return {
    ...(endpoint !== null && { 's3.endpoint': endpoint }),
    's3.access-key-id': KEY,
    's3.secret-access-key': SECRET,
    ...(region !== null && { 's3.region': region }),
    ...(path_style && { 's3.path-style-access': 'true' }),
  };
}

function duckdbKeys({ endpoint, region, path_style }: LakeAccess): string {
  const parts = [
    'TYPE s3',
    `KEY_ID ${sqlText(KEY)}`,
    `SECRET ${sqlText(SECRET)}`,
    ...(region === null ? [] : [`REGION ${sqlText(region)}`]),
    ...(endpoint === null
      ? []
      : [`ENDPOINT ${sqlText(new URL(endpoint).host)}`, `USE_SSL ${endpoint.startsWith('https:')}`]),
    ...(path_style ? ["URL_STYLE 'path'"] : []),
  ];
  return `CREATE SECRET lake_keys (${parts.join(', ')});`;
}

function sparkPackages({ storage }: LakeAccess): string {
  const runtime = 'org.apache.iceberg:iceberg-spark-runtime-4.1_2.13:1.12.0';
  return storage === 's3' ? `${runtime},org.apache.iceberg:iceberg-aws-bundle:1.12.0` : runtime;
}

function sparkStorage(prefix: string, access: LakeAccess): [string, string][] {
  if (access.storage === 'folder') return [];
  const io: [string, string] = [`${prefix}.io-impl`, 'org.apache.iceberg.aws.s3.S3FileIO'];
  const region: [string, string][] =
    access.region === null ? [] : [[`${prefix}.client.region`, access.region]];
  if (access.vends_credentials)
    return [io, ...region, [`${prefix}.header.X-Iceberg-Access-Delegation`, 'vended-credentials']];
  const { 's3.region': _region, ...keys } = s3Properties(access);
  return [
    io,
    ...region,
    ...Object.entries(keys).map(([key, value]): [string, string] => [`${prefix}.${key}`, value]),
  ];
}

function trinoStorage(access: LakeAccess): string[] {
  if (access.storage === 'folder') return ['fs.native-local.enabled=true', 'local.location=/'];
  return [
    'fs.native-s3.enabled=true',
    ...(access.endpoint === null ? [] : [`s3.endpoint=${access.endpoint}`]),
    ...(access.region === null ? [] : [`s3.region=${access.region}`]),
    ...(access.path_style ? ['s3.path-style-access=true'] : []),
    ...(access.vends_credentials
      ? ['iceberg.rest-catalog.vended-credentials-enabled=true']
      : [`s3.aws-access-key=${KEY}`, `s3.aws-secret-key=${SECRET}`]),
  ];
}

// ── Names and texts in other languages ──────────────────────────────────────────────────────────────

const sqlText = (text: string) => `'${text.replaceAll("'", "''")}'`;
const sqlId = (name: string) => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`);
const pyText = (text: string) => JSON.stringify(text);
const shellText = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

function sqlName(catalog: string, { namespace, name }: Named): string {
  return [catalog, namespace, name].map(sqlId).join('.');
}

function tickName(catalog: string, { namespace, name }: Named): string {
  return [catalog, namespace, name].map(part => `\`${part.replaceAll('`', '``')}\``).join('.');
}
