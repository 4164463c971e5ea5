import { dirname, resolve } from 'node:path';
import {
  type Config,
  type ConfigKey,
  configKeys,
  configSchema,
  envName,
  flagName,
  OTHER_VARIABLES,
} from '../../contract/config.ts';
import type { ProblemField } from '../../contract/errors.ts';
import type { ConfigEntry } from '../../contract/system.ts';
import { fail } from './errors.ts';
import { nearest } from './nearest.ts';

type Origin = ConfigEntry['origin'];

export interface ConfigSources {
  /** By key: `{ 'database.url': … }`. */
  flags: Readonly<Record<string, unknown>>;
  env: Readonly<Record<string, string | undefined>>;
  /** The parsed `moulin.yaml`; null when there is none. */
  file: { path: string; values: unknown } | null;
  /** What an earlier start settled for this data folder (the port), by key. */
  remembered: Readonly<Record<string, unknown>>;
  /** Relative paths on the command line and in variables start here. */
  cwd: string;
  /** The default data folder is in here: the clone, or the working folder of an installed package. */
  home: string;
  /** Half of the machine or of the container. */
  default_memory: number;
  /** Reads a file that holds a secret; throws when it cannot. */
  readSecret: (path: string) => string;
}

export interface ResolvedConfig {
  config: Config;
  /** For `moulin config` and the settings page: every key with its origin, secrets as •••. */
  entries: readonly ConfigEntry[];
  /** What the redactor must know. */
  secrets: readonly string[];
  warnings: readonly string[];
}

/** One place where a value may stand. `get` takes the key or its `_file` form. */
interface Layer {
  origin: Origin;
  get(key: string): unknown;
  source(key: string): string | null;
  /** Where relative paths of this layer start. */
  folder: string;
}

type Settled = { key: ConfigKey; origin: Origin; source: string | null } & (
  | { value: unknown; problem?: undefined }
  | { problem: string }
);

export const MASK = '•••';

/** Flags over environment over file over remembered over default; every problem at once, with the key and its origin. */
export function resolveConfig(sources: ConfigSources): ResolvedConfig {
  const layers = layersOf(sources);
  const settled = configKeys.map(key => settle(key, layers, sources.readSecret));
  const foreign = unknownVariables(sources.env);
  refuse([
    ...settled.flatMap(item => (item.problem === undefined ? [] : [toField(item.key.key, item.problem)])),
    ...(sources.file ? unknownFileKeys(sources.file) : []),
    ...foreign.problems,
  ]);
  const config = configSchema.parse(nest(settled));
  // Rules between keys are looked at once the keys themselves are right: one cause, one message.
  refuse(crossChecks(config));
  return Object.freeze({
    config: deepFreeze(config),
    entries: Object.freeze(settled.map(toEntry)),
    secrets: Object.freeze(settled.flatMap(secretsOf)),
    warnings: Object.freeze(foreign.warnings),
  });
}

export function entryOf(resolved: ResolvedConfig, key: string): ConfigEntry | undefined {
  return resolved.entries.find(entry => entry.key === key);
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** An address with its password, and whatever a query string may hide, taken out. */
export function maskUrl(value: string): string {
  if (!URL.canParse(value)) return MASK;
  const url = new URL(value);
  const password = url.password ? `:${MASK}` : '';
  const user = url.username || password ? `${url.username}${password}@` : '';
  return `${url.protocol}//${user}${url.host}${url.pathname}${url.search ? `?${MASK}` : ''}`;
}

// ── One key ─────────────────────────────────────────────────────────────────────────────────────────

function layersOf(sources: ConfigSources): Layer[] {
  const { flags, env, file, remembered, cwd, home } = sources;
  const defaults: Record<string, unknown> = { memory: sources.default_memory };
  return [
    { origin: 'flag', get: key => flags[key], source: flagName, folder: cwd },
    { origin: 'environment', get: key => fromVariable(env, envName(key)), source: envName, folder: cwd },
    {
      origin: 'file',
      get: key => key.split('.').reduce<unknown>((node, name) => childOf(node, name), file?.values),
      source: () => file?.path ?? null,
      folder: dirname(file?.path ?? home),
    },
    { origin: 'remembered', get: key => remembered[key], source: () => 'instance.json', folder: cwd },
    { origin: 'default', get: key => defaults[key], source: () => null, folder: home },
  ];
}

/** An empty variable is one that compose files and shells leave behind: it says nothing. */
function fromVariable(env: ConfigSources['env'], name: string): string | undefined {
  const value = env[name];
  return value === '' || isServiceLink(name, value) ? undefined : value;
}

/** Kubernetes gives every pod MOULIN_PORT=tcp://10.0.0.1:4610 when a service is called "moulin". */
function isServiceLink(name: string, value: string | undefined): boolean {
  return (
    /^MOULIN_(SERVICE_(HOST|PORT)|PORT_\d+_)/.test(name) ||
    (name === 'MOULIN_PORT' && /^(tcp|udp):\/\//.test(value ?? ''))
  );
}

function childOf(node: unknown, name: string): unknown {
  return isMapping(node) && Object.hasOwn(node, name) ? (node[name] ?? undefined) : undefined;
}

function settle(key: ConfigKey, layers: readonly Layer[], readSecret: ConfigSources['readSecret']): Settled {
  const names = key.file ? [key.key, key.file.key] : [key.key];
  for (const layer of layers) {
    const given = names.filter(name => layer.get(name) !== undefined);
    const [name] = given;
    if (name === undefined) continue;
    const place = { key, origin: layer.origin, source: layer.source(name) };
    if (given.length > 1)
      return { ...place, problem: `${given.join(' and ')} are both set${inPlace(place)}` };
    const read = name === key.key ? { value: layer.get(name) } : readFrom(layer, name, readSecret);
    return 'problem' in read
      ? { ...place, problem: read.problem + inPlace(place) }
      : check(place, read.value, layer);
  }
  return check({ key, origin: 'default', source: null }, undefined, layers.at(-1));
}

function readFrom(
  layer: Layer,
  name: string,
  readSecret: ConfigSources['readSecret'],
): { value: unknown } | { problem: string } {
  const path = resolve(layer.folder, String(layer.get(name)));
  try {
    return { value: readSecret(path).trim() };
  } catch (error) {
    return { problem: `the file ${path} cannot be read (${reasonOf(error)})` };
  }
}

function check(
  place: { key: ConfigKey; origin: Origin; source: string | null },
  given: unknown,
  layer: Layer | undefined,
): Settled {
  const parsed = place.key.schema.safeParse(given);
  if (!parsed.success) {
    const reasons = [...new Set(parsed.error.issues.map(issue => issue.message))].join(', ');
    return { ...place, problem: `${show(place.key, given)} ${reasons}${inPlace(place)}` };
  }
  const isPath = place.key.kind === 'path' && typeof parsed.data === 'string';
  return { ...place, value: isPath && layer ? resolve(layer.folder, String(parsed.data)) : parsed.data };
}

/** The value received, shortened; of a secret not even a part. */
function show(key: ConfigKey, value: unknown): string {
  if (value === undefined) return 'the value';
  if (key.secret) return 'the value (not shown)';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function inPlace(place: { origin: Origin; source: string | null }): string {
  return place.source ? ` (${place.origin === 'file' ? `in ${place.source}` : place.source})` : '';
}

function toEntry(item: Settled): ConfigEntry {
  const { key, origin, source } = item;
  return { key: key.key, value: masked(key, settledValue(item)), origin, source, doc: key.doc };
}

function masked(key: ConfigKey, value: unknown): ConfigEntry['value'] {
  if (key.secret && typeof value === 'string') return key.secret === 'whole' ? MASK : maskUrl(value);
  return value as ConfigEntry['value'];
}

function secretsOf(item: Settled): string[] {
  const value = settledValue(item);
  if (!item.key.secret || typeof value !== 'string') return [];
  return item.key.secret === 'whole' ? [value] : passwordsOf(value);
}

/** The password as typed in the address and as it is sent, and parameters such as `password=`; never `sslmode=require`. */
function passwordsOf(value: string): string[] {
  const { password, searchParams } = new URL(value);
  const named = [...searchParams].flatMap(([name, part]) =>
    /pass|secret|token|key/i.test(name) ? [part] : [],
  );
  return [...new Set([password, ...named].filter(part => part !== '').flatMap(part => [part, decode(part)]))];
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function settledValue(item: Settled): unknown {
  return 'value' in item ? item.value : undefined;
}

// ── The whole ───────────────────────────────────────────────────────────────────────────────────────

function nest(settled: readonly Settled[]): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const item of settled) {
    const [group, leaf] = item.key.key.split('.') as [string, string?];
    if (leaf === undefined) root[group] = settledValue(item);
    else root[group] = { ...(root[group] as object), [leaf]: settledValue(item) };
  }
  return root;
}

function crossChecks(config: Config): ProblemField[] {
  const { host, tls, database, oidc, storage } = config;
  const isS3 = storage.url?.startsWith('s3:') ?? false;
  const open = !isLoopback(host) && !tls.cert && !config.insecure_http && config.trusted_proxies.length === 0;
  const checks: [boolean, string, string][] = [
    [
      open,
      'host',
      `"${host}" is not loopback: set tls.cert and tls.key, or trusted_proxies when a proxy ends TLS, or insecure_http to accept passwords over plain HTTP`,
    ],
    [
      Boolean(tls.cert) !== Boolean(tls.key),
      tls.cert ? 'tls.key' : 'tls.cert',
      'tls.cert and tls.key go together',
    ],
    [
      Boolean(database.app_url) && !database.url,
      'database.url',
      'database.app_url needs database.url beside it',
    ],
    [
      Boolean(oidc.issuer) !== Boolean(oidc.client_id),
      oidc.issuer ? 'oidc.client_id' : 'oidc.issuer',
      'oidc.issuer and oidc.client_id go together',
    ],
    [
      !oidc.password_login && !oidc.issuer,
      'oidc.password_login',
      'is off and there is no oidc.issuer: nobody could sign in',
    ],
    [
      Boolean(storage.access_key) !== Boolean(storage.secret_key),
      storage.access_key ? 'storage.secret_key' : 'storage.access_key',
      'storage.access_key and storage.secret_key go together',
    ],
    [
      isS3 && !storage.access_key && !storage.secret_key && !storage.aws_chain,
      'storage.access_key',
      'an s3:// address needs storage.access_key and storage.secret_key, or storage.aws_chain',
    ],
    [
      storage.aws_chain && Boolean(storage.access_key),
      'storage.aws_chain',
      'storage.access_key and storage.aws_chain are two ways: set one of them',
    ],
    [
      Boolean(storage.sts_endpoint) && !storage.role,
      'storage.role',
      'storage.sts_endpoint needs storage.role beside it',
    ],
  ];
  return checks.flatMap(([wrong, key, message]) => (wrong ? [toField(key, message)] : []));
}

const KNOWN_KEYS = configKeys.flatMap(({ key, file }) => (file ? [key, file.key] : [key]));
const KNOWN_VARIABLES = [...KNOWN_KEYS.map(envName), ...OTHER_VARIABLES];
const GROUPS = new Set(configKeys.filter(({ key }) => key.includes('.')).map(({ key }) => key.split('.')[0]));

function unknownFileKeys(file: { path: string; values: unknown }): ProblemField[] {
  if (!isMapping(file.values)) return [toField(file.path, 'must hold lines such as "port: 4610"')];
  return Object.entries(file.values).flatMap(([name, value]) => {
    if (!GROUPS.has(name)) return unknownKey(name, file.path);
    if (value === null) return [];
    if (!isMapping(value)) return [toField(name, `must hold keys of its own (in ${file.path})`)];
    return Object.keys(value).flatMap(leaf => unknownKey(`${name}.${leaf}`, file.path));
  });
}

function unknownKey(key: string, path: string): ProblemField[] {
  if (KNOWN_KEYS.includes(key)) return [];
  return [toField(key, `is not a setting (in ${path})${didYouMean(key, KNOWN_KEYS)}`)];
}

/** A misspelt variable must not silently mean the default; one that resembles nothing of ours is only mentioned. */
function unknownVariables(env: ConfigSources['env']): { problems: ProblemField[]; warnings: string[] } {
  const names = Object.keys(env).filter(
    name =>
      name.startsWith('MOULIN_') &&
      !name.startsWith('MOULIN_TEST_') &&
      !KNOWN_VARIABLES.includes(name) &&
      !isServiceLink(name, env[name]),
  );
  const misspelt = names.filter(name => nearest(name, KNOWN_VARIABLES) !== undefined);
  return {
    problems: misspelt.map(name => toField(name, `is not a setting${didYouMean(name, KNOWN_VARIABLES)}`)),
    warnings: names
      .filter(name => !misspelt.includes(name))
      .map(name => `The variable ${name} is not a setting of Moulin and is ignored.`),
  };
}

function didYouMean(name: string, known: readonly string[]): string {
  const close = nearest(name, known);
  return close ? `; did you mean ${close}?` : '';
}

/** All of them in one failure, so that a person corrects them in one go. */
export function refuse(fields: ProblemField[]): void {
  if (fields.length === 0) return;
  const summary = fields.map(field => `${field.path}: ${field.message}`).join('; ');
  throw fail('config.invalid', { count: fields.length, summary }, { fields });
}

export function toField(path: string, message: string): ProblemField {
  return { path, code: 'config.invalid', message };
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null)
    for (const child of Object.values(value)) deepFreeze(child);
  return Object.freeze(value);
}
