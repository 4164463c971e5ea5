import type { TestContext } from 'node:test';
import {
  type FolderTable,
  fileLocation,
  folderTable,
  type LocalEngine,
  localEngine,
  localFiles,
} from '../../src/base/iceberg/local/index.ts';
import { type NewOrder, type NewSpec, newMetadata } from '../../src/base/iceberg/metadata/index.ts';
import type { DataFile, StructType, TableMetadata } from '../../src/base/iceberg/model.ts';
import { assignTypeIds, parseType } from '../../src/base/iceberg/schema/index.ts';
import type { Files, Row } from '../../src/base/iceberg/world.ts';
import { defer } from './defer.ts';
import { scratchFolder } from './scratch.ts';

// A real folder and a real DuckDB, for tests of what writes and reads data.

export interface LocalWorld {
  folder: string;
  root: string;
  files: Files;
  engine: LocalEngine;
  table(name: string): FolderTable;
  /** All the rows of files, as they lie there. */
  rowsOf(data: readonly DataFile[], columns?: string): Promise<Row[]>;
}

export async function localWorld(t: Pick<TestContext, 'after'>): Promise<LocalWorld> {
  const folder = scratchFolder(t);
  const files = await localFiles(folder);
  const engine = await localEngine({ memory: '512MB', threads: 2, temp_folder: `${folder}/.spill` });
  defer(t, () => engine.close());
  const root = fileLocation(folder);
  return {
    folder,
    root,
    files,
    engine,
    table: name => folderTable(files, `${root}/${name}`),
    rowsOf: async (data, columns = '*') => {
      if (data.length === 0) return [];
      const { paths } = await files.open(data.map(file => file.file_path));
      const list = paths.map(path => `'${path.replaceAll("'", "''")}'`).join(', ');
      return engine.query(`SELECT ${columns} FROM read_parquet([${list}], hive_partitioning = false)`);
    },
  };
}

/** `struct<id: long not null, …>` as a table; partitions and order by field id, which count from 1, first those at the top. */
export function tableOf(
  location: string,
  type: string,
  more: { spec?: NewSpec; order?: NewOrder; properties?: Record<string, string> } = {},
): TableMetadata {
  const numbered = assignTypeIds(parseType(type), 1).type as StructType;
  return newMetadata({
    location,
    schema: { ...numbered, 'schema-id': 0 },
    now_ms: 1_790_000_000_000,
    ...more,
  });
}
