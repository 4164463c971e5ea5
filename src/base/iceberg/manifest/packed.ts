import { Cursor, eachElement } from '../avro/index.ts';

// A manifest has six maps for each file, of as many columns as the table: made into Maps they are ten times their bytes, and planning
// looks at a few columns. So they stay as they were written, checked once, and are searched when asked.

interface Kind<V> {
  read(cursor: Cursor): V;
  skip(cursor: Cursor): void;
}

export const NUMBERS: Kind<number> = {
  read: cursor => cursor.number(),
  skip: cursor => cursor.passLong(),
};

export const BYTES: Kind<Buffer> = {
  read: cursor => cursor.take(cursor.number()),
  skip: cursor => cursor.pass(cursor.number()),
};

const EMPTY: ReadonlyMap<number, never> = new Map<number, never>();

/** An array of records of a number and a value, which is Iceberg's map; what is wrong with it shows here, not when it is asked. */
export function passMap<V>(cursor: Cursor, kind: Kind<V>): ReadonlyMap<number, V> {
  const start = cursor.at;
  let size = 0;
  eachElement(cursor, () => {
    cursor.number();
    kind.skip(cursor);
    size += 1;
  });
  return size === 0 ? EMPTY : new PackedMap({ bytes: cursor.bytes, start, size, kind });
}

class PackedMap<V> implements ReadonlyMap<number, V> {
  readonly size: number;
  private readonly bytes: Buffer;
  private readonly start: number;
  private readonly kind: Kind<V>;

  constructor({ bytes, start, size, kind }: { bytes: Buffer; start: number; size: number; kind: Kind<V> }) {
    this.size = size;
    this.bytes = bytes;
    this.start = start;
    this.kind = kind;
  }

  get(key: number): V | undefined {
    const cursor = new Cursor(this.bytes, '', this.start);
    for (let count = cursor.count(); count > 0; count = cursor.count())
      for (let index = 0; index < count; index += 1) {
        if (cursor.number() === key) return this.kind.read(cursor);
        this.kind.skip(cursor);
      }
    return undefined;
  }

  has(key: number): boolean {
    return this.get(key) !== undefined;
  }

  keys(): MapIterator<number> {
    return this.unpacked().keys();
  }

  values(): MapIterator<V> {
    return this.unpacked().values();
  }

  entries(): MapIterator<[number, V]> {
    return this.unpacked().entries();
  }

  [Symbol.iterator](): MapIterator<[number, V]> {
    return this.entries();
  }

  forEach(see: (value: V, key: number, map: ReadonlyMap<number, V>) => void): void {
    for (const [key, value] of this.unpacked()) see(value, key, this);
  }

  private unpacked(): Map<number, V> {
    const cursor = new Cursor(this.bytes, '', this.start);
    const map = new Map<number, V>();
    eachElement(cursor, () => map.set(cursor.number(), this.kind.read(cursor)));
    return map;
  }
}
