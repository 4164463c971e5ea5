import { z } from 'zod';
import { isIcebergError } from '../errors.ts';
import type { Field, ListType, MapType, Schema, StructType, Type } from '../model.ts';
import { canonical } from './types.ts';

// Schemas as they are in JSON. What we do not know is kept: it goes back into the file when it is written again.

/** Ids are 32-bit integers in every other implementation. */
export const MAX_ID = 2_147_483_647;
export const idSchema = z.int().min(0).max(MAX_ID);

/** Some writers say null for what is not there. */
export function absent<T extends object>(value: T): T {
  for (const key of Object.keys(value)) {
    const at = key as keyof T;
    if (value[at] === undefined) delete value[at];
  }
  return value;
}

export function orNull<S extends z.ZodType>(schema: S) {
  return schema
    .nullish()
    .transform(value => value ?? undefined)
    .optional();
}

const primitiveSchema = z.string().transform((text, context): string => {
  try {
    return canonical(text);
  } catch (error) {
    if (!isIcebergError(error)) throw error;
    // The code travels with the problem: a type of version 3 is answered as unsupported, not as wrong.
    context.addIssue({ code: 'custom', message: error.message, params: { code: error.code } });
    return z.NEVER;
  }
});

export const typeSchema: z.ZodType<Type> = z.lazy(() =>
  z.union(
    [primitiveSchema, z.discriminatedUnion('type', [structTypeSchema, listTypeSchema, mapTypeSchema])],
    { error: 'should be a type' },
  ),
);

const fieldSchema: z.ZodType<Field> = z
  .looseObject({
    id: idSchema,
    name: z.string(),
    required: z.boolean(),
    type: typeSchema,
    doc: orNull(z.string()),
  })
  .transform(absent);

const structTypeSchema: z.ZodType<StructType> & z.core.$ZodTypeDiscriminable = z.looseObject({
  type: z.literal('struct'),
  fields: z.array(fieldSchema),
});

const listTypeSchema: z.ZodType<ListType> & z.core.$ZodTypeDiscriminable = z.looseObject({
  type: z.literal('list'),
  'element-id': idSchema,
  element: typeSchema,
  'element-required': z.boolean(),
});

const mapTypeSchema: z.ZodType<MapType> & z.core.$ZodTypeDiscriminable = z.looseObject({
  type: z.literal('map'),
  'key-id': idSchema,
  key: typeSchema,
  'value-id': idSchema,
  value: typeSchema,
  'value-required': z.boolean(),
});

/** Without a number it is schema 0: tables of version 1, and clients that leave the numbering to the catalog. */
export const schemaSchema: z.ZodType<Schema> = z
  .looseObject({
    type: z.literal('struct').default('struct'),
    'schema-id': orNull(idSchema).transform(id => id ?? 0),
    'identifier-field-ids': orNull(z.array(idSchema)),
    fields: z.array(fieldSchema),
  })
  .transform(absent);
