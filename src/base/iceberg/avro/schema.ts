import { z } from 'zod';
import { IcebergError } from '../errors.ts';

// Avro schemas as JSON has them and as codecs want them: references to names resolved, sizes known.

export type AvroType =
  | { kind: 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string'; logical?: string }
  | { kind: 'fixed'; size: number; logical?: string }
  | { kind: 'enum'; symbols: string[] }
  | { kind: 'array'; items: AvroType }
  | { kind: 'map'; values: AvroType }
  | { kind: 'union'; branches: AvroType[] }
  | { kind: 'record'; name: string; fields: AvroField[] };

export interface AvroField {
  name: string;
  /** Iceberg's. Absent in files of those who do not know it. */
  id?: number;
  type: AvroType;
}

/** What goes into `avro.schema`, attributes of Iceberg's included. */
export type AvroJson = string | AvroJson[] | { [attribute: string]: unknown };

const PLAIN = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const;
type Plain = (typeof PLAIN)[number];

const MAX_DEPTH = 64;
/** Schemas name a type once and use it often; what that expands to is what reading one record may cost at least. */
const MAX_NODES = 100_000;

const named = z.object({
  type: z.unknown(),
  name: z.string().optional(),
  namespace: z.string().optional(),
  logicalType: z.string().optional().catch(undefined),
  size: z.int().min(0).max(1_000_000).optional(),
  symbols: z.array(z.string()).optional(),
  items: z.unknown().optional(),
  values: z.unknown().optional(),
  fields: z
    .array(z.object({ name: z.string(), type: z.unknown(), 'field-id': z.int().optional().catch(undefined) }))
    .optional(),
});
type Named = z.infer<typeof named>;

/** Fails with `corrupt` for what is no schema, with `unsupported` for one that contains itself: Iceberg has none. */
export function parseAvroSchema(json: unknown, file: string): AvroType {
  return new SchemaReader(file).read(json, 0);
}

class SchemaReader {
  private readonly file: string;
  private readonly known = new Map<string, { type: AvroType; nodes: number }>();
  private readonly open = new Set<string>();
  private nodes = 0;

  constructor(file: string) {
    this.file = file;
  }

  read(json: unknown, depth: number): AvroType {
    this.nodes += 1;
    if (depth > MAX_DEPTH || this.nodes > MAX_NODES) throw this.refuse('corrupt', 'its schema is too large');
    if (typeof json === 'string') return this.byName(json);
    if (Array.isArray(json)) {
      if (json.length === 0) throw this.refuse('corrupt', 'a union has no branches');
      return { kind: 'union', branches: json.map(branch => this.read(branch, depth + 1)) };
    }
    const parsed = named.safeParse(json);
    if (!parsed.success) throw this.refuse('corrupt', 'its schema is not one');
    return this.complex(parsed.data, depth);
  }

  private byName(name: string): AvroType {
    const plain = PLAIN.find(one => one === name);
    if (plain) return { kind: plain };
    const found = this.known.get(lastPart(name));
    if (found) {
      this.nodes += found.nodes;
      return found.type;
    }
    if (this.open.has(lastPart(name)))
      throw this.refuse('unsupported', `its type ${short(name)} contains itself`);
    throw this.refuse('corrupt', `its schema names an unknown type ${short(name)}`);
  }

  private complex(json: Named, depth: number): AvroType {
    switch (json.type) {
      case 'array':
        return { kind: 'array', items: this.element(json.items, depth) };
      case 'map':
        return { kind: 'map', values: this.read(json.values, depth + 1) };
      case 'fixed':
        return this.define(json, () => ({ kind: 'fixed', size: json.size ?? 0, logical: json.logicalType }));
      case 'enum':
        return this.define(json, () => ({ kind: 'enum', symbols: json.symbols ?? [] }));
      case 'record':
      case 'error':
        return this.define(json, () => this.record(json, depth));
    }
    const plain = PLAIN.find(one => one === json.type);
    return plain ? logical(plain, json.logicalType) : this.read(json.type, depth + 1);
  }

  /** Elements without bytes could be as many as one likes. */
  private element(json: unknown, depth: number): AvroType {
    const items = this.read(json, depth + 1);
    if (leastBytes(items) === 0) throw this.refuse('unsupported', 'it has lists of nothing');
    return items;
  }

  private record(json: Named, depth: number): AvroType {
    const fields = (json.fields ?? []).map(field => {
      const type = this.read(field.type, depth + 1);
      return field['field-id'] === undefined
        ? { name: field.name, type }
        : { name: field.name, id: field['field-id'], type };
    });
    return { kind: 'record', name: json.name ?? '', fields };
  }

  private define(json: Named, read: () => AvroType): AvroType {
    const name = lastPart(json.name ?? '');
    const before = this.nodes;
    this.open.add(name);
    const type = read();
    this.open.delete(name);
    this.known.set(name, { type, nodes: this.nodes - before });
    return type;
  }

  private refuse(code: 'corrupt' | 'unsupported', what: string): IcebergError {
    return new IcebergError(code, `${this.file} cannot be read as Avro: ${what}`, { file: this.file });
  }
}

function logical(kind: Plain, name: string | undefined): AvroType {
  return name === undefined ? { kind } : { kind, logical: name };
}

/** Nobody gives two types of a manifest the same name in two namespaces. */
function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

function short(name: string): string {
  return name.slice(0, 80);
}

/** 0: a value may take no bytes at all. */
function leastBytes(type: AvroType): number {
  if (type.kind === 'null') return 0;
  if (type.kind === 'fixed') return type.size;
  if (type.kind === 'record') return type.fields.reduce((sum, field) => sum + leastBytes(field.type), 0);
  return 1;
}

/** `['null', T]` either way round: T. */
export function withoutNull(type: AvroType): AvroType {
  if (type.kind !== 'union') return type;
  const [only, ...others] = type.branches.filter(branch => branch.kind !== 'null');
  return only && others.length === 0 ? only : type;
}
