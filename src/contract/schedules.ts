import { z } from 'zod';
import { id, instant, name, pageOf, pageQuery, timestamp, timeZone, version } from './page.ts';
import { defineRoutes } from './route.ts';
import { OVERLAPS, runDefinitionSchema, runStateSchema } from './runs.ts';

const byId = z.object({ id });

/** Five or six fields (the first of six: seconds), names of months and days, `@daily` and its like. */
const cron = z.string().trim().min(1).max(200);

/** Exactly one of the three. */
const when = {
  cron: cron.nullish(),
  every_seconds: z.number().int().min(1).max(31_622_400).nullish(),
  once_at: instant.nullish(),
};

const settings = {
  name,
  description: z.string().max(2000).default(''),
  enabled: z.boolean().default(true),
  ...when,
  /** Null follows the workspace's. */
  time_zone: timeZone.nullish(),
  starts_at: instant.nullish(),
  ends_at: instant.nullish(),
  /** Each fire is moved by chance, at most so much, always by the same for the same fire time. */
  jitter_seconds: z.number().int().min(0).max(86_400).default(0),
  /** Fire times that passed while nobody could fire: none of them, the last one, or all up to a limit. */
  catch_up: z.enum(['skip', 'latest', 'all']).default('latest'),
  catch_up_limit: z.number().int().min(1).max(1000).default(10),
  overlap: z.enum(OVERLAPS).default('queue'),
  calendar_id: id.nullish(),
  definition: runDefinitionSchema,
  priority: z.number().int().min(-100).max(100).default(0),
  late_after_seconds: z.number().int().min(1).max(31_622_400).nullish(),
};
export const newScheduleSchema = z.strictObject(settings);
export type NewSchedule = z.infer<typeof newScheduleSchema>;

/** Without the defaults: what a change does not say stays as it is. */
export const scheduleChangeSchema = z
  .strictObject({
    ...settings,
    description: settings.description.unwrap(),
    enabled: settings.enabled.unwrap(),
    jitter_seconds: settings.jitter_seconds.unwrap(),
    catch_up: settings.catch_up.unwrap(),
    catch_up_limit: settings.catch_up_limit.unwrap(),
    overlap: settings.overlap.unwrap(),
    priority: settings.priority.unwrap(),
  })
  .partial();

export const scheduleSchema = z.object({
  id,
  name: z.string(),
  description: z.string(),
  enabled: z.boolean(),
  cron: z.string().nullable(),
  every_seconds: z.number().int().nullable(),
  once_at: timestamp.nullable(),
  time_zone: z.string().nullable(),
  /** The one that counts. */
  effective_time_zone: z.string(),
  starts_at: timestamp.nullable(),
  ends_at: timestamp.nullable(),
  jitter_seconds: z.number().int(),
  catch_up: z.enum(['skip', 'latest', 'all']),
  catch_up_limit: z.number().int(),
  overlap: z.enum(OVERLAPS),
  calendar_id: id.nullable(),
  definition: runDefinitionSchema,
  priority: z.number().int(),
  late_after_seconds: z.number().int().nullable(),
  run_as: z.object({ kind: z.enum(['person', 'service', 'local']), id: z.string() }),
  /** The next five, as they will be if nothing changes. */
  next: z.array(timestamp),
  last_run: z
    .object({ id, state: runStateSchema, created_at: timestamp, ended_at: timestamp.nullable() })
    .nullable(),
  version,
  created_at: timestamp,
  updated_at: timestamp,
});
export type Schedule = z.infer<typeof scheduleSchema>;

/** Local date-times without zone: they mean the schedule's. */
const localTime = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?)?$/, 'must be like 2026-12-24 or 2026-12-24T18:00')
  .meta({ example: '2026-12-24' });
export const blackoutSchema = z.union([
  z.strictObject({ from: localTime, to: localTime, note: z.string().max(200).default('') }),
  z.strictObject({ weekday: z.number().int().min(1).max(7), note: z.string().max(200).default('') }),
  z.strictObject({
    yearly: z.string().regex(/^\d\d-\d\d$/, 'must be month and day such as 05-01'),
    note: z.string().max(200).default(''),
  }),
]);
export const calendarSchema = z.object({
  id,
  name: z.string(),
  blackouts: z.array(blackoutSchema),
  version,
  updated_at: timestamp,
});
const newCalendar = z.strictObject({ name, blackouts: z.array(blackoutSchema).max(1000) });

export type Calendar = z.infer<typeof calendarSchema>;

export const scheduleRoutes = defineRoutes({
  'schedules.list': {
    method: 'GET',
    path: '/schedules',
    summary: 'Schedules of the workspace, by name',
    tag: 'Schedules',
    permission: 'schedules:read',
    query: pageQuery.extend({ text: z.string().max(200).optional(), enabled: z.stringbool().optional() }),
    output: pageOf(scheduleSchema),
  },
  'schedules.create': {
    method: 'POST',
    path: '/schedules',
    summary: 'Make a schedule; its runs act as whoever makes it',
    tag: 'Schedules',
    permission: 'schedules:edit',
    body: newScheduleSchema,
    output: scheduleSchema,
    status: 201,
    idempotent: true,
    errors: [
      'schedule.when',
      'schedule.cron',
      'schedule.name_taken',
      'task.unknown_kind',
      'task.input',
      'run.graph',
    ],
  },
  'schedules.show': {
    method: 'GET',
    path: '/schedules/{id}',
    summary: 'One schedule',
    tag: 'Schedules',
    permission: 'schedules:read',
    params: byId,
    output: scheduleSchema,
    etag: 'read',
    errors: ['object.not_found'],
  },
  'schedules.edit': {
    method: 'PATCH',
    path: '/schedules/{id}',
    summary: 'Change a schedule; the next fire time is computed anew, what is due already still fires',
    tag: 'Schedules',
    permission: 'schedules:edit',
    params: byId,
    body: scheduleChangeSchema,
    output: scheduleSchema,
    etag: 'write',
    errors: [
      'object.not_found',
      'schedule.when',
      'schedule.cron',
      'schedule.name_taken',
      'task.unknown_kind',
      'task.input',
      'run.graph',
    ],
  },
  'schedules.delete': {
    method: 'DELETE',
    path: '/schedules/{id}',
    summary: 'Delete a schedule; its runs stay',
    tag: 'Schedules',
    permission: 'schedules:edit',
    params: byId,
    output: 'empty',
    errors: ['object.not_found'],
  },
  'schedules.run': {
    method: 'POST',
    path: '/schedules/{id}/run',
    summary: 'Run it now, whatever its times say',
    tag: 'Schedules',
    permission: 'runs:start',
    params: byId,
    output: z.object({ run_id: id }),
    status: 202,
    idempotent: true,
    errors: ['object.not_found', 'task.unknown_kind'],
  },
  'schedules.preview': {
    method: 'POST',
    path: '/schedules/preview',
    summary: 'The next fire times of a schedule that is not saved',
    tag: 'Schedules',
    permission: 'schedules:read',
    body: z.strictObject({
      ...when,
      time_zone: timeZone.nullish(),
      starts_at: instant.nullish(),
      ends_at: instant.nullish(),
      calendar_id: id.nullish(),
      count: z.number().int().min(1).max(100).default(5),
    }),
    output: z.object({ next: z.array(timestamp), time_zone: z.string() }),
    errors: ['schedule.when', 'schedule.cron', 'object.not_found'],
  },
  'calendars.list': {
    method: 'GET',
    path: '/calendars',
    summary: 'Calendars: times at which schedules do not fire',
    tag: 'Schedules',
    permission: 'schedules:read',
    query: pageQuery,
    output: pageOf(calendarSchema),
  },
  'calendars.create': {
    method: 'POST',
    path: '/calendars',
    summary: 'Make a calendar',
    tag: 'Schedules',
    permission: 'schedules:edit',
    body: newCalendar,
    output: calendarSchema,
    status: 201,
    idempotent: true,
    errors: ['calendar.name_taken'],
  },
  'calendars.edit': {
    method: 'PATCH',
    path: '/calendars/{id}',
    summary: 'Change a calendar',
    tag: 'Schedules',
    permission: 'schedules:edit',
    params: byId,
    body: newCalendar.partial(),
    output: calendarSchema,
    etag: 'write',
    errors: ['object.not_found', 'calendar.name_taken'],
  },
  'calendars.delete': {
    method: 'DELETE',
    path: '/calendars/{id}',
    summary: 'Delete a calendar that no schedule uses',
    tag: 'Schedules',
    permission: 'schedules:edit',
    params: byId,
    output: 'empty',
    errors: ['object.not_found', 'calendar.used'],
  },
});
