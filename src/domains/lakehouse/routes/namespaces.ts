import { z } from 'zod';
import { fail } from '../../../base/kit/errors.ts';
import { readCursor, rowsOf, toPage } from '../../../base/kit/pages.ts';
import type { lakeRoutes } from '../../../contract/lake.ts';
import type { Handlers } from '../../../contract/route.ts';
import type { Namespace } from '../lake.ts';
import { type ListedNamespace, listNamespaces } from '../store/namespaces.ts';
import { contextOf, type LakeRouteParts, read } from './asking.ts';

type Routes = Pick<
  typeof lakeRoutes,
  'lake_namespaces.list' | 'lake_namespaces.create' | 'lake_namespaces.edit' | 'lake_namespaces.delete'
>;

const pathKey = z.tuple([z.string().max(2000), z.uuid()]);

export function namespaceHandlers(parts: LakeRouteParts): Handlers<Routes> {
  const { lake } = parts;
  return {
    'lake_namespaces.list': async call => {
      const { limit, cursor, text } = call.query;
      const after = readCursor(cursor, pathKey);
      const rows = await read(parts, call, tx =>
        listNamespaces(tx, call.workspace_id, { text, after, rows: rowsOf(limit) }),
      );
      const page = toPage(rows, limit, ({ path, id }) => [path, id]);
      return { ...page, items: page.items.map(showNamespace) };
    },
    'lake_namespaces.create': async call =>
      showNamespace({ ...(await lake.namespaces.create(contextOf(call), call.body)), tables: 0, bytes: 0 }),
    'lake_namespaces.edit': async call => {
      const { params, body, version } = call;
      const edited = await lake.namespaces.edit(contextOf(call), params.id, { ...body, version });
      const rows = await read(parts, call, tx =>
        listNamespaces(tx, call.workspace_id, { text: edited.path, after: undefined, rows: 500 }),
      );
      const found = rows.find(({ id }) => id === edited.id);
      if (!found) throw fail('object.not_found', { kind: 'namespace', id: edited.id });
      return showNamespace(found);
    },
    'lake_namespaces.delete': async call => {
      await lake.namespaces.delete(contextOf(call), call.params.id);
      return undefined;
    },
  };
}

function showNamespace(namespace: (Namespace & { tables: number; bytes: number }) | ListedNamespace) {
  const { id, levels, path, description, properties, mount, tables, bytes, version, updated_at } = namespace;
  return { id, levels, path, description, properties, mount, tables, bytes, version, updated_at };
}
