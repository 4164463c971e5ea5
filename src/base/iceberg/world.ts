import type { TableMetadata } from './model.ts';

// What this package asks of the world. `local/` answers for one machine alone; a platform brings its own.

/** Objects under absolute locations: `file:///…`, `s3://…`. Written once, never changed. */
export interface Files {
  /** Fails with `missing_file` when there is none. */
  read(location: string): Promise<Buffer>;
  /** Exactly these bytes, or an error. */
  range(location: string, offset: number, length: number): Promise<Buffer>;
  /** Whole or not at all. Durable only after `seal`. */
  write(location: string, bytes: Uint8Array): Promise<void>;
  /** What was written or brought, with the folders that lead there, outlives a power cut from here on. */
  seal(locations: readonly string[]): Promise<void>;
  exists(location: string): Promise<boolean>;
  /** Also when there is none. */
  remove(location: string): Promise<void>;
  /** Everything below, in pages. `modified_ms` is the storage's own clock. */
  list(prefix: string): AsyncIterable<{ location: string; bytes: number; modified_ms: number }>;
  /** Paths on this machine with the bytes of these objects, for DuckDB; kept until `release`. In the order asked. */
  open(locations: readonly string[]): Promise<{ paths: string[]; release(): void }>;
  /** A folder in which DuckDB may write; `keep` brings files from there to their locations. `release` removes the rest. */
  draft(): Promise<Draft>;
}

export interface Draft {
  folder: string;
  keep(path: string, location: string): Promise<void>;
  release(): Promise<void>;
}

/** DuckDB, wherever it runs. Rows come as what `getRowObjectsJS` gives: bigint for 64 bits, MAP and LIST as `Map`-less plain arrays. */
export interface Engine {
  /** Runs each statement; answers the rows of the last one. */
  query(sql: string): Promise<Row[]>;
  /** Rows as they come, some hundred at a time: for answers that do not fit into memory. */
  stream?(sql: string): AsyncIterable<Row[]>;
}
export type Row = Record<string, unknown>;

/** Where the pointer to the current metadata is. One table per handle. */
export interface Pointer {
  load(): Promise<{ metadata: TableMetadata; location: string }>;
  /**
   * Makes `metadata` the current one, if `base` still is what `load` gave as `location`; else answers false and nothing has
   * happened. Writes and seals the file itself.
   */
  swap(base: string, metadata: TableMetadata): Promise<boolean>;
}
