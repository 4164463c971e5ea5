import { z } from 'zod';
import type { Event } from '../../contract/system.ts';
import type { Outcome } from './incident.ts';

/** The events that this room reads; how each counts. */
const HOW: Readonly<Record<string, Outcome['how']>> = {
  'run.failed': 'failed',
  'run.lost': 'lost',
  'run.late': 'late',
  'run.succeeded': 'well',
  // Something was left out, and the run says what; it has not failed.
  'run.partial': 'well',
};
export const HEARD = Object.keys(HOW);

/** What the events of runs carry, as far as it matters here. */
const payloadSchema = z.object({
  title: z.string(),
  subject_key: z.string(),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string() }).partial().nullish(),
});

/** Undefined for events that are none of ours. */
export function outcomeOf(event: Event): Outcome | undefined {
  const how = HOW[event.type];
  const payload = payloadSchema.safeParse(event.payload);
  const [kind, run_id] = event.subject.split(':');
  if (how === undefined || !payload.success || event.workspace_id === null) return undefined;
  if (kind !== 'run' || run_id === undefined) return undefined;
  const { title, subject_key: subject, error } = payload.data;
  return {
    workspace_id: event.workspace_id,
    run_id,
    subject,
    title,
    how,
    error: error ?? null,
    at: event.at,
  };
}
