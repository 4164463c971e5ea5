import { z } from 'zod';
import { INSTANCE_RIGHTS, SCOPES } from '../../src/contract/permissions.ts';

interface JsonSchema {
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  const?: unknown;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema | boolean;
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  description?: string;
  default?: unknown;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
}

export interface Field {
  name: string;
  type: string;
  required: boolean;
  note: string;
}

export function fieldsOf(schema: z.ZodType): Field[] {
  const { properties = {}, required = [] } = toJsonSchema(schema, 'input');
  return Object.entries(properties).map(([name, property]) => ({
    name,
    type: typeText(property),
    required: required.includes(name),
    note: noteOf(property),
  }));
}

/** The shape of an answer, as one would write it down: `{ items: [{ id: uuid, … }], next_cursor: text or null }`. */
export function shapeText(schema: z.ZodType): string {
  return blockText(toJsonSchema(schema, 'output'), '');
}

function toJsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  return z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' }) as JsonSchema;
}

function typeText(schema: JsonSchema): string {
  const variants = schema.anyOf ?? schema.oneOf;
  if (variants) return [...new Set(variants.map(typeText))].join(' or ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return choiceText(schema.enum);
  if (schema.type === 'array') return `list of ${typeText(schema.items ?? {})}`;
  if (schema.type === 'object') return 'object';
  return schema.format ?? plainType(schema);
}

/** The scopes would fill half a page each time; they have one of their own. */
function choiceText(values: readonly unknown[]): string {
  if (values.length === SCOPES.length) return 'scope';
  if (values.length === INSTANCE_RIGHTS.length && values[0] === INSTANCE_RIGHTS[0]) return 'instance right';
  return values.map(value => JSON.stringify(value)).join(' or ');
}

const WORDS: Record<string, string> = { string: 'text', integer: 'whole number', boolean: 'true or false' };

function plainType({ type, $ref }: JsonSchema): string {
  if ($ref || type === undefined) return 'any JSON';
  return [type]
    .flat()
    .map(name => WORDS[name] ?? name)
    .join(' or ');
}

function noteOf(schema: JsonSchema): string {
  const { description, minLength, maxLength, minimum, maximum } = schema;
  const limits = [
    rangeText(minLength, maxLength, ' characters'),
    schema.type === 'integer' ? rangeText(minimum, bounded(maximum), '') : '',
    schema.default === undefined ? '' : `default ${JSON.stringify(schema.default)}`,
  ].filter(text => text !== '');
  return [description, limits.join(', ')].filter(Boolean).join('; ');
}

function rangeText(least: number | undefined, most: number | undefined, unit: string): string {
  if (least !== undefined && most !== undefined) return `${least} to ${most}${unit}`;
  if (most !== undefined) return `at most ${most}${unit}`;
  return '';
}

/** zod says of every integer that it is safe; that is no limit to tell a reader. */
function bounded(maximum: number | undefined): number | undefined {
  return maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
}

function blockText(schema: JsonSchema, indent: string): string {
  if (schema.type === 'array' && isNested(schema.items)) return `[${blockText(schema.items ?? {}, indent)}]`;
  if (schema.type !== 'object' || !schema.properties) return recordText(schema, indent);
  const lines = Object.entries(schema.properties).map(([name, property]) => {
    const optional = schema.required?.includes(name) ? '' : '?';
    return `${indent}  ${name}${optional}: ${childText(property, `${indent}  `)}`;
  });
  return `{\n${lines.join('\n')}\n${indent}}`;
}

function recordText(schema: JsonSchema, indent: string): string {
  const { additionalProperties: values } = schema;
  if (schema.type !== 'object' || typeof values !== 'object') return typeText(schema);
  return `{ each name: ${childText(values, indent)} }`;
}

function childText(schema: JsonSchema, indent: string): string {
  const variants = schema.anyOf ?? [];
  const nested = variants.find(isNested);
  if (nested)
    return [blockText(nested, indent), ...variants.filter(one => one !== nested).map(typeText)].join(' or ');
  return isNested(schema) || schema.type === 'object' ? blockText(schema, indent) : typeText(schema);
}

function isNested(schema: JsonSchema | undefined): boolean {
  return schema?.properties !== undefined || (schema?.type === 'array' && isNested(schema.items));
}
