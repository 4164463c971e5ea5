import { openReader } from '../commit/index.ts';
import { IcebergError } from '../errors.ts';
import { versionOf } from '../metadata/index.ts';
import { define, openTable, type Table, type TableDefinition } from '../table/index.ts';
import type { Files } from '../world.ts';
import { folderTable } from './catalog.ts';
import { type EngineOptions, type LocalEngine, localEngine } from './engine.ts';
import { localFiles } from './files.ts';
import { fileLocation } from './location.ts';

/** A folder of this machine with tables in it, and a DuckDB to work with them. */
export interface LocalLake {
  files: Files;
  engine: LocalEngine;
  /** `shop.orders` is the folder `shop/orders`. Fails with `no_such_table`. */
  openTable(name: string): Promise<Table>;
  /** Fails with `table_exists`. */
  createTable(name: string, definition: TableDefinition): Promise<Table>;
  tables(): AsyncIterable<string>;
  /** With all its files: there is no way back. */
  dropTable(name: string): Promise<void>;
  /** Waits for queries that run. */
  close(): Promise<void>;
}

export interface LakeOptions extends EngineOptions {
  now?: () => number;
}

export async function openLake(folder: string, options: LakeOptions = {}): Promise<LocalLake> {
  const { now = Date.now, ...rest } = options;
  const files = await localFiles(folder);
  const engine = await localEngine(rest);
  const reader = openReader(files);
  const root = fileLocation(folder);
  const at = (name: string) => folderTable(files, `${root}/${pathOf(name)}`);
  const open = (pointer: ReturnType<typeof at>) => openTable({ files, engine, pointer, reader, now });

  return {
    files,
    engine,
    openTable: async name => {
      const pointer = at(name);
      await pointer.load();
      return open(pointer);
    },
    createTable: async (name, definition) => {
      const pointer = at(name);
      await pointer.create(await define(definition, pointer.location, engine, now()));
      return open(pointer);
    },
    tables: async function* () {
      let last: string | undefined;
      for await (const { location } of files.list(root)) {
        const [folder_of_table, name] = location.split('/metadata/');
        if (!folder_of_table || !name || name.includes('/') || versionOf(name) === undefined) continue;
        if (folder_of_table === last) continue;
        last = folder_of_table;
        yield folder_of_table.slice(root.length + 1).replaceAll('/', '.');
      }
    },
    dropTable: async name => {
      const { location, load } = at(name);
      await load();
      for await (const file of files.list(location)) await files.remove(file.location);
    },
    close: () => engine.close(),
  };
}

/** Letters of any language, digits and marks that no disk, URL or engine takes for its own. */
const PART = /^[\p{L}\p{N}_][\p{L}\p{N}_ -]{0,99}$/u;

function pathOf(name: string): string {
  const parts = name.split('.');
  if (parts.length <= 8 && parts.every(part => PART.test(part) && part !== 'metadata' && part !== 'data'))
    return parts.join('/');
  throw new IcebergError('invalid', `"${name.slice(0, 200)}" is no name of a table: write shop.orders`, {
    table: name.slice(0, 200),
  });
}
