import { z } from 'zod';
import { id, pageOf, pageQuery, timestamp } from './page.ts';
import { defineRoutes } from './route.ts';

/** What connectors and scripts refer to by name: letters of any case, digits, `_`, `.` and `-`. */
export const secretName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/, 'must be 1 to 100 letters, digits, "_", "." or "-"');
/** 64 KiB hold any key file; more would be a file, not a secret. */
export const MAX_SECRET_BYTES = 65_536;
const secretValue = z
  .string()
  .min(1)
  .refine(value => new TextEncoder().encode(value).length <= MAX_SECRET_BYTES, 'must be at most 64 KiB')
  .meta({ secret: true });

/** Write-only: there is no route that answers a value, not even a part of one. */
export const secretSchema = z.object({
  name: z.string(),
  version: z.number().int(),
  updated_by: z.string(),
  updated_at: timestamp,
});
export type Secret = z.infer<typeof secretSchema>;

export const keyStatusSchema = z.object({
  /** Which key-encryption key protects this installation: the beginning of a hash, not of the key. */
  key_id: z.string(),
  provider: z.enum(['file', 'environment']),
  /** The file or the variable: what must be saved beside the backups. */
  place: z.string(),
  data_keys: z.number().int(),
  secrets: z.number().int(),
  /** Secrets still under a retired data key: a rotation that has not come to its end. */
  waiting: z.number().int(),
});
export type KeyStatus = z.infer<typeof keyStatusSchema>;

const brokenSchema = z.object({
  what: z.enum(['data_key', 'secret']),
  workspace_id: id.nullable(),
  object: z.string(),
  reason: z.string(),
});
export type BrokenSecret = z.infer<typeof brokenSchema>;

export const secretRoutes = defineRoutes({
  'secrets.list': {
    method: 'GET',
    path: '/secrets',
    summary: 'Names of the secrets of the workspace; values are never shown',
    tag: 'Secrets',
    permission: 'secrets:read',
    query: pageQuery,
    output: pageOf(secretSchema),
  },
  'secrets.put': {
    method: 'PUT',
    path: '/secrets/{name}',
    summary: 'Set or replace a secret',
    tag: 'Secrets',
    permission: 'secrets:edit',
    params: z.object({ name: secretName }),
    body: z.object({ value: secretValue }),
    output: secretSchema,
    errors: ['key.changed'],
  },
  'secrets.delete': {
    method: 'DELETE',
    path: '/secrets/{name}',
    summary: 'Delete a secret',
    tag: 'Secrets',
    permission: 'secrets:edit',
    params: z.object({ name: secretName }),
    output: 'empty',
    errors: ['object.not_found'],
  },

  'keys.show': {
    method: 'GET',
    path: '/instance/keys',
    summary: 'Which key protects the secrets, and where it is kept',
    tag: 'Installation',
    permission: 'instance:keys',
    output: keyStatusSchema,
  },
  'keys.verify': {
    method: 'POST',
    path: '/instance/keys/verify',
    summary: 'Open every data key and every secret once; the values go nowhere',
    tag: 'Installation',
    permission: 'instance:keys',
    output: z.object({
      data_keys: z.number().int(),
      secrets: z.number().int(),
      broken_count: z.number().int(),
      /** The first hundred. */
      broken: z.array(brokenSchema),
    }),
  },
  'keys.rotate': {
    method: 'POST',
    path: '/instance/keys/rotate',
    summary:
      'Give every workspace a new data key and encrypt its secrets again; call again while some are waiting',
    tag: 'Installation',
    permission: 'instance:keys',
    body: z.object({
      /** Go on with a rotation that was interrupted, without starting another. */
      resume: z.boolean().default(false),
    }),
    output: z.object({
      data_keys: z.number().int(),
      reencrypted: z.number().int(),
      waiting: z.number().int(),
    }),
    errors: ['key.changed'],
  },
  'keys.rewrap': {
    method: 'POST',
    path: '/instance/keys/rewrap',
    summary: 'Protect all data keys with a new key-encryption key',
    tag: 'Installation',
    permission: 'instance:keys',
    output: z.object({
      former_key_id: z.string(),
      key_id: z.string(),
      place: z.string(),
      data_keys: z.number().int(),
    }),
    errors: ['key.new_needed'],
  },
  'keys.note_export': {
    method: 'POST',
    path: '/instance/keys/exports',
    summary:
      'Leave word in the audit log that a copy of the key was saved; no answer ever holds the key itself',
    tag: 'Installation',
    permission: 'instance:keys',
    body: z.object({
      /** What was saved; the file may hold former keys too. */
      key_ids: z.array(z.string().min(1).max(64)).min(1).max(50),
    }),
    output: 'empty',
  },
});
