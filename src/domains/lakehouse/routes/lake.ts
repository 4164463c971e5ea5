import { fail } from '../../../base/kit/errors.ts';
import type { lakeRoutes } from '../../../contract/lake.ts';
import type { Handlers } from '../../../contract/route.ts';
import { formerRoot, workspaceSlug } from '../store/place.ts';
import { figuresOf } from '../store/tables.ts';
import { type LakeRouteParts, read } from './asking.ts';

type Routes = Pick<typeof lakeRoutes, 'lake.summary' | 'lake.access'>;

export function overviewHandlers(parts: LakeRouteParts): Handlers<Routes> {
  const { storage, store, url, vends } = parts;
  return {
    'lake.summary': async call => {
      const figures = await read(parts, call, tx => figuresOf(tx, call.workspace_id));
      const before = await store.withInstance('where the lake was', formerRoot, { read_only: true });
      const moved = before !== null && before !== storage.facts.root;
      return { ...figures, moved_from: moved ? before : null };
    },
    'lake.access': async call => {
      const { workspace_id } = call;
      const warehouse = await read(parts, call, tx => workspaceSlug(tx, workspace_id));
      if (warehouse === undefined) throw fail('object.not_found', { kind: 'workspace', id: workspace_id });
      const { facts } = storage;
      const there = facts.kind === 's3' ? facts : undefined;
      return {
        ...{ catalog_uri: `${url()}/iceberg`, warehouse, root: `${facts.root}/${workspace_id}` },
        storage: facts.kind,
        region: there?.region ?? null,
        endpoint: there?.endpoint ?? null,
        path_style: there?.path_style ?? false,
        vends_credentials: vends,
      };
    },
  };
}
