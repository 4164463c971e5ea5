import { type Files, IcebergError } from '../../base/iceberg/index.ts';
import { isFailure } from '../../base/kit/errors.ts';
import { listAll, type ObjectCache, type Storage, type Workplace } from '../../base/storage/index.ts';

export interface FilesParts {
  storage: Storage;
  /** Copies on this machine, for an engine that reads files only. */
  cache: Pick<ObjectCache, 'open'>;
  /** Where the engine writes what is brought into the storage afterwards. */
  drafts: Pick<Workplace, 'make'>;
  /** The one workspace whose part of the storage this is: nothing beside it is read, written or deleted. */
  within: string;
  /** Of one table, and nothing of any other: its folders. Absent: the whole part of the workspace. */
  own?: readonly string[];
}

/**
 * A workspace's part of the storage as table files see it: by absolute addresses, none of which leads out of it. Metadata and footers are read as
 * they are, past the cache, which holds whole data files.
 */
export function lakeFiles({ storage, cache, drafts, within, own }: FilesParts): Files {
  const part = `${storage.facts.root}/${within}`;
  const folders = own?.flatMap(location => storage.keyOf(location) ?? []);

  const keyOf = (location: string): string => {
    const key = storage.keyOf(location);
    if (!key?.startsWith(`${within}/`))
      throw new IcebergError('outside', `${location} is not in ${part}`, { file: location });
    if (folders?.some(folder => key === folder || key.startsWith(`${folder}/`)) === false)
      throw new IcebergError('foreign_file', `${location} is not of this table`, { file: location });
    return key;
  };

  /** What is not there is named by the address that the table has for it. */
  async function found<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isFailure(error, 'storage.missing')) throw error;
      const location = storage.location(String(error.params.key));
      throw new IcebergError(
        'missing_file',
        `${location} is not there`,
        { file: location },
        { cause: error },
      );
    }
  }

  return {
    read: location => found(async () => collect(await storage.get(keyOf(location)))),
    range: (location, offset, length) => found(() => storage.range(keyOf(location), offset, length)),
    async write(location, bytes) {
      await storage.write(keyOf(location), bytes);
    },
    seal: locations => found(() => storage.seal(locations.map(keyOf))),
    exists: async location => (await storage.size(keyOf(location))) !== undefined,
    remove: async location => storage.delete(keyOf(location)),
    async *list(prefix) {
      const start = prefix.replace(/\/+$/, '');
      const beginning = `${storage.keyOf(start) === within ? within : keyOf(start)}/`;
      for await (const { key, bytes, modified_ms } of listAll(storage, beginning))
        yield { location: storage.location(key), bytes, modified_ms };
    },
    open: locations => found(() => cache.open(locations.map(keyOf))),
    async draft() {
      const { folder, release } = await drafts.make();
      return {
        folder,
        release,
        async keep(path, location) {
          await storage.adopt(path, keyOf(location));
        },
      };
    },
  };
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}
