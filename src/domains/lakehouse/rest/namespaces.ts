import { isFailure } from '../../../base/kit/errors.ts';
import type { LakeContext, Namespace } from '../lake.ts';
import { isSamePath } from '../names.ts';
import { type CatalogCall, type Endpoint, json, NO_CONTENT } from './call.ts';
import { contextOf } from './context.ts';
import { parseLevels, showLevels } from './levels.ts';
import { pageOf, readPage } from './pages.ts';
import type { CatalogParts } from './parts.ts';
import { badRequest, CatalogError, noSuchNamespace } from './problem.ts';
import { newNamespaceBody, propertiesBody, readBody } from './requests.ts';

const ALL = '/v1/{prefix}/namespaces';
const ONE = `${ALL}/{namespace}` as const;

export function namespaceEndpoints({ lake }: Pick<CatalogParts, 'lake'>): Endpoint[] {
  const show = ({ levels, properties, id }: Namespace, { workspace_id }: LakeContext) => ({
    namespace: levels,
    // Without one, Trino makes a table in our folder of it and fails half-way, leaving the table behind.
    properties: { ...properties, location: lake.namespaces.location({ id }, workspace_id) },
  });
  const require = async (context: LakeContext, call: CatalogCall) => {
    const levels = levelsIn(call);
    const found = await lake.namespaces.find(context, levels);
    if (!found) throw noSuchNamespace(showLevels(levels));
    return found;
  };
  /** A namespace, or what is only part of the names of others: it is listed, so it can be asked for. */
  const look = async (context: LakeContext, call: CatalogCall) => {
    const levels = levelsIn(call);
    const found = await lake.namespaces.find(context, levels);
    if (found) return show(found, context);
    const all = await lake.namespaces.list(context);
    if (
      childrenOf(
        all.map(one => one.levels),
        levels,
      ).length === 0
    )
      throw noSuchNamespace(showLevels(levels));
    return { namespace: levels, properties: {} };
  };

  return [
    {
      name: 'list_namespaces',
      method: 'GET',
      path: ALL,
      permission: 'lake:read',
      async handle(call) {
        const context = contextOf(call);
        const parent = call.query.get('parent');
        const above = parent ? parseLevels(parent) : [];
        const all = await lake.namespaces.list(context);
        const below = childrenOf(
          all.map(({ levels }) => levels),
          above,
        );
        if (above.length > 0 && below.length === 0 && !(await lake.namespaces.find(context, above)))
          throw noSuchNamespace(showLevels(above));
        const { items, next } = pageOf(below, readPage(call.query), showLevels);
        return json(200, { namespaces: items, 'next-page-token': next });
      },
    },
    {
      name: 'create_namespace',
      method: 'POST',
      path: ALL,
      permission: 'lake:write',
      async handle(call) {
        const context = contextOf(call);
        const { namespace: levels, properties } = readBody(newNamespaceBody, call.text);
        refuseLocation(properties ?? {});
        const made = await lake.namespaces.create(context, { levels, properties: properties ?? {} });
        return json(200, show(made, context));
      },
    },
    {
      name: 'load_namespace',
      method: 'GET',
      path: ONE,
      permission: 'lake:read',
      async handle(call) {
        return json(200, await look(contextOf(call), call));
      },
    },
    {
      name: 'namespace_exists',
      method: 'HEAD',
      path: ONE,
      permission: 'lake:read',
      async handle(call) {
        await look(contextOf(call), call);
        return NO_CONTENT;
      },
    },
    {
      name: 'drop_namespace',
      method: 'DELETE',
      path: ONE,
      permission: 'lake:write',
      async handle(call) {
        const context = contextOf(call);
        await lake.namespaces.delete(context, (await require(context, call)).id);
        return NO_CONTENT;
      },
    },
    {
      name: 'update_namespace',
      method: 'POST',
      path: `${ONE}/properties`,
      permission: 'lake:write',
      async handle(call) {
        const context = contextOf(call);
        const { removals, updates } = readBody(propertiesBody, call.text);
        return json(
          200,
          await changeProperties(() => require(context, call), {
            removals: removals ?? [],
            updates: updates ?? {},
            save: ({ id, version }, properties) => lake.namespaces.edit(context, id, { properties, version }),
          }),
        );
      },
    },
  ];
}

function levelsIn({ params }: CatalogCall): string[] {
  return parseLevels(params.namespace ?? '');
}

/** One level below; also one that is only part of the names of others (`a`, where there is `a.b`). */
function childrenOf(all: readonly string[][], above: readonly string[]): string[][] {
  const depth = above.length + 1;
  const below = all.filter(
    levels => levels.length >= depth && isSamePath(levels.slice(0, above.length), above),
  );
  const children = new Map(
    below.map(levels => [JSON.stringify(levels.slice(0, depth)), levels.slice(0, depth)]),
  );
  return [...children.values()];
}

interface PropertyChange {
  removals: readonly string[];
  updates: Readonly<Record<string, string>>;
  save(namespace: Namespace, properties: Record<string, string>): Promise<unknown>;
}

/** Of those who come at once one is done each time. */
const TRIES = 50;

/** Onto what is there: two clients that set one property each both get their way. */
async function changeProperties(load: () => Promise<Namespace>, { removals, updates, save }: PropertyChange) {
  refuseLocation(updates);
  const both = removals.find(name => name in updates);
  if (both !== undefined)
    throw new CatalogError(
      422,
      'UnprocessableEntityException',
      `The property "${both}" is set and removed at once.`,
    );
  for (let left = TRIES; ; left -= 1) {
    const namespace = await load();
    const kept = Object.entries(namespace.properties).filter(([name]) => !removals.includes(name));
    try {
      await save(namespace, Object.fromEntries([...kept, ...Object.entries(updates)]));
      const isThere = (name: string) => name in namespace.properties;
      return {
        updated: Object.keys(updates),
        removed: removals.filter(isThere),
        missing: removals.filter(name => !isThere(name)),
      };
    } catch (error) {
      if (left <= 1 || !isFailure(error, 'version.conflict')) throw error;
    }
  }
}

function refuseLocation(properties: Readonly<Record<string, string>>): void {
  if ('location' in properties)
    throw badRequest('The location of a namespace is given by the catalog, and cannot be set.');
}
