/**
 * Whole objects under keys: written once, read in any part, listed by their beginning. A folder is one implementation, S3 the
 * other; `tests/support/storage-conformance.ts` says what each has to be, and nobody may count on more.
 */
export interface Storage {
  /** Where it is, for those who choose by it: how engines reach the same bytes, what a page says. */
  readonly facts: StorageFacts;
  /**
   * All or nothing: when it resolves the object is durable, and until then a reader sees what was there before. A body that
   * throws leaves nothing.
   */
  put(key: string, body: Body, options?: PutOptions): Promise<{ bytes: number }>;
  /** As `put`, but it may not outlive a power cut before `seal`: a thousand files then wait for the disk once. */
  write(key: string, body: Body): Promise<{ bytes: number }>;
  /** As `write`, of a file on this machine, which is gone afterwards: moved where that can be, else copied or uploaded. */
  adopt(path: string, key: string): Promise<{ bytes: number }>;
  /** What was written or adopted under these keys is durable when it resolves, with the folders that lead there. */
  seal(keys: readonly string[]): Promise<void>;
  /** The whole object, piece by piece. Fails with `storage.missing` before the first piece. */
  get(key: string): Promise<AsyncIterable<Uint8Array>>;
  /** Exactly `length` bytes from `offset` on; an object that ends before is an error, never a short answer. */
  range(key: string, offset: number, length: number): Promise<Buffer>;
  /** Keys that begin with `prefix`, in the order of their bytes; `after` is the last one of the page before. */
  list(prefix: string, options?: ListOptions): Promise<ListPage>;
  /** One, or any number at once; also where there is none: whoever cleans up may come twice. */
  delete(keys: string | readonly string[]): Promise<void>;
  /** Bytes; undefined when there is no such object. */
  size(key: string): Promise<number | undefined>;
  /** The absolute address of an object, as table formats write it down: not encoded, `file:///…` or `s3://bucket/…`. */
  location(key: string): string;
  /** The way back, from any spelling of the address; undefined where it leads out of the storage, or is no key. */
  keyOf(location: string): string | undefined;
  /** The object's own file, where the storage is a folder of this machine; it is only to be read. */
  file(key: string): Promise<string | undefined>;
  /** Credentials for others that end by themselves and open one prefix only; undefined where the storage can give none. */
  temporaryCredentials(scope: CredentialScope): Promise<TemporaryCredentials | undefined>;
}

export type Body = Uint8Array | AsyncIterable<Uint8Array>;

export interface PutOptions {
  /**
   * Only where there is nothing yet, else `storage.exists`; of several at once one wins. A connection that breaks may make the
   * winner hear `storage.exists` too: who must know looks at what is there.
   */
  if_absent?: boolean;
}

export interface ListOptions {
  after?: string;
  /** At most this many, and never more than 1000 (`listAll` goes on). */
  limit?: number;
}

export interface ListedObject {
  key: string;
  bytes: number;
  /** By the storage's own clock. */
  modified_ms: number;
}

export interface ListPage {
  items: ListedObject[];
  /** For `after`; null at the end. A page may hold less than was asked for and still not be the last. */
  next: string | null;
}

export type StorageFacts =
  | { kind: 'folder'; root: string }
  | {
      kind: 's3';
      root: string;
      bucket: string;
      endpoint: string | null;
      region: string;
      path_style: boolean;
    };

export interface CredentialScope {
  /** Keys that begin with it, from one whole name to the next: `ws/raw/t1` opens `ws/raw/t1/…` and not `ws/raw/t10`. */
  prefix: string;
  write: boolean;
}

export interface TemporaryCredentials {
  access_key: string;
  secret_key: string;
  session_token: string;
  expires_ms: number;
}

export const LIST_LIMIT = 1000;
