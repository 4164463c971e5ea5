import type { RouteLine, RouteSpec } from '../src/contract/route.ts';
import { routeEntries } from '../src/contract/routes.ts';
import { isStarted, settle } from './generated.ts';

// Writes src/contract/route-index.ts: what a client needs of each route, without its schemas. `--check` only compares.

function lineOf(route: RouteSpec): RouteLine {
  const output = typeof route.output === 'string' ? route.output : 'json';
  return {
    method: route.method,
    path: route.path,
    output,
    ...(route.idempotent && { idempotent: true }),
    ...(route.bytes && { bytes: true }),
  };
}

/** Broken where the formatter would break it, so that the file passes the formatter as it is. */
function entryOf(name: string, line: RouteLine): string {
  const fields = Object.entries(line).map(
    ([key, value]) => `${key}: ${value === true ? 'true' : `'${value}'`}`,
  );
  const short = `  ${key(name)}: { ${fields.join(', ')} },`;
  if (short.length <= 110) return short;
  return [`  ${key(name)}: {`, ...fields.map(field => `    ${field},`), '  },'].join('\n');
}

/** Quotes only where they are needed, as the formatter would. */
function key(name: string): string {
  return /^\w+$/.test(name) ? name : `'${name}'`;
}

export function routeIndexSource(): string {
  return [
    '// Generated from routes.ts by scripts/generate-route-index.ts; do not edit.',
    "import type { RouteLine } from './route.ts';",
    "import type { RouteName } from './routes.ts';",
    '',
    'export const routeIndex: Record<RouteName, RouteLine> = {',
    ...routeEntries.map(([name, route]) => entryOf(name, lineOf(route))),
    '};',
    '',
  ].join('\n');
}

if (isStarted(import.meta.url))
  await settle({ 'src/contract/route-index.ts': routeIndexSource() }, 'generate-route-index.ts');
