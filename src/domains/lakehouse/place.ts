import { fail } from '../../base/kit/errors.ts';
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

/** `file:/a`, `file:///a` and `/a` are one place; so are `s3a://` and `s3://`; a slash at the end says nothing. */
export function plainLocation(location: string): string {
  const trimmed = location.replace(/\/+$/, '');
  if (trimmed.startsWith('/')) return `file://${trimmed}`;
  return trimmed.replace(/^file:\/*(?=\/)/, 'file://').replace(/^s3[an]:\/\//, 's3://');
}

export function isInside(location: string, folder: string): boolean {
  const [inner, outer] = [plainLocation(location), plainLocation(folder)];
  return inner.startsWith(`${outer}/`) && !/\/\.{1,2}(\/|$)/.test(inner.slice(outer.length));
}

/** Refuses, by name, what leads out of the workspace's part of the lake. */
export function keepInside(location: string, folder: string): string {
  if (!isInside(location, folder)) throw fail('lake.outside', { location: location.slice(0, 500) });
  return plainLocation(location);
}

/** `00012-….metadata.json` and `v12.metadata.json` are the twelfth; of names of others nobody knows. */
export function versionOf(metadata_location: string): number | undefined {
  const name = metadata_location.slice(metadata_location.lastIndexOf('/') + 1);
  const digits = /^v?(\d{1,15})[-.]/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
