import { fail } from '../../../base/kit/errors.ts';
import { newId } from '../../../base/kit/ids.ts';
import { readCursor, rowsOf, timeKey, toPage } from '../../../base/kit/pages.ts';
import type { lakeRoutes } from '../../../contract/lake.ts';
import type { Call, Handlers } from '../../../contract/route.ts';
import { actorOf, created } from '../../access/index.ts';
import { refreshMount, secretOf } from '../mounts.ts';
import { deleteMount, insertMount, type MountRow, mountById, mountsBefore } from '../store/mounts.ts';
import { type Asking, type LakeRouteParts, read, write } from './asking.ts';

type Routes = Pick<
  typeof lakeRoutes,
  'lake_mounts.list' | 'lake_mounts.create' | 'lake_mounts.refresh' | 'lake_mounts.delete'
>;

export function mountHandlers(parts: LakeRouteParts): Handlers<Routes> {
  return {
    'lake_mounts.list': async call => {
      const { query, workspace_id } = call;
      const before = readCursor(query.cursor, timeKey);
      const rows = await read(parts, call, tx => mountsBefore(tx, workspace_id, before, rowsOf(query.limit)));
      const page = toPage(rows, query.limit, ({ created_at, id }) => [created_at, id]);
      return { ...page, items: page.items.map(showMount) };
    },
    'lake_mounts.create': call => create(parts, call),
    'lake_mounts.refresh': async call => {
      const { workspace_id, params } = call;
      await refreshMount(parts, workspace_id, params.id, actorOf(call));
      const shown = await showOne(parts, call, params.id);
      await write(parts, call, tx =>
        parts.record(tx, actorOf(call), {
          ...{ workspace_id, action: 'catalog.refreshed' },
          object: { kind: 'catalog', id: params.id, name: shown.name },
        }),
      );
      return shown;
    },
    'lake_mounts.delete': async call => {
      const { params, workspace_id } = call;
      await write(parts, call, async tx => {
        const mount = await mountById(tx, workspace_id, params.id);
        if (!mount) throw fail('object.not_found', { kind: 'catalog', id: params.id });
        const { object_kind, object_id } = secretOf(workspace_id, params.id);
        await parts.secrets.removeAll(tx, { workspace_id, object_kind, object_id });
        await deleteMount(tx, workspace_id, params.id);
        await parts.record(tx, actorOf(call), {
          ...{ workspace_id, action: 'catalog.deleted' },
          object: { kind: 'catalog', id: params.id, name: mount.name },
        });
      });
      return undefined;
    },
  };
}

async function create(parts: LakeRouteParts, call: Call<Routes['lake_mounts.create']>) {
  const { workspace_id, body, principal } = call;
  const { name, url, warehouse = null, auth, client_id = null, scope = null, secret } = body;
  await parts.outbound.check(url);
  const id = newId();
  await write(parts, call, async tx => {
    const actor = actorOf(call);
    const created_by = { kind: actor.kind, id: actor.id, name: actor.name };
    const row = { id, workspace_id, name, url, warehouse, options: { auth, client_id, scope }, created_by };
    if (!(await insertMount(tx, row))) throw fail('lake.mount_taken', { name });
    if (secret !== undefined) await parts.secrets.put(tx, secretOf(workspace_id, id), secret, principal.name);
    await parts.record(tx, actor, {
      ...{ workspace_id, action: 'catalog.created' },
      object: { kind: 'catalog', id, name },
      changes: created({ url: new URL(url).origin }),
    });
  });
  try {
    await refreshMount(parts, workspace_id, id, actorOf(call));
  } catch (error) {
    // One that never answered is not kept: its address or its secret are wrong, and are to be given again.
    await write(parts, call, async tx => {
      const { object_kind, object_id } = secretOf(workspace_id, id);
      await parts.secrets.removeAll(tx, { workspace_id, object_kind, object_id });
      await deleteMount(tx, workspace_id, id);
    });
    throw error;
  }
  return showOne(parts, call, id);
}

async function showOne(parts: LakeRouteParts, call: Asking, id: string) {
  const mount = await read(parts, call, tx => mountById(tx, call.workspace_id, id));
  if (!mount) throw fail('object.not_found', { kind: 'catalog', id });
  return showMount(mount);
}

function showMount({ id, name, url, warehouse, options, tables, error, refreshed_at, version }: MountRow) {
  const { auth, client_id } = options;
  return { id, name, url, warehouse, auth, client_id, tables, error, refreshed_at, version };
}
