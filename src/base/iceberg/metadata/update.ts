import { z } from 'zod';
import { idSchema, MAX_ID, orNull, schemaSchema } from '../schema/json.ts';
import {
  partitionStatisticsSchema,
  propertiesSchema,
  refFields,
  snapshotIdSchema,
  snapshotSchema,
  sortFieldSchema,
  statisticsSchema,
} from './json.ts';
import { readAs } from './problem.ts';

// The updates of a table commit, as the REST specification has them. -1 is the id of the one that was just added.

export const LAST_ADDED = -1;

const addedIdSchema = z.int().min(LAST_ADDED, 'an id, or -1 for the one just added').max(MAX_ID);

/** Only what has a meaning here goes into the table: clients send `type`, too. */
export const newSpecSchema = z.object({
  'spec-id': orNull(z.int()),
  fields: z.array(
    z.object({
      'source-id': idSchema,
      'field-id': orNull(idSchema),
      name: z.string().min(1),
      transform: z.string().min(1),
    }),
  ),
});
/** `__proto__` would be lost by every reader in JavaScript. */
const refNameSchema = z
  .string()
  .min(1)
  .max(1000)
  .refine(name => name !== '__proto__' && name.isWellFormed() && !name.includes('\0'), 'cannot be a name');

export const newOrderSchema = z.object({
  'order-id': orNull(z.int()),
  fields: z.array(sortFieldSchema),
});

const assign_uuid = z.object({ action: z.literal('assign-uuid'), uuid: z.guid() });
const upgrade = z.object({ action: z.literal('upgrade-format-version'), 'format-version': z.int().min(1) });
const add_schema = z.object({
  action: z.literal('add-schema'),
  schema: schemaSchema,
  'last-column-id': orNull(idSchema),
});
const set_location = z.object({ action: z.literal('set-location'), location: z.string().min(1) });
const set_properties = z.object({ action: z.literal('set-properties'), updates: propertiesSchema });
const remove_properties = z.object({ action: z.literal('remove-properties'), removals: z.array(z.string()) });

/** Those that views have too. */
export const SHARED_UPDATES = [
  assign_uuid,
  upgrade,
  add_schema,
  set_location,
  set_properties,
  remove_properties,
] as const;

const TABLE_UPDATES = [
  ...SHARED_UPDATES,
  z.object({ action: z.literal('set-current-schema'), 'schema-id': addedIdSchema }),
  z.object({ action: z.literal('add-spec'), spec: newSpecSchema }),
  z.object({ action: z.literal('set-default-spec'), 'spec-id': addedIdSchema }),
  z.object({ action: z.literal('add-sort-order'), 'sort-order': newOrderSchema }),
  z.object({ action: z.literal('set-default-sort-order'), 'sort-order-id': addedIdSchema }),
  z.object({ action: z.literal('add-snapshot'), snapshot: snapshotSchema }),
  z.object({ action: z.literal('set-snapshot-ref'), 'ref-name': refNameSchema, ...refFields }),
  z.object({ action: z.literal('remove-snapshots'), 'snapshot-ids': z.array(snapshotIdSchema) }),
  z.object({ action: z.literal('remove-snapshot-ref'), 'ref-name': z.string() }),
  z.object({ action: z.literal('set-statistics'), statistics: statisticsSchema }),
  z.object({ action: z.literal('remove-statistics'), 'snapshot-id': snapshotIdSchema }),
  z.object({
    action: z.literal('set-partition-statistics'),
    'partition-statistics': partitionStatisticsSchema,
  }),
  z.object({ action: z.literal('remove-partition-statistics'), 'snapshot-id': snapshotIdSchema }),
  z.object({ action: z.literal('remove-partition-specs'), 'spec-ids': z.array(idSchema) }),
  z.object({ action: z.literal('remove-schemas'), 'schema-ids': z.array(idSchema) }),
  // Of format version 3: known, so that the answer can say so.
  z.looseObject({ action: z.literal('add-encryption-key') }),
  z.looseObject({ action: z.literal('remove-encryption-key') }),
] as const;

const OLD_NAMES: Readonly<Record<string, { old: string; now: string }>> = {
  'set-properties': { old: 'updated', now: 'updates' },
  'remove-properties': { old: 'removed', now: 'removals' },
};

/** Clients of before the specification was written call two fields differently. */
export function withNewNames(update: unknown): unknown {
  if (typeof update !== 'object' || update === null || !('action' in update)) return update;
  const name = typeof update.action === 'string' ? OLD_NAMES[update.action] : undefined;
  if (!name || name.now in update) return update;
  return { ...update, [name.now]: Reflect.get(update, name.old) };
}

export const updateSchema = z.preprocess(
  withNewNames,
  z.discriminatedUnion('action', TABLE_UPDATES, {
    error: issue =>
      issue.code === 'invalid_union' ? 'is no update of a table that is known here' : undefined,
  }),
);
export type Update = z.infer<typeof updateSchema>;
export type SharedUpdate = z.infer<(typeof SHARED_UPDATES)[number]>;

/** What a client sent. Fails with `invalid`, and with the place of what is wrong. */
export function parseUpdates(json: unknown): Update[] {
  return readAs(z.array(updateSchema), json, 'updates', 'invalid');
}
