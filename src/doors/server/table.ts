import { errors } from '../../contract/errors.ts';
import { INSTANCE_RIGHTS, workspacePermissions } from '../../contract/permissions.ts';
import type { RouteSpec } from '../../contract/route.ts';

const PERMISSIONS: ReadonlySet<unknown> = new Set([
  ...workspacePermissions,
  ...INSTANCE_RIGHTS,
  'signed_in',
  'public',
]);

type Table = readonly (readonly [string, RouteSpec])[];

/** What is wrong with the table, in words; the server does not start while this is not empty. */
export function faultsOf(routes: Table, handlers: Readonly<Record<string, unknown>>): string[] {
  const names = new Set(routes.map(([name]) => name));
  const strays = Object.keys(handlers).filter(name => !names.has(name));
  return [
    ...routes.flatMap(([name, route]) => faultsOfRoute(route).map(fault => `${name} ${fault}`)),
    ...routes
      .filter(([name]) => typeof handlers[name] !== 'function')
      .map(([name]) => `${name} has no handler`),
    ...strays.map(name => `the handler ${name} has no route`),
    ...doublesOf(routes),
  ];
}

function faultsOfRoute(route: RouteSpec): string[] {
  const faults: [string, boolean][] = [
    [`declares no permission that exists (${String(route.permission)})`, !PERMISSIONS.has(route.permission)],
    ['names an error that is not in the catalogue', route.errors?.some(code => !(code in errors)) ?? false],
    ['has path parameters that its schema does not have', paramsOf(route) !== shapeOf(route)],
    ['takes a body although it only reads', route.method === 'GET' && route.body !== undefined],
    // The stored answer is sealed with the caller's credential, and a stranger has none.
    ['is idempotent and public', route.idempotent === true && route.permission === 'public'],
    ['is idempotent and no POST', route.idempotent === true && route.method !== 'POST'],
    ['is idempotent and a stream', route.idempotent === true && route.output === 'stream'],
    ['writes by version and only reads', route.etag === 'write' && route.method === 'GET'],
  ];
  return faults.filter(([, isFault]) => isFault).map(([fault]) => fault);
}

function paramsOf(route: RouteSpec): string {
  return [...route.path.matchAll(/\{(\w+)\}/g)]
    .map(match => match[1])
    .sort()
    .join();
}

function shapeOf(route: RouteSpec): string {
  return Object.keys(route.params?.shape ?? {})
    .sort()
    .join();
}

function doublesOf(routes: Table): string[] {
  const seen = new Map<string, string>();
  return routes.flatMap(([name, { method, path }]) => {
    const address = `${method} ${path.replace(/\{\w+\}/g, '{}')}`;
    const other = seen.get(address);
    seen.set(address, name);
    return other === undefined ? [] : [`${name} has the address of ${other}`];
  });
}

/** `/members/{id}` as Fastify spells it. */
export function toFastifyPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}

/** The methods that an address takes: for 405, and its Allow header. */
export function methodsAt(routes: Table, path: string): string[] {
  const methods = routes.filter(([, route]) => matches(route.path, path)).map(([, route]) => route.method);
  return [...new Set(methods)].sort();
}

function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split('/');
  const given = path.split('/');
  return (
    wanted.length === given.length &&
    wanted.every((part, at) => (part.startsWith('{') ? given[at] !== '' : part === given[at]))
  );
}
