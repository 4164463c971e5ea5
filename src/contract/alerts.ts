import { z } from 'zod';
import { id, pageOf, pageQuery, timestamp, version } from './page.ts';
import { defineRoutes } from './route.ts';
import { taskErrorSchema } from './runs.ts';

export const INCIDENT_KINDS = ['failed', 'lost', 'late'] as const;
export const WEBHOOK_KINDS = [...INCIDENT_KINDS, 'recovered'] as const;
export const WEBHOOK_FORMATS = ['json', 'slack', 'teams', 'mattermost'] as const;

/** One per thing that goes wrong, however often: it ends when the same thing has gone well again. */
export const incidentSchema = z.object({
  id,
  subject: z.string(),
  title: z.string(),
  kind: z.enum(INCIDENT_KINDS),
  run_id: id.nullable(),
  first_run_id: id.nullable(),
  count: z.number().int(),
  error: taskErrorSchema.partial().nullable(),
  opened_at: timestamp,
  last_at: timestamp,
  recovered_at: timestamp.nullable(),
  recovered_run_id: id.nullable(),
  /** Opened, happened again or recovered since the caller last looked at the bell. */
  unseen: z.boolean(),
});
export type Incident = z.infer<typeof incidentSchema>;

export const webhookSchema = z.object({
  enabled: z.boolean(),
  format: z.enum(WEBHOOK_FORMATS),
  /** Scheme and host; the rest is a secret. */
  shown_url: z.string(),
  has_signing_secret: z.boolean(),
  on_kinds: z.array(z.enum(WEBHOOK_KINDS)),
  version,
  updated_at: timestamp,
});

export const deliverySchema = z.object({
  id,
  incident_id: id.nullable(),
  kind: z.enum([...WEBHOOK_KINDS, 'test']),
  state: z.enum(['waiting', 'delivered', 'failed']),
  attempts: z.number().int(),
  next_at: timestamp.nullable(),
  status: z.number().int().nullable(),
  error: z.string().nullable(),
  body: z.json(),
  created_at: timestamp,
  ended_at: timestamp.nullable(),
});
export type Delivery = z.infer<typeof deliverySchema>;

export const alertRoutes = defineRoutes({
  'incidents.list': {
    method: 'GET',
    path: '/incidents',
    summary: 'What went wrong, newest first: once per incident, until it is well again',
    tag: 'Alerts',
    permission: 'runs:read',
    query: pageQuery.extend({ open: z.stringbool().optional() }),
    output: pageOf(incidentSchema).extend({ unseen: z.number().int(), open: z.number().int() }),
  },
  'incidents.seen': {
    method: 'POST',
    path: '/incidents/seen',
    summary: 'The caller has looked at the bell',
    tag: 'Alerts',
    permission: 'runs:read',
    output: 'empty',
  },
  'webhook.show': {
    method: 'GET',
    path: '/webhook',
    summary: 'Where the workspace is told of incidents; its address is never shown whole',
    tag: 'Alerts',
    permission: 'alerts:read',
    output: z.object({ webhook: webhookSchema.nullable() }),
  },
  'webhook.put': {
    method: 'PUT',
    path: '/webhook',
    summary: 'Set or replace the webhook of the workspace',
    tag: 'Alerts',
    permission: 'alerts:edit',
    body: z.strictObject({
      /** Left out: it stays. */
      url: z
        .url({ protocol: /^https?$/ })
        .max(2000)
        .meta({ secret: true })
        .optional(),
      /** Of the generic format: signs the body (HMAC-SHA256). Null takes it away. */
      signing_secret: z.string().min(16).max(500).meta({ secret: true }).nullish(),
      format: z.enum(WEBHOOK_FORMATS).default('json'),
      enabled: z.boolean().default(true),
      on_kinds: z
        .array(z.enum(WEBHOOK_KINDS))
        .min(1)
        .max(4)
        .default([...WEBHOOK_KINDS]),
    }),
    output: webhookSchema,
    errors: ['webhook.no_url', 'outbound.refused'],
  },
  'webhook.delete': {
    method: 'DELETE',
    path: '/webhook',
    summary: 'Tell nobody any more',
    tag: 'Alerts',
    permission: 'alerts:edit',
    output: 'empty',
  },
  'webhook.test': {
    method: 'POST',
    path: '/webhook/test',
    summary: 'Send a test now and answer what came back',
    tag: 'Alerts',
    permission: 'alerts:edit',
    output: deliverySchema,
    errors: ['webhook.missing'],
  },
  'webhook.deliveries': {
    method: 'GET',
    path: '/webhook/deliveries',
    summary: 'What was sent, newest first',
    tag: 'Alerts',
    permission: 'alerts:read',
    query: pageQuery,
    output: pageOf(deliverySchema),
  },
});
