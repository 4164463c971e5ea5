import { z } from 'zod';
import { id, timestamp } from './page.ts';
import { defineRoutes } from './route.ts';

export const partStateSchema = z.object({
  /** store, migrations, keys, disk … */
  name: z.string(),
  state: z.enum(['ok', 'degraded', 'down']),
  /** What is wrong and what to do, in words; empty when all is well. */
  detail: z.string(),
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});
export type PartState = z.infer<typeof partStateSchema>;

export const readinessSchema = z.object({ ready: z.boolean(), parts: z.array(partStateSchema) });

export const configEntrySchema = z.object({
  key: z.string(),
  /** Secrets show as `•••`. */
  value: z.json(),
  origin: z.enum(['default', 'file', 'environment', 'flag', 'remembered']),
  /** Which file, variable or flag. */
  source: z.string().nullable(),
  doc: z.string(),
});
export type ConfigEntry = z.infer<typeof configEntrySchema>;

export const systemSchema = z.object({
  instance_id: id,
  version: z.string(),
  node: z.string(),
  postgres: z.string(),
  schema_version: z.number().int(),
  platform: z.string(),
  started_at: timestamp,
  url: z.string(),
  data_folder: z.string(),
  memory: z.object({ rss_bytes: z.number(), total_bytes: z.number() }),
  disk: z.object({ free_bytes: z.number(), total_bytes: z.number(), store_bytes: z.number() }),
  parts: z.array(partStateSchema),
  config: z.array(configEntrySchema),
});
export type System = z.infer<typeof systemSchema>;

export const eventSchema = z.object({
  /** Follows commit order: whoever resumes after N misses nothing. */
  position: z.string(),
  id,
  workspace_id: id.nullable(),
  type: z.string(),
  version: z.number().int(),
  subject: z.string(),
  actor: z.string().nullable(),
  cause: z.string().nullable(),
  payload: z.json(),
  at: timestamp,
});
export type Event = z.infer<typeof eventSchema>;

export const systemRoutes = defineRoutes({
  'system.show': {
    method: 'GET',
    path: '/instance/system',
    summary: 'Health of every part, versions, disk, and the configuration with the origin of each value',
    tag: 'Installation',
    permission: 'instance:health',
    output: systemSchema,
  },
  'backup.download': {
    method: 'GET',
    path: '/instance/backup',
    summary:
      'The whole installation as one file, from one consistent moment; without the key that opens its secrets',
    tag: 'Installation',
    permission: 'instance:backup',
    query: z.object({
      lake: z.stringbool().default(true).describe('Whether the files of the lake are in it'),
    }),
    output: 'stream',
  },
  'events.stream': {
    method: 'GET',
    path: '/events',
    summary:
      'Server-sent events of the workspace; resumes after Last-Event-ID. One stream serves a whole browser tab',
    tag: 'Events',
    permission: 'events:read',
    query: z.object({
      /** For EventSource, which cannot send headers. */
      workspace: z.string().max(100).optional(),
      after: z
        .string()
        .regex(/^\d{1,19}$/)
        .optional(),
      types: z.string().max(2000).optional().describe('Comma-separated beginnings of event types'),
    }),
    headers: z.object({
      /** Whatever a client sends back: what is not a position of ours is no reason to refuse it. */
      'last-event-id': z.string().max(1000).optional(),
    }),
    output: 'stream',
    errors: ['events.too_many_streams'],
  },
  'events.list': {
    method: 'GET',
    path: '/events/list',
    summary: 'The same events as pages, for scripts that poll',
    tag: 'Events',
    permission: 'events:read',
    query: z.object({
      after: z
        .string()
        .regex(/^\d{1,19}$/)
        .default('0'),
      types: z.string().max(2000).optional(),
      limit: z.coerce.number().int().min(1).max(500).default(100),
    }),
    output: z.object({ items: z.array(eventSchema), next_after: z.string() }),
  },
});
