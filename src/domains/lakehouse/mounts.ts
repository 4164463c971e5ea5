import type { Store, Tx } from '../../base/db/index.ts';
import { fail, isFailure } from '../../base/kit/errors.ts';
import { newId } from '../../base/kit/ids.ts';
import type { Outbound } from '../../base/kit/outbound.ts';
import type { Actor, SecretRef, Secrets } from '../access/index.ts';
import { factsOf } from './facts.ts';
import type { LakeRow } from './lake.ts';
import { type OtherTable, type Visit, visit } from './mounted.ts';
import type { LakeParts } from './parts.ts';
import {
  type MountedTable,
  type MountRow,
  mountById,
  replaceMounted,
  saveMountError,
} from './store/mounts.ts';

export interface MountParts {
  store: Store;
  secrets: Pick<Secrets, 'read'>;
  outbound: Outbound;
}

export function secretOf(workspace_id: string, id: string): SecretRef & { workspace_id: string } {
  return { workspace_id, object_kind: 'catalog', object_id: id, field: 'secret' };
}

/** Looks what is there, and shows that from now on. Tables that cannot be loaded are shown by their names. */
export async function refreshMount(
  parts: MountParts,
  workspace_id: string,
  id: string,
  actor: Actor,
): Promise<void> {
  const { store } = parts;
  const mount = await needMount(parts, workspace_id, id);
  try {
    const other = await open(parts, mount);
    const { namespaces, tables } = await other.tables();
    const found: MountedTable[] = [];
    for (const table of tables) found.push(await describe(mount, other, table));
    const named = namespaces.map(levels => ({ id: newId(), levels: [mount.name, ...levels] }));
    const created_by = { kind: actor.kind, id: actor.id, name: actor.name };
    await store.withWorkspace({ workspace_id }, tx =>
      replaceMounted(tx, { id, workspace_id, created_by }, named, found),
    );
  } catch (error) {
    if (isFailure(error)) {
      const { code, message } = error;
      await store.withWorkspace({ workspace_id }, tx =>
        saveMountError(tx, workspace_id, id, { code, message }),
      );
    }
    throw error;
  }
}

async function describe(mount: MountRow, other: Visit, { levels, name }: OtherTable): Promise<MountedTable> {
  const place = { id: newId(), namespace_id: '', levels: [mount.name, ...levels], name };
  try {
    const { metadata, metadata_location } = await other.load({ levels, name });
    return { ...place, location: metadata.location, metadata_location, facts: factsOf(metadata) };
  } catch (error) {
    // One that is broken, or a kind that is not known here, hides no other.
    if (!isFailure(error, 'lake.mount_failed')) throw error;
    return { ...place, location: '', metadata_location: null, facts: {} };
  }
}

async function open(parts: MountParts, mount: MountRow): Promise<Visit> {
  const { id, workspace_id, url, warehouse, options } = mount;
  const secret = await parts.store.withWorkspace({ workspace_id }, (tx: Tx) =>
    parts.secrets.read(tx, secretOf(workspace_id, id)),
  );
  return visit(parts.outbound, { url, warehouse, ...options, secret });
}

async function needMount({ store }: MountParts, workspace_id: string, id: string): Promise<MountRow> {
  const mount = await store.withWorkspace({ workspace_id }, tx => mountById(tx, workspace_id, id), {
    read_only: true,
  });
  if (!mount) throw fail('object.not_found', { kind: 'catalog', id });
  return mount;
}

/** The metadata of a table that is shown from elsewhere, as it is there now. */
export function mountedLoader(parts: MountParts): NonNullable<LakeParts['loadMounted']> {
  return async (row: LakeRow) => {
    if (row.mount_id === null) throw new Error('a table of ours was looked for elsewhere');
    const mount = await needMount(parts, row.workspace_id, row.mount_id);
    const other = await open(parts, mount);
    const { metadata, metadata_location } = await other.load({ levels: row.levels.slice(1), name: row.name });
    return { metadata, metadata_location: metadata_location ?? '' };
  };
}
