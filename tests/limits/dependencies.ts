// Every package that the project asks for by name, with the reason why it is not thirty lines of our own, its licence,
// and for the server's the only places that import it. A new dependency is a line here, written by the person who wants it.

export interface Dependency {
  why: string;
  licence: string;
}

export interface RuntimeDependency extends Dependency {
  /** Who may import it; tests may import whatever they test against. */
  where: readonly RegExp[];
}

const KIT = /^src\/base\/kit\//;
const DB = /^src\/base\/db\//;
const ACCESS = /^src\/domains\/access\//;
const SERVER = /^src\/doors\/server\//;
const S3 = /^src\/base\/storage\/s3\//;
/** Its SQL is the state machine itself, a file for each part of it. */
const RUNS = /^src\/domains\/runs\//;
const CLI = /^src\/doors\/cli\//;
const STORES = /^src\/(domains|doors)\/(.+\/)?store(\.ts$|\/)/;

/** `dependencies` of package.json: on every user's machine. */
export const RUNTIME: Readonly<Record<string, RuntimeDependency>> = {
  '@aws-sdk/client-s3': {
    why: 'S3 with signatures, checksums, retries and the ways in which services differ; loaded where storage is on S3',
    licence: 'Apache-2.0',
    where: [S3],
  },
  '@aws-sdk/credential-providers': {
    why: 'credentials as AWS programs find them, and those of a role that end by themselves',
    licence: 'Apache-2.0',
    where: [S3],
  },
  '@aws-sdk/lib-storage': {
    why: 'uploads in parts, from a stream of any length, with nothing left when they fail',
    licence: 'Apache-2.0',
    where: [S3],
  },
  '@clack/prompts': {
    why: 'questions, passwords and spinners on a terminal, with keyboard and colour handled',
    licence: 'MIT',
    where: [CLI],
  },
  '@duckdb/node-api': {
    why: 'reads and writes Parquet and runs SQL inside the process; rows never pass through JavaScript',
    licence: 'MIT',
    where: [/^src\/base\/iceberg\/local\//],
  },
  '@fastify/cookie': {
    why: 'parses and writes cookies inside the server that we use',
    licence: 'MIT',
    where: [SERVER],
  },
  '@fastify/static': {
    why: 'files with ranges, validators and path traversal handled',
    licence: 'MIT',
    where: [SERVER],
  },
  '@node-rs/argon2': {
    why: 'argon2id, prebuilt, twice as fast as the one in Node and with the standard text form',
    licence: 'MIT',
    where: [ACCESS],
  },
  commander: { why: 'commands, options, help and errors of the command line', licence: 'MIT', where: [CLI] },
  croner: {
    why: 'cron expressions with seconds, time zones and daylight saving; no dependencies of its own',
    licence: 'MIT',
    where: [RUNS],
  },
  fastify: {
    why: 'the HTTP server: routing, life cycle, injection for tests, responses cut to their schema',
    licence: 'MIT',
    where: [SERVER],
  },
  kysely: {
    why: 'typed SQL without an ORM; no dependencies of its own',
    licence: 'MIT',
    where: [DB, STORES, ACCESS, RUNS, SERVER],
  },
  'openid-client': { why: 'certified OpenID Connect with PKCE', licence: 'MIT', where: [ACCESS] },
  pg: { why: 'the PostgreSQL driver', licence: 'MIT', where: [DB] },
  'pg-copy-streams': {
    why: 'COPY in and out as streams, for backup and restore',
    licence: 'MIT',
    where: [DB],
  },
  pino: { why: 'fast JSON logs with child loggers', licence: 'MIT', where: [KIT, RUNS] },
  'prom-client': {
    why: 'metrics in the Prometheus format, with histograms',
    licence: 'Apache-2.0',
    where: [SERVER],
  },
  undici: {
    why: 'connects to the address that was checked (the built-in fetch takes no Agent of the newest line)',
    licence: 'MIT',
    where: [KIT, CLI],
  },
  yaml: {
    why: 'YAML 1.2 with positions in errors and a limit on aliases',
    licence: 'ISC',
    where: [KIT, CLI],
  },
  zod: {
    why: 'one schema for types, validation, documentation and configuration',
    licence: 'MIT',
    where: [/^src\//],
  },
};

/** `optionalDependencies`: npm installs the one of the platform. */
export const EMBEDDED: Dependency = {
  why: 'the PostgreSQL that Moulin starts by itself: plain binaries, no download while installing',
  licence: 'MIT',
};

/** Development of the server: on nobody's machine but ours. */
export const TOOLS: Readonly<Record<string, Dependency>> = {
  '@biomejs/biome': { why: 'lint, format and sorted imports from one binary', licence: 'MIT OR Apache-2.0' },
  '@types/node': { why: 'types of Node', licence: 'MIT' },
  '@types/pg': { why: 'types of the driver', licence: 'MIT' },
  '@types/pg-copy-streams': { why: 'types of the COPY streams', licence: 'MIT' },
  autocannon: { why: 'load for the API benchmarks', licence: 'MIT' },
  avsc: { why: 'another reader and writer of Avro, to compare with our own', licence: 'MIT' },
  'axe-core': { why: 'accessibility of every page; never shipped', licence: 'MPL-2.0' },
  'fast-check': { why: 'properties and the fuzzing of every route', licence: 'MIT' },
  icebird: { why: 'another reader of Iceberg, to compare with', licence: 'MIT' },
  'oidc-provider': { why: 'a real identity provider for the tests of sign-in', licence: 'MIT' },
  'playwright-core': { why: "drives the machine's Chromium; downloads nothing", licence: 'Apache-2.0' },
  typescript: { why: 'checks types, and its parser reads the source for these tests', licence: 'Apache-2.0' },
};

/** `web/package.json`: `bundled` ends up in the pages that Moulin serves, `tool` makes them. */
export const WEB: Readonly<Record<string, Dependency & { use: 'bundled' | 'tool' }>> = {
  '@fontsource-variable/inter': {
    why: 'the typeface, served by Moulin itself',
    licence: 'OFL-1.1',
    use: 'bundled',
  },
  '@fontsource-variable/jetbrains-mono': {
    why: 'the typeface of code and ids, served by Moulin itself',
    licence: 'OFL-1.1',
    use: 'bundled',
  },
  '@mantine/core': { why: 'accessible components with a dark mode', licence: 'MIT', use: 'bundled' },
  '@mantine/hooks': { why: 'needed by the components', licence: 'MIT', use: 'bundled' },
  '@mantine/notifications': { why: 'toasts', licence: 'MIT', use: 'bundled' },
  '@tabler/icons-react': { why: 'icons', licence: 'MIT', use: 'bundled' },
  '@tanstack/react-query': {
    why: 'what the server said, cached and refreshed',
    licence: 'MIT',
    use: 'bundled',
  },
  '@tanstack/react-router': { why: 'addresses with typed search parameters', licence: 'MIT', use: 'bundled' },
  '@tanstack/react-table': { why: 'the state of the one table part', licence: 'MIT', use: 'bundled' },
  '@tanstack/react-virtual': {
    why: 'long tables that draw only what is seen',
    licence: 'MIT',
    use: 'bundled',
  },
  '@types/react': { why: 'types', licence: 'MIT', use: 'tool' },
  '@types/react-dom': { why: 'types', licence: 'MIT', use: 'tool' },
  '@vitejs/plugin-react': { why: 'JSX and refresh while developing', licence: 'MIT', use: 'tool' },
  '@xyflow/react': {
    why: 'the graph of a run: pan, zoom, keyboard, only what is in sight',
    licence: 'MIT',
    use: 'bundled',
  },
  elkjs: {
    why: 'lays out graphs in a worker of its own; linear where others crawl, fetched with the first graph',
    licence: 'EPL-2.0 OR GPL-3.0-or-later',
    use: 'bundled',
  },
  i18next: { why: 'two languages, plurals', licence: 'MIT', use: 'bundled' },
  react: { why: 'the view', licence: 'MIT', use: 'bundled' },
  'react-dom': { why: 'the view', licence: 'MIT', use: 'bundled' },
  'react-i18next': { why: 'the languages in the view', licence: 'MIT', use: 'bundled' },
  vite: { why: 'builds the pages', licence: 'MIT', use: 'tool' },
};

/** May be shipped without naming each package in NOTICE: their texts travel inside the packages. */
export const PERMISSIVE: readonly string[] = [
  'MIT',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
  'Unlicense',
  '(MIT OR CC0-1.0)',
];
/** May be shipped, and is named in NOTICE. */
export const NAMED: readonly string[] = ['Apache-2.0', 'OFL-1.1', 'EPL-2.0 OR GPL-3.0-or-later'];
/** Never shipped. */
export const TOOLS_ONLY: readonly string[] = [
  'MPL-2.0',
  'MIT OR Apache-2.0',
  '(MIT AND Zlib)',
  ...PERMISSIVE,
  ...NAMED,
];
