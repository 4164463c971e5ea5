import type { DuckDBConnection } from '@duckdb/node-api';
import { IcebergError } from '../errors.ts';
import type { Engine, Row } from '../world.ts';

export interface EngineOptions {
  /** As DuckDB writes it: `1GB`, which is what it has unless said. What does not fit goes to `temp_folder`. */
  memory?: string;
  temp_folder?: string;
  /** The most that may lie in `temp_folder`: `100GB`. */
  temp_bytes?: string;
  /** All processors, unless said. */
  threads?: number;
}

export interface LocalEngine extends Engine {
  stream(sql: string): AsyncIterable<Row[]>;
  close(): void;
}

/**
 * DuckDB in this process, in memory, for tables outside. Queries run side by side.
 *
 * Each occupies a thread of Node's pool, of which there are four: five long queries keep a sixth, and every read of a file,
 * waiting. A process with more of them is started with `UV_THREADPOOL_SIZE=32`; it cannot be changed from inside.
 */
export async function localEngine(options: EngineOptions = {}): Promise<LocalEngine> {
  // Loaded when somebody wants it: 70 MB, which nobody pays who only looks at metadata.
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', settings(options));
  const first = await instance.connect();
  // Text of moments, in statistics and partitions, is read as UTC wherever this runs.
  await first.run("SET GLOBAL TimeZone = 'UTC'");
  first.closeSync();
  let closed = false;

  const connect = async (): Promise<DuckDBConnection> => {
    if (closed) throw new IcebergError('invalid', 'this engine is closed', {});
    return instance.connect();
  };

  return {
    query: async sql => {
      const connection = await connect();
      try {
        const reader = await connection.runAndReadAll(sql);
        return reader.getRowObjectsJS();
      } finally {
        connection.closeSync();
      }
    },
    stream: async function* (sql) {
      const connection = await connect();
      try {
        const result = await connection.stream(sql);
        for await (const rows of result.yieldRowObjectJs()) yield rows;
      } finally {
        connection.closeSync();
      }
    },
    close: () => {
      closed = true;
      instance.closeSync();
    },
  };
}

function settings({
  memory = '1GB',
  temp_folder,
  temp_bytes,
  threads,
}: EngineOptions): Record<string, string> {
  return {
    memory_limit: memory,
    // What a statement needs is here or it fails: nothing is fetched from the network behind anybody's back.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    ...(temp_folder === undefined ? {} : { temp_directory: temp_folder }),
    ...(temp_bytes === undefined ? {} : { max_temp_directory_size: temp_bytes }),
    ...(threads === undefined ? {} : { threads: String(threads) }),
  };
}
