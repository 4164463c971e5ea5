// The words of runs, without a schema: pages load these and nothing of zod.

export const RUN_STATES = [
  'queued',
  'running',
  'cancelling',
  'succeeded',
  'partial',
  'failed',
  'lost',
  'cancelled',
  'skipped',
] as const;

export const TRIGGERS = ['manual', 'api', 'schedule', 'retry', 'backfill', 'event', 'system'] as const;
export const CONDITIONS = ['all_succeeded', 'all_done', 'any_failed'] as const;
export const OVERLAPS = ['queue', 'skip', 'cancel_previous'] as const;
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
