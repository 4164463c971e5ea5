import { IcebergError } from '../errors.ts';

// The types of DuckDB, from the text in which `DESCRIBE` gives them, or as people write them: `bigint`, `text`, `int8`.

export type DuckType =
  | { kind: 'plain'; name: string }
  | { kind: 'decimal'; precision: number; scale: number }
  | { kind: 'enum' }
  | { kind: 'list'; element: DuckType }
  | { kind: 'map'; key: DuckType; value: DuckType }
  /** A member without a name has ''. */
  | { kind: 'struct' | 'union'; members: { name: string; type: DuckType }[] };

/** Deeper ones are nobody's data; a parser that calls itself must end somewhere. */
const MAX_DEPTH = 64;

/** Other names under which DuckDB knows a type. */
const ALIASES: Readonly<Record<string, string>> = {
  ...{ BOOL: 'BOOLEAN', LOGICAL: 'BOOLEAN' },
  ...{
    INT1: 'TINYINT',
    INT2: 'SMALLINT',
    SHORT: 'SMALLINT',
    INT: 'INTEGER',
    INT4: 'INTEGER',
    SIGNED: 'INTEGER',
  },
  ...{ INT8: 'BIGINT', LONG: 'BIGINT', INT128: 'HUGEINT', UINT128: 'UHUGEINT' },
  ...{ UINT8: 'UTINYINT', UINT16: 'USMALLINT', UINT32: 'UINTEGER', UINT64: 'UBIGINT' },
  ...{ REAL: 'FLOAT', FLOAT4: 'FLOAT', FLOAT8: 'DOUBLE' },
  ...{ TEXT: 'VARCHAR', STRING: 'VARCHAR', CHAR: 'VARCHAR', BPCHAR: 'VARCHAR', NVARCHAR: 'VARCHAR' },
  ...{ BYTEA: 'BLOB', BINARY: 'BLOB', VARBINARY: 'BLOB', DATETIME: 'TIMESTAMP', GUID: 'UUID' },
};

export function parseDuckType(text: string): DuckType {
  const reader = new Reader(text);
  const type = reader.type(0);
  reader.end();
  return type;
}

function plain(written: string): DuckType {
  if (written === '"NULL"') return { kind: 'plain', name: 'NULL' };
  const name = written.toUpperCase();
  // Without digits it is DuckDB's own.
  if (name === 'DECIMAL' || name === 'NUMERIC') return { kind: 'decimal', precision: 18, scale: 3 };
  return { kind: 'plain', name: ALIASES[name] ?? written };
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  type(depth: number): DuckType {
    if (depth > MAX_DEPTH) throw unreadable(this.#text, 'it is nested too deeply');
    let type = this.#single(depth);
    // `INTEGER[2]` is an array of a fixed length: for a table it is a list as any other.
    while (this.#take(/\s*\[\d*\]/y) !== undefined) type = { kind: 'list', element: type };
    return type;
  }

  end(): void {
    if (this.#at < this.#text.length) throw this.#unexpected();
  }

  #single(depth: number): DuckType {
    switch (this.#take(/\s*(STRUCT|ROW|UNION|MAP|ENUM|DECIMAL|DEC|NUMERIC)\s*\(/iy)?.toUpperCase()) {
      case 'STRUCT':
      case 'ROW':
        return { kind: 'struct', members: this.#members(depth) };
      case 'UNION':
        return { kind: 'union', members: this.#members(depth) };
      case 'MAP':
        return this.#map(depth);
      case 'ENUM':
        return this.#enum();
      case 'DECIMAL':
      case 'DEC':
      case 'NUMERIC':
        return this.#decimal();
    }
    const name = this.#take(/\s*("NULL"|[A-Za-z_][\w]*(?: [A-Za-z_]\w*)*)/y) ?? this.#quoted();
    if (name === undefined) throw this.#unexpected();
    return plain(name);
  }

  /** `STRUCT(a INTEGER, "b c" DATE)`, and `STRUCT(INTEGER, DATE)` of `row(1, …)`, whose members have no names. */
  #members(depth: number): { name: string; type: DuckType }[] {
    const members = [];
    do {
      const start = this.#at;
      const name = this.#quoted() ?? this.#take(/\s*([A-Za-z_]\w*)(?= +["A-Za-z])/y) ?? '';
      // `TIMESTAMP WITH TIME ZONE` without a name looks as if it began with one.
      const isUnnamed = name === '' || /^\s*TIMES?(?:TAMP)? WITH TIME ZONE/i.test(this.#text.slice(start));
      if (isUnnamed) this.#at = start;
      members.push({ name: isUnnamed ? '' : name, type: this.type(depth + 1) });
    } while (this.#take(/\s*(,)/y));
    this.#expect(/\s*(\))/y);
    return members;
  }

  #map(depth: number): DuckType {
    const key = this.type(depth + 1);
    this.#expect(/\s*(,)/y);
    const value = this.type(depth + 1);
    this.#expect(/\s*(\))/y);
    return { kind: 'map', key, value };
  }

  #enum(): DuckType {
    do this.#expect(/\s*('(?:[^']|'')*')/y);
    while (this.#take(/\s*(,)/y));
    this.#expect(/\s*(\))/y);
    return { kind: 'enum' };
  }

  #decimal(): DuckType {
    const precision = Number(this.#expect(/\s*(\d+)/y));
    const scale = this.#take(/\s*,\s*(\d+)/y) ?? '0';
    this.#expect(/\s*(\))/y);
    return { kind: 'decimal', precision, scale: Number(scale) };
  }

  #quoted(): string | undefined {
    return this.#take(/\s*"((?:[^"]|"")*)"/y)?.replaceAll('""', '"');
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (!found) return undefined;
    this.#at = pattern.lastIndex;
    return found[1] ?? found[0];
  }

  #expect(pattern: RegExp): string {
    const found = this.#take(pattern);
    if (found === undefined) throw this.#unexpected();
    return found;
  }

  #unexpected(): IcebergError {
    return unreadable(this.#text, `"${this.#text.slice(this.#at, this.#at + 40)}" was not expected`);
  }
}

function unreadable(text: string, why: string): IcebergError {
  const type = text.slice(0, 200);
  return new IcebergError('type', `${type} is no type that is known here: ${why}`, { type });
}
