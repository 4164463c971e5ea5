import type { Tx } from '../../base/db/index.ts';
import { fail } from '../../base/kit/errors.ts';
import { newId } from '../../base/kit/ids.ts';
import { checkVersion } from '../../base/kit/version.ts';
import { changesOf, created } from '../access/index.ts';
import type { Lake, LakeContext, Namespace, NamespaceChange, NewNamespace } from './lake.ts';
import { checkName, isSamePath, pathOf } from './names.ts';
import type { Parts } from './parts.ts';
import { namespaceLocation } from './place.ts';
import {
  contentsOf,
  deleteNamespaceRow,
  holdNamespace,
  insertNamespace,
  lockNamespace,
  namespaceById,
  namespacesByPath,
  namespacesOf,
  updateNamespace,
  writeJdbcNamespace,
} from './store/namespaces.ts';
import { throwAwayDropped } from './store/staging.ts';

export function openNamespaces(parts: Parts): Lake['namespaces'] {
  const { read, write } = parts;
  return {
    list: context => read(context, tx => namespacesOf(tx, context.workspace_id)),
    find: (context, levels) => read(context, tx => findNamespace(tx, context.workspace_id, levels)),
    get: (context, id) => read(context, tx => namespaceById(tx, context.workspace_id, id)),
    create: (context, fresh) => write(context, tx => createNamespace(parts, tx, context, fresh)),
    edit: (context, id, change) => write(context, tx => editNamespace(parts, tx, context, id, change)),
    delete: (context, id) => write(context, tx => deleteNamespace(parts, tx, context, id)),
    location: ({ id }, workspace_id) => namespaceLocation(parts.root, workspace_id, id),
  };
}

/** Our own before one that is shown from elsewhere. */
export async function findNamespace(
  tx: Tx,
  workspace_id: string,
  levels: readonly string[],
): Promise<Namespace | undefined> {
  const found = await namespacesByPath(tx, workspace_id, levels.join('.'));
  const same = found.filter(namespace => isSamePath(namespace.levels, levels));
  return same.find(({ mount_id }) => mount_id === null) ?? same[0];
}

/** One that a table may go into: ours. */
export async function needNamespace(
  tx: Tx,
  { workspace_id }: LakeContext,
  levels: readonly string[],
): Promise<Namespace> {
  const found = await findNamespace(tx, workspace_id, levels);
  if (!found) throw fail('lake.namespace_missing', { name: levels.join('.') });
  if (found.mount !== null) throw fail('lake.read_only', { name: found.path, mount: found.mount });
  return found;
}

/** And it stays until the transaction ends: a table goes into it now. */
export async function needAndHold(
  tx: Tx,
  context: LakeContext,
  levels: readonly string[],
): Promise<Namespace> {
  const found = await needNamespace(tx, context, levels);
  if (!(await holdNamespace(tx, context.workspace_id, found.id)))
    throw fail('lake.namespace_missing', { name: found.path });
  return found;
}

async function createNamespace(
  { record }: Parts,
  tx: Tx,
  context: LakeContext,
  { levels, description = '', properties = {} }: NewNamespace,
): Promise<Namespace> {
  const { workspace_id, actor } = context;
  for (const level of levels) checkName(level);
  const path = pathOf(levels);
  const id = newId();
  const is_new = await insertNamespace(tx, {
    ...{ id, workspace_id, levels, path, description, properties },
    mount_id: null,
  });
  if (!is_new) throw fail('lake.namespace_taken', { name: path });
  await writeJdbcNamespace(tx, workspace_id, path, properties);
  const object = { kind: 'namespace', id, name: path };
  await record(tx, actor, { workspace_id, action: 'namespace.created', object, changes: created({ path }) });
  return needById(tx, workspace_id, id);
}

async function editNamespace(
  { record }: Parts,
  tx: Tx,
  context: LakeContext,
  id: string,
  { version, ...change }: NamespaceChange,
): Promise<Namespace> {
  const { workspace_id, actor } = context;
  const before = await lockOwn(tx, workspace_id, id);
  if (version !== undefined) checkVersion({ expected: version, current: before.version });
  const after = {
    description: change.description ?? before.description,
    properties: change.properties ?? before.properties,
  };
  await updateNamespace(tx, workspace_id, id, after);
  await writeJdbcNamespace(tx, workspace_id, before.path, after.properties);
  await record(tx, actor, {
    ...{ workspace_id, action: 'namespace.changed' },
    object: { kind: 'namespace', id, name: before.path },
    changes: changesOf<typeof after>(before, after),
  });
  return needById(tx, workspace_id, id);
}

async function deleteNamespace(
  { record }: Parts,
  tx: Tx,
  { workspace_id, actor }: LakeContext,
  id: string,
): Promise<void> {
  const namespace = await lockOwn(tx, workspace_id, id);
  const { present, dropped } = await contentsOf(tx, workspace_id, namespace);
  if (present > 0) throw fail('lake.namespace_used', { name: namespace.path, count: present });
  // Their rows go with it; their files still go when the policy says.
  if (dropped > 0) await throwAwayDropped(tx, workspace_id, id);
  await deleteNamespaceRow(tx, workspace_id, id);
  await writeJdbcNamespace(tx, workspace_id, namespace.path, undefined);
  await record(tx, actor, {
    ...{ workspace_id, action: 'namespace.deleted' },
    object: { kind: 'namespace', id, name: namespace.path },
  });
}

async function lockOwn(tx: Tx, workspace_id: string, id: string): Promise<Namespace> {
  const locked = await lockNamespace(tx, workspace_id, id);
  const namespace = await namespaceById(tx, workspace_id, id);
  if (!locked || !namespace) throw fail('object.not_found', { kind: 'namespace', id });
  if (namespace.mount !== null)
    throw fail('lake.read_only', { name: namespace.path, mount: namespace.mount });
  return namespace;
}

async function needById(tx: Tx, workspace_id: string, id: string): Promise<Namespace> {
  const found = await namespaceById(tx, workspace_id, id);
  if (!found) throw new Error('a namespace was saved and is not there');
  return found;
}
