/**
 * Whole objects under keys: written once, read in any part, listed by their beginning. A folder on this machine is one
 * implementation, S3 will be another; `tests/support/storage-conformance.ts` says what both have to be, and nobody may count on more.
 */
export interface Storage {
  /**
   * All or nothing: when it resolves the object is durable, and until then a reader sees what was there before. A body that
   * throws leaves nothing.
   */
  put(key: string, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<{ bytes: number }>;
  /** The whole object, piece by piece. Fails with `storage.missing` before the first piece. */
  get(key: string): Promise<AsyncIterable<Uint8Array>>;
  /** Exactly `length` bytes from `offset` on; an object that ends before is an error, never a short answer. */
  range(key: string, offset: number, length: number): Promise<Buffer>;
  /** Keys that begin with `prefix`, in the order of their bytes; `after` is the last one of the page before. */
  list(prefix: string, options?: ListOptions): Promise<ListPage>;
  /** Also when there is none: whoever cleans up may come twice. */
  delete(key: string): Promise<void>;
  /** Bytes; undefined when there is no such object. */
  size(key: string): Promise<number | undefined>;
}

export interface ListOptions {
  after?: string;
  /** At most this many; 1000 unless said. */
  limit?: number;
}

export interface ListedObject {
  key: string;
  bytes: number;
}

export interface ListPage {
  items: ListedObject[];
  /** For `after`; null at the end. */
  next: string | null;
}

export const LIST_LIMIT = 1000;
