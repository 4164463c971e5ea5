import { z } from 'zod';
import { ROLES } from './permissions.ts';

/**
 * Every setting of Moulin, once: the resolver, the flags, `moulin config`, the settings page and the reference are
 * made from this schema. A leaf accepts what YAML gives (numbers, lists) and what flags and variables give (text).
 */

type Kind =
  | 'text'
  | 'path'
  | 'integer'
  | 'boolean'
  | 'bytes'
  | 'duration'
  | 'list'
  | 'choice'
  | 'url'
  | 'map';

interface SettingMeta {
  doc: string;
  kind: Kind;
  /** `whole`: shows as •••. `password`: an address whose password alone is secret. */
  secret?: 'whole' | 'password';
  /** What the default is where it is not a constant. */
  default_doc?: string;
}

function setting<T extends z.ZodType>(
  kind: Kind,
  schema: T,
  doc: string,
  more: Partial<SettingMeta> = {},
): T {
  return schema.meta({ doc, kind, ...more });
}

const text = z.string('must be text').trim().min(1, 'must not be empty');
const httpUrl = text.refine(
  isOrigin,
  'must be an address such as https://moulin.example.com, without a path',
);
const postgresUrl = text.refine(
  value => /^postgres(ql)?:\/\//.test(value) && URL.canParse(value),
  'must be an address such as postgres://user:password@host:5432/database',
);
const storageUrl = text.refine(
  value => /^(file:\/\/|s3:\/\/[a-z0-9][a-z0-9.-]+(\/|$))/.test(value) && URL.canParse(value),
  'must be an address such as s3://bucket/prefix or file:///srv/lake',
);
const role = text.refine(
  value => /^arn:[\w-]+:iam::[\w-]*:role\/.+$/.test(value),
  'must be a role such as arn:aws:iam::123456789012:role/lake',
);

const NETWORKS = [z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()] as const;
const network = text.refine(
  value => NETWORKS.some(schema => schema.safeParse(value).success),
  'must be an address or a network such as 10.0.0.5 or 10.0.0.0/8',
);
const hostOrNetwork = text.refine(
  value => /^[\w-]+(\.[\w-]+)*\.?$/.test(value) || network.safeParse(value).success,
  'must be a host name, an address or a network such as db.internal, 10.0.0.5 or 10.0.0.0/8',
);

const groupRoleSchema = z.strictObject({ group: z.string(), workspace: z.string(), role: z.enum(ROLES) });
export type GroupRole = z.infer<typeof groupRoleSchema>;

export const configSchema = z.strictObject({
  data: setting('path', text.default('.moulin'), 'Folder that holds everything Moulin keeps.'),
  host: setting(
    'text',
    text.default('127.0.0.1'),
    'Address to listen on. Another one than loopback needs TLS, a trusted proxy, or insecure_http.',
  ),
  port: setting(
    'integer',
    integer(0, 65_534).default(4610),
    'Port of the web and the API; the next one is kept for the SQL endpoint. 0 takes any free port.',
  ),
  public_url: setting(
    'url',
    httpUrl.nullable().default(null),
    'The address that people type, when it is not host and port: behind a reverse proxy, for instance.',
  ),
  tls: z.strictObject({
    cert: setting('path', text.nullable().default(null), 'Certificate chain (PEM) for HTTPS.'),
    key: setting('path', text.nullable().default(null), 'Private key (PEM) that belongs to tls.cert.'),
  }),
  trusted_proxies: setting(
    'list',
    list(network).default([]),
    'Addresses or networks of reverse proxies whose X-Forwarded-* headers are believed.',
  ),
  insecure_http: setting(
    'boolean',
    boolean().default(false),
    'Listen without TLS on an address other than loopback. Passwords then cross the network unprotected.',
  ),
  database: z.strictObject({
    url: setting(
      'url',
      postgresUrl.nullable().default(null),
      'A PostgreSQL (14 or later) of your own instead of the embedded one. Its role migrates and makes moulin_app.',
      { secret: 'password' },
    ),
    app_url: setting(
      'url',
      postgresUrl.nullable().default(null),
      'The same database as the role moulin_app, where the role in database.url may not create roles.',
      { secret: 'password' },
    ),
  }),
  storage: z.strictObject({
    url: setting(
      'url',
      storageUrl.nullable().default(null),
      'Where files are kept: s3://bucket/prefix or file:///folder.',
      { secret: 'password', default_doc: 'the data folder' },
    ),
    endpoint: setting(
      'url',
      httpUrl.nullable().default(null),
      'Address of an S3 service other than that of Amazon: https://minio.example.com:9000.',
    ),
    region: setting('text', text.nullable().default(null), 'Region of the bucket.', {
      default_doc: 'us-east-1, or with aws_chain what AWS_REGION says',
    }),
    path_style: setting(
      'boolean',
      boolean().nullable().default(null),
      'Address buckets as https://host/bucket instead of https://bucket.host.',
      { default_doc: 'on where storage.endpoint is set' },
    ),
    access_key: setting('text', text.nullable().default(null), 'Access key id for S3.', { secret: 'whole' }),
    secret_key: setting('text', text.nullable().default(null), 'Secret access key for S3.', {
      secret: 'whole',
    }),
    session_token: setting(
      'text',
      text.nullable().default(null),
      'Session token that belongs to temporary keys for S3.',
      { secret: 'whole' },
    ),
    aws_chain: setting(
      'boolean',
      boolean().default(false),
      'Take credentials from where AWS programs find them: variables, profiles, web identity, container, machine.',
    ),
    checksums: setting(
      'boolean',
      boolean().default(true),
      'Send and verify a CRC32 with every object; off for S3 services that refuse it.',
    ),
    ca: setting(
      'path',
      text.nullable().default(null),
      'Certificate authorities (PEM) of storage.endpoint, beside those that Node knows.',
    ),
    role: setting(
      'text',
      role.nullable().default(null),
      'Role that S3 credentials for other engines are made from; each opens one table for an hour.',
      { default_doc: 'engines bring their own credentials' },
    ),
    sts_endpoint: setting(
      'url',
      httpUrl.nullable().default(null),
      'Address of the service (STS) that makes those credentials.',
      { default_doc: 'storage.endpoint, or that of Amazon' },
    ),
    cache_bytes: setting(
      'bytes',
      bytes(64 * 1024 * 1024).default(10 * 1024 ** 3),
      'Disk that copies of objects from S3 may take on each machine.',
    ),
  }),
  key: setting(
    'text',
    text.nullable().default(null),
    'Key-encryption key (32 bytes, base64 or hexadecimal) that protects all stored secrets.',
    { secret: 'whole', default_doc: 'a file in your configuration folder, made by the first start' },
  ),
  log: z.strictObject({
    level: setting(
      'choice',
      z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
      'The least important messages that are logged.',
    ),
    format: setting(
      'choice',
      z.enum(['auto', 'text', 'json']).default('auto'),
      'How the console shows the log; auto means text on a terminal and JSON elsewhere.',
    ),
  }),
  memory: setting(
    'bytes',
    bytes(512 * 1024 * 1024),
    'Memory that PostgreSQL, engines, runners and caches share.',
    { default_doc: 'half of the memory of the machine or of the container' },
  ),
  worker: z.strictObject({
    name: setting(
      'text',
      text.max(100).nullable().default(null),
      'What the worker is called on the workers page.',
      {
        default_doc: 'the name of the machine',
      },
    ),
    concurrency: setting(
      'integer',
      integer(1, 1000).nullable().default(null),
      'How many tasks the worker runs at once.',
      { default_doc: 'twice the number of cores, at least 4' },
    ),
    tags: setting(
      'list',
      list(text).default([]),
      'Tasks that ask for tags go only to workers that carry all of them.',
    ),
  }),
  demo: setting('boolean', boolean().default(true), 'Make the demo workspace at the first start.'),
  open: setting('boolean', boolean().default(true), 'Open a browser at start, on a local terminal only.'),
  outbound: z.strictObject({
    allow: setting(
      'list',
      list(hostOrNetwork).default([]),
      'Private hosts, addresses or networks that the server may call when a user gives such an address.',
    ),
  }),
  oidc: z.strictObject({
    issuer: setting(
      'url',
      text.refine(isHttp, 'must be an http or https address').nullable().default(null),
      'Address of the identity provider.',
    ),
    client_id: setting('text', text.nullable().default(null), 'Client id that the provider gave Moulin.'),
    client_secret: setting(
      'text',
      text.nullable().default(null),
      'Client secret that the provider gave Moulin.',
      {
        secret: 'whole',
      },
    ),
    name: setting('text', text.max(60).default('Single sign-on'), 'Text of the button on the sign-in page.'),
    scopes: setting(
      'list',
      list(text).default(['openid', 'profile', 'email']),
      'Scopes to ask the provider for; some need one more for groups.',
    ),
    groups_claim: setting('text', text.default('groups'), 'Claim that lists the groups of a person.'),
    group_roles: setting(
      'map',
      groupRoles().default([]),
      'Roles by group: "data-team: editor", or "data-team: sales/editor" for another workspace than main.',
    ),
    password_login: setting(
      'boolean',
      boolean().default(true),
      'Passwords beside the provider; off also switches off links that set one.',
    ),
  }),
  session: z.strictObject({
    idle_hours: setting(
      'duration',
      duration('hour', 1 / 12, 24 * 90).default(8),
      'Hours without use after which a session ends.',
    ),
    absolute_days: setting(
      'duration',
      duration('day', 1 / 24, 365).default(7),
      'Days after which a session ends in any case.',
    ),
  }),
  retention: z.strictObject({
    events_days: setting('duration', duration('day', 1, 3650).default(30), 'Days that events are kept.'),
    logs_days: setting('duration', duration('day', 1, 3650).default(30), 'Days that log files are kept.'),
    logs_bytes: setting(
      'bytes',
      bytes(10 * 1024 * 1024).default(2 * 1024 ** 3),
      'Size of all log files together.',
    ),
    runs_days: setting(
      'duration',
      duration('day', 1, 3650).default(90),
      'Days that runs are kept after they ended.',
    ),
    run_logs_days: setting(
      'duration',
      duration('day', 1, 3650).default(30),
      'Days that the logs of runs are kept.',
    ),
    run_logs_bytes: setting(
      'bytes',
      bytes(10 * 1024 * 1024).default(2 * 1024 ** 3),
      'Size of the logs of all runs together, as they are stored; the oldest go.',
    ),
    idempotency_hours: setting(
      'duration',
      duration('hour', 1, 24 * 30).default(24),
      'Hours in which a repeated Idempotency-Key gets the first answer.',
    ),
  }),
  backup: z.strictObject({
    keep: setting(
      'integer',
      integer(1, 1000).default(5),
      'Automatic backups (before an upgrade) that are kept.',
    ),
  }),
});
export type Config = z.output<typeof configSchema>;

export interface ConfigKey extends SettingMeta {
  /** `database.url` */
  key: string;
  schema: z.ZodType;
  /** `MOULIN_DATABASE_URL` */
  env: string;
  /** `--database-url`; a secret has no flag of its own (command lines are visible to everybody), only the one with a file. */
  flag: string | null;
  /** For secrets: key, variable and flag that name a file holding the value. */
  file: { key: string; env: string; flag: string } | null;
  choices: readonly string[];
}

export const configKeys: readonly ConfigKey[] = Object.freeze(keysOf(configSchema));

/** Variables that are ours but no settings of the server. Tests use names of their own under MOULIN_TEST_. */
export const OTHER_VARIABLES = [
  'MOULIN_CONFIG',
  'MOULIN_URL',
  'MOULIN_TOKEN',
  'MOULIN_WORKSPACE',
  'MOULIN_PROFILE',
] as const;

export function envName(key: string): string {
  return `MOULIN_${key.replaceAll('.', '_').toUpperCase()}`;
}

export function flagName(key: string): string {
  return `--${key.replaceAll(/[._]/g, '-')}`;
}

function keysOf(schema: z.ZodObject, prefix = ''): ConfigKey[] {
  return Object.entries(schema.shape).flatMap(([name, child]) => {
    const key = prefix + name;
    return child instanceof z.ZodObject ? keysOf(child, `${key}.`) : [describeKey(key, child as z.ZodType)];
  });
}

function describeKey(key: string, schema: z.ZodType): ConfigKey {
  const meta = schema.meta() as unknown as SettingMeta;
  const file = meta.secret && {
    key: `${key}_file`,
    env: envName(`${key}_file`),
    flag: flagName(`${key}_file`),
  };
  return Object.freeze({
    ...meta,
    key,
    schema,
    env: envName(key),
    flag: meta.secret === 'whole' ? null : flagName(key),
    file: file ?? null,
    choices: choicesOf(schema),
  });
}

function choicesOf(schema: z.ZodType): readonly string[] {
  if (schema instanceof z.ZodDefault) return choicesOf(schema.unwrap() as z.ZodType);
  return schema instanceof z.ZodEnum ? schema.options.map(String) : [];
}

// ── Leaves ──────────────────────────────────────────────────────────────────────────────────────────

function integer(min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`;
  return z.preprocess(
    value => (typeof value === 'string' && /^\s*-?\d+\s*$/.test(value) ? Number(value) : value),
    z.number(message).int(message).min(min, message).max(max, message),
  );
}

const WORDS = { true: true, yes: true, on: true, 1: true, false: false, no: false, off: false, 0: false };

function boolean() {
  return z.preprocess(
    value =>
      typeof value === 'string' ? (WORDS[value.trim().toLowerCase() as keyof typeof WORDS] ?? value) : value,
    z.boolean('must be true or false'),
  );
}

function list(item: z.ZodType<string>) {
  return z.preprocess(
    value => (typeof value === 'string' ? splitList(value) : value),
    z.array(item, 'must be a list, or text separated by commas').max(1000),
  );
}

function splitList(value: string): string[] {
  return value
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '');
}

const BYTE_UNITS: Record<string, number> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

/** "2GB", "512 MiB", "1.5g", or bytes. A unit always counts in 1024s, as in PostgreSQL and containers. */
export function parseBytes(value: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(value.trim());
  const unit = BYTE_UNITS[match?.[2]?.toLowerCase() ?? ''];
  return match && unit ? Math.floor(Number(match[1]) * unit) : undefined;
}

function bytes(min: number) {
  const least = `${Math.round(min / 1024 ** 2)}MB`;
  return z.preprocess(
    value => (typeof value === 'string' ? (parseBytes(value) ?? value) : value),
    z
      .number('must be a size such as 2GB')
      .int('must be a size such as 2GB')
      .min(min, `must be at least ${least}`)
      .max(Number.MAX_SAFE_INTEGER, 'must be a size such as 2GB'),
  );
}

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const UNIT_SECONDS = { hour: SECONDS.h, day: SECONDS.d };

/** "90m", "8h", "1d 12h" in seconds; a bare number has no unit and is not a duration. */
export function parseDuration(value: string): number | undefined {
  if (!/^\s*(\d+(\.\d+)?\s*[smhdw]\s*)+$/i.test(value)) return undefined;
  return [...value.matchAll(/(\d+(?:\.\d+)?)\s*([smhdw])/gi)].reduce(
    (sum, [, amount, unit]) =>
      sum + Number(amount) * SECONDS[(unit ?? 's').toLowerCase() as keyof typeof SECONDS],
    0,
  );
}

/** The key's name carries the unit of a bare number; text may name another one: `idle_hours: 90m`. */
function duration(unit: keyof typeof UNIT_SECONDS, min: number, max: number) {
  const toUnit = (value: string): unknown => {
    if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return Number(value);
    const seconds = parseDuration(value);
    return seconds === undefined ? value : seconds / UNIT_SECONDS[unit];
  };
  const message = `must be a number of ${unit}s or a duration such as 90m, 8h, 7d, at most ${max} ${unit}s`;
  return z.preprocess(
    value => (typeof value === 'string' ? toUnit(value) : value),
    z.number(message).min(min, message).max(max, message),
  );
}

/** A mapping in YAML, `group=role,group=workspace/role` in text. */
function groupRoles() {
  return z.preprocess(value => {
    if (typeof value === 'string') return splitList(value).map(toGroupRole);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return Object.entries(value).map(([group, target]) => toGroupRole(`${group}=${String(target)}`));
    return value;
  }, z.array(groupRoleSchema, `must be lines such as "data-team: editor"`).max(1000));
}

function toGroupRole(line: string): unknown {
  // The last "=": directory groups (cn=data,ou=groups) hold some themselves.
  const at = line.lastIndexOf('=');
  const [role, workspace = 'main'] = line
    .slice(at + 1)
    .trim()
    .split('/')
    .reverse();
  return at < 1 ? line : { group: line.slice(0, at).trim(), workspace, role };
}

function isHttp(value: string): boolean {
  return /^https?:\/\//i.test(value) && URL.canParse(value);
}

function isOrigin(value: string): boolean {
  if (!isHttp(value)) return false;
  const url = new URL(value);
  return url.pathname === '/' && !url.search && !url.hash && !url.username && !url.password;
}
