// What an engine has to do to be tested: one file for each engine says how it does these things, `matrix.ts` says what is
// expected of all of them. An engine that cannot do something says why, in the words of the guide.

export interface TableName {
  namespace: string;
  name: string;
}

/** Columns `id` (long), `name` (string), `amount` (double); more where a test adds one. */
export type Row = Readonly<Record<string, number | string | null>>;

/** How an engine finds the catalog and its storage. */
export interface Place {
  uri: string;
  /** The workspace. */
  warehouse: string;
  token: string;
  /** That the tables are on, with the keys that a client brings itself. Without keys it asks the catalog for some. */
  s3?: { endpoint: string; region: string; keys?: { access: string; secret: string } };
}

export interface Engine {
  name: string;
  /** Operations that it does not have, and why. */
  lacks: Partial<Record<Operation, string>>;
  /** On S3 it asks the catalog for keys when it was given none. */
  takes_keys?: true;
  open(place: Place): Promise<Session>;
  /** Of what its sessions share. */
  end?(): Promise<void>;
}

/** Each fails with what the engine says. */
export interface Session extends Partial<Operations> {
  version: string;
  close(): Promise<void>;
}

export interface Operations {
  create_namespace(name: string): Promise<void>;
  list_namespaces(): Promise<string[]>;
  list_tables(namespace: string): Promise<string[]>;
  create(table: TableName): Promise<void>;
  create_partitioned(table: TableName): Promise<void>;
  create_as(table: TableName, rows: readonly Row[]): Promise<void>;
  read(table: TableName): Promise<Row[]>;
  read_snapshot(table: TableName, snapshot_id: string): Promise<Row[]>;
  append(table: TableName, rows: readonly Row[]): Promise<void>;
  overwrite(table: TableName, rows: readonly Row[]): Promise<void>;
  update(table: TableName, id: number, amount: number): Promise<void>;
  delete(table: TableName, id: number): Promise<void>;
  /** By `id`. */
  merge(table: TableName, rows: readonly Row[]): Promise<void>;
  /** An int. */
  add_column(table: TableName, name: string): Promise<void>;
  rename_column(table: TableName, name: string, to: string): Promise<void>;
  drop_column(table: TableName, name: string): Promise<void>;
  /** From int to long. */
  widen_column(table: TableName, name: string): Promise<void>;
  tag(table: TableName, name: string): Promise<void>;
  set_property(table: TableName, name: string, value: string): Promise<void>;
  rename(table: TableName, to: TableName): Promise<void>;
  drop(table: TableName): Promise<void>;
  purge(table: TableName): Promise<void>;
  /** Both tables at once. */
  write_two(first: TableName, second: TableName, rows: readonly Row[]): Promise<void>;
  /** Of `kinds.ts`, by `id`: all, or those with the values of `like`. */
  read_kinds(table: TableName, like?: Row): Promise<Row[]>;
  /** The same; of times before 1970 some do not know the day. */
  find_before_1970(table: TableName, like: Row | undefined): Promise<Row[]>;
  append_kinds(table: TableName, rows: readonly Row[]): Promise<void>;
  list_views(namespace: string): Promise<string[]>;
  create_view(view: TableName, sql: string): Promise<void>;
  read_view(view: TableName): Promise<Row[]>;
}
export type Operation = keyof Operations;
