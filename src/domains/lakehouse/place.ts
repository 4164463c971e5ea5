import { fail } from '../../base/kit/errors.ts';
import type { Storage } from '../../base/storage/index.ts';
import type { LakeRow } from './lake.ts';

// Where things lie (foundations §7). A table is never moved by a new name: its folder carries its id.

type Made = Pick<LakeRow, 'workspace_id' | 'id'> & { zone: 'raw' | 'curated' };

export function tableLocation(root: string, { workspace_id, zone, id }: Made): string {
  return `${root}/${workspace_id}/${zone}/${id}`;
}

export function namespaceLocation(root: string, workspace_id: string, namespace_id: string): string {
  return `${root}/${workspace_id}/ns/${namespace_id}`;
}

/** All that belongs to one workspace: nothing of it is read or deleted for another. */
export function workspaceLocation(root: string, workspace_id: string): string {
  return `${root}/${workspace_id}`;
}

/**
 * The one spelling of an address in the part of the storage that is the workspace's; refuses, by name, what is not there. The
 * storage says what a spelling means: `file:/a`, `file:///a/../b` and `s3a://` have been tried by somebody.
 */
export function keepInside(
  storage: Pick<Storage, 'keyOf' | 'location'>,
  workspace_id: string,
  location: string,
): string {
  const key = storage.keyOf(location.replace(/\/+$/, ''));
  if (key === undefined || !key.startsWith(`${workspace_id}/`))
    throw fail('lake.outside', { location: location.slice(0, 500) });
  return storage.location(key);
}

export function isBelow(location: string, folder: string): boolean {
  return location.startsWith(`${folder}/`);
}
