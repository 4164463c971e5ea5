// The shape of the source, as data: which floor stands on which, and which room may look into which.
// A new room is a line here; a new neighbour of an old room is a decision, made in the same commit.

/** Each floor looks only down. `src/main.ts` stands on top and builds everything. */
export const FLOORS = ['contract', 'base', 'connectors', 'domains', 'doors', 'main'] as const;
export type Floor = (typeof FLOORS)[number];

/** Within a floor: the neighbours that a room may import. What is not listed may not. */
export const NEIGHBOURS: Readonly<Record<string, readonly string[]>> = {
  'base/kit': [],
  'base/db': ['base/kit'],
  'base/iceberg': [],
  'base/processes': [],
  'base/storage': ['base/kit'],
  'domains/access': [],
  'domains/alerts': ['domains/access'],
  'domains/lakehouse': ['domains/access', 'domains/runs'],
  'domains/runs': ['domains/access'],
  'doors/server': [],
  'doors/cli': [],
};

/** Rooms of many small independent files, which have no index: their files are imported one by one. */
export const OPEN_ROOMS: readonly string[] = ['base/kit', 'contract'];

/** Node's modules that touch the world outside the process. */
export const EFFECTS: readonly string[] = [
  'child_process',
  'cluster',
  'dgram',
  'dns',
  'fs',
  'http',
  'http2',
  'https',
  'inspector',
  'net',
  'readline',
  'repl',
  'tls',
  'worker_threads',
];

/** Names in those modules that only compute. */
export const PURE_NAMES: readonly string[] = ['BlockList', 'isIP', 'isIPv4', 'isIPv6', 'STATUS_CODES'];

/** Where effects may be: `design/architecture.md` §3. Everything else receives them as functions. */
export const EDGES: readonly RegExp[] = [
  /^src\/main(\.ts$|\/)/,
  /^src\/doors\//,
  /^src\/base\/(db|storage|files|processes)\//,
  /^src\/base\/iceberg\/local\//,
  /^src\/base\/kit\/(outbound|log)/,
  /^src\/connectors\/[^/]+\//,
  // What happens in a runner, and what keeps runners, is effects.
  /^src\/domains\/runs\/runner\//,
  // A thread that can be ended while it searches.
  /^src\/domains\/runs\/logs\/search/,
  /^src\/domains\/[^/]+\/[a-z-]+-run\.ts$/,
  /^src\/domains\/access\/(secrets\/)?(keys|oidc)/,
];

export const MAX_DEPTH = 3;

export function floorOf(path: string): Floor | undefined {
  const [, floor] = /^src\/([a-z]+)(?:\/|\.ts$)/.exec(path) ?? [];
  return FLOORS.find(name => name === floor);
}

/** `base/db` of `src/base/db/migrate.ts`; `contract` and `main` are rooms of their own. */
export function roomOf(path: string): string | undefined {
  const [, floor, room] = path.split('/');
  const name = floorOf(path);
  if (name === undefined || name === 'contract' || name === 'main') return name;
  return room?.endsWith('.ts') ? floor : `${floor}/${room}`;
}
