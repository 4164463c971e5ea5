import { z } from 'zod';
import {
  isIcebergError,
  newOrderSchema,
  newSpecSchema,
  parseJson,
  readAs,
  requirementSchema,
  schemaSchema,
  updateSchema,
} from '../../../base/iceberg/index.ts';
import { badRequest } from './problem.ts';

// Bodies as real clients send them: with fields that nobody told us of, with null for what they do not say, with integers of 63
// bits. Only what is used here is looked at.

const levels = z.array(z.string().min(1)).min(1).max(8);
const properties = z.record(z.string(), z.string());
const identifier = z.object({ namespace: levels, name: z.string().min(1) });

export const newNamespaceBody = z.object({ namespace: levels, properties: properties.nullish() });

export const propertiesBody = z.object({
  removals: z.array(z.string()).nullish(),
  updates: properties.nullish(),
});

export const newTableBody = z.object({
  name: z.string().min(1),
  location: z.string().nullish(),
  schema: schemaSchema,
  'partition-spec': newSpecSchema.nullish(),
  'write-order': newOrderSchema.nullish(),
  'stage-create': z.boolean().nullish(),
  properties: properties.nullish(),
});

const requirements = z.array(requirementSchema);
const updates = z.array(updateSchema);
export const commitBody = z.object({ requirements: requirements.default([]), updates: updates.default([]) });

export const transactionBody = z.object({
  'table-changes': z.array(commitBody.extend({ identifier })).min(1).max(1000),
});

export const registerBody = z.object({
  name: z.string().min(1),
  'metadata-location': z.string().min(1),
  overwrite: z.boolean().nullish(),
});

export const renameBody = z.object({ source: identifier, destination: identifier });

/** Fails with the place of what is wrong; a body that is missing says nothing. */
export function readBody<T>(schema: z.ZodType<T>, text: string): T {
  return readAs(schema, jsonOf(text), 'the request', 'invalid');
}

/** What a client sent is never a file that is damaged. */
function jsonOf(text: string): unknown {
  try {
    return parseJson(text === '' ? '{}' : text);
  } catch (error) {
    throw isIcebergError(error) ? badRequest(error.message) : error;
  }
}
