import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Storage } from './storage.ts';

/**
 * Empty folders for programs beside us that write files by themselves and expect these to be there. Where the storage is no folder,
 * and outside of it, there is nothing to make.
 */
export async function makeFolders(
  storage: Pick<Storage, 'facts' | 'keyOf'>,
  locations: readonly string[],
): Promise<void> {
  const { facts } = storage;
  if (facts.kind !== 'folder') return;
  const root = facts.root.replace(/^file:\/\//, '');
  const keys = locations.flatMap(location => storage.keyOf(location) ?? []);
  await Promise.all(keys.map(key => mkdir(join(root, key), { recursive: true })));
}
