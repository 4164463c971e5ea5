import type { INCIDENT_KINDS } from '../../contract/alerts.ts';

// When something is an incident, and when it is over: decided from what ended, in order, without I/O.

export type IncidentKind = (typeof INCIDENT_KINDS)[number];

/** How a run ended, or that it is late: what an event says of it. */
export interface Outcome {
  workspace_id: string;
  run_id: string;
  /** What keeps failing: the schedule, the definition, or the run itself. */
  subject: string;
  title: string;
  how: IncidentKind | 'well';
  error: RunError | null;
  at: string;
}

export interface RunError {
  code?: string;
  message?: string;
  hint?: string;
}

export interface OpenIncident {
  id: string;
  workspace_id: string;
  subject: string;
  kind: IncidentKind;
  title: string;
  /** The newest run of it, and the first one. */
  run_id: string | null;
  first_run_id: string | null;
  count: number;
  error: RunError | null;
  opened_at: string;
  last_at: string;
}

export interface Recovery {
  incident: OpenIncident;
  run_id: string;
  at: string;
}

/** What has changed, each as it is at the end; one that opened and recovered in between is in both lists. */
export interface Settlement {
  opened: OpenIncident[];
  repeated: OpenIncident[];
  recovered: Recovery[];
}

/** Takes the outcomes in order. `open` holds what was open of their subjects before. */
export function settle(
  open: readonly OpenIncident[],
  outcomes: readonly Outcome[],
  newId: () => string,
): Settlement {
  const current = new Map(open.map(incident => [keyOf(incident), { ...incident }]));
  const opened = new Map<string, OpenIncident>();
  const repeated = new Map<string, OpenIncident>();
  const recovered: Recovery[] = [];
  for (const outcome of outcomes) {
    if (outcome.how === 'well') {
      for (const incident of [...current.values()].filter(one => isOver(one, outcome))) {
        current.delete(keyOf(incident));
        recovered.push({ incident, run_id: outcome.run_id, at: outcome.at });
      }
      continue;
    }
    const kind = outcome.how;
    const incident = current.get(keyOf({ ...outcome, kind }));
    if (incident === undefined) {
      const made = newIncident(outcome, kind, newId());
      current.set(keyOf(made), made);
      opened.set(made.id, made);
    } else {
      repeat(incident, outcome);
      if (!opened.has(incident.id)) repeated.set(incident.id, incident);
    }
  }
  return { opened: [...opened.values()], repeated: [...repeated.values()], recovered };
}

function keyOf({
  workspace_id,
  subject,
  kind,
}: Pick<OpenIncident, 'workspace_id' | 'subject' | 'kind'>): string {
  return `${workspace_id} ${kind} ${subject}`;
}

/**
 * The same thing went well, in a run that is not older than the one that failed last: an old run that somebody repeats says
 * nothing about today's. Ids of runs grow with time.
 */
function isOver(incident: OpenIncident, { workspace_id, subject, run_id }: Outcome): boolean {
  const is_same = incident.workspace_id === workspace_id && incident.subject === subject;
  return is_same && (incident.run_id === null || run_id >= incident.run_id);
}

function newIncident(outcome: Outcome, kind: IncidentKind, id: string): OpenIncident {
  const { workspace_id, subject, title, run_id, error, at } = outcome;
  const runs = { run_id, first_run_id: run_id };
  return { id, workspace_id, subject, kind, title, ...runs, count: 1, error, opened_at: at, last_at: at };
}

function repeat(incident: OpenIncident, { title, run_id, error, at }: Outcome): void {
  Object.assign(incident, { title, run_id, error, last_at: at, count: incident.count + 1 });
}
