import type { DuckDBConnection } from '@duckdb/node-api';
import { IcebergError } from '../errors.ts';
import type { Engine, Row } from '../world.ts';
import { duckProblem } from './duck-problem.ts';

export interface EngineOptions {
  /** As DuckDB writes it: `1GB`, which is what it has unless said. What does not fit goes to `temp_folder`. */
  memory?: string;
  temp_folder?: string;
  /** The most that may lie in `temp_folder`: `100GB`. */
  temp_bytes?: string;
  /** All processors, unless said. With 1, many small things side by side cost a third less: nothing waits for a thread. */
  threads?: number;
}

export interface LocalEngine extends Engine {
  /** All of the rows, or an error. */
  stream(sql: string): AsyncIterable<Row[]>;
  /** Takes no more, and waits for what runs: memory that a thread still works with must not go. */
  close(): Promise<void>;
}

/** Idle connections that are kept: making one costs as much as a small query. */
const MOST_IDLE = 8;

/**
 * DuckDB in this process, in memory, for tables outside. Queries run side by side.
 *
 * Each occupies a thread of Node's pool, of which there are four: five long queries keep a sixth, and every read of a file,
 * waiting. A process with more of them is started with `UV_THREADPOOL_SIZE=32`; it cannot be changed from inside.
 */
export async function localEngine(options: EngineOptions = {}): Promise<LocalEngine> {
  // Loaded when somebody wants it: 70 MB, which nobody pays who only looks at metadata.
  const { memory = '1GB' } = options;
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', settings({ ...options, memory }));
  const first = await instance.connect();
  // Text of moments, in statistics and partitions, is read as UTC wherever this runs.
  await first.run("SET GLOBAL TimeZone = 'UTC'");
  first.closeSync();
  let closed = false;
  const idle: DuckDBConnection[] = [];
  const running = new Set<Promise<unknown>>();

  const tracked = <T>(work: Promise<T>): Promise<T> => {
    const done = work.then(
      () => {},
      () => {},
    );
    running.add(done);
    void done.then(() => running.delete(done));
    return work;
  };
  const connect = async (): Promise<DuckDBConnection> => {
    if (closed) throw new IcebergError('invalid', 'this engine is closed', {});
    return idle.pop() ?? tracked(instance.connect());
  };
  const run = async (sql: string): Promise<Row[]> => {
    const connection = await connect();
    try {
      const rows = (await connection.runAndReadAll(sql)).getRowObjectsJS();
      if (!closed && idle.length < MOST_IDLE && leavesNothing(sql)) idle.push(connection);
      else connection.closeSync();
      return rows;
    } catch (error) {
      connection.closeSync();
      throw duckProblem(error, memory);
    }
  };

  return {
    query: sql => tracked(run(sql)),
    // Into a table first, which spills, and whose rows are counted: what breaks in the middle of a streamed answer looks like its end
    // to the binding, and a short answer would be taken for the whole one.
    stream: async function* (sql) {
      const connection = await connect();
      try {
        const made = await tracked(connection.runAndReadAll(`CREATE TEMP TABLE streamed AS ${sql}`));
        const whole = Number(made.getRows()[0]?.[0]);
        const pieces = (await tracked(connection.stream('FROM streamed'))).yieldRowObjectJs();
        let rows = 0;
        for (;;) {
          const { value, done } = await tracked(pieces.next());
          if (done) break;
          rows += value.length;
          yield value;
        }
        if (rows !== whole)
          throw new IcebergError('storage', `only ${rows} of ${whole} rows could be read back`, {});
      } catch (error) {
        throw duckProblem(error, memory);
      } finally {
        connection.closeSync();
      }
    },
    close: async () => {
      if (closed) return;
      closed = true;
      while (running.size > 0) await Promise.all(running);
      for (const connection of idle) connection.closeSync();
      instance.closeSync();
    },
  };
}

/** One statement that sets nothing and makes nothing which the next one on the same connection could meet. */
function leavesNothing(sql: string): boolean {
  return /^\s*(SELECT|WITH|FROM|VALUES|COPY|DESCRIBE)\b/i.test(sql) && !sql.includes(';');
}

function settings({
  memory,
  temp_folder,
  temp_bytes,
  threads,
}: EngineOptions & { memory: string }): Record<string, string> {
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
