import type { z } from 'zod';
import { fail } from '../../base/kit/errors.ts';
import { type NewTask, type Retry, retrySchema, type Timeouts } from '../../contract/runs.ts';
import type { ResourceClass, TaskKind } from './task.ts';

/** All kinds that this process knows. Another process, of another version, may know others. */
export interface KindTable {
  /** In the order of their names. */
  known: readonly string[];
  find(kind: string): TaskKind | undefined;
  /** `task.unknown_kind` when there is none. */
  need(kind: string): TaskKind;
}

export function kindTable(kinds: readonly TaskKind[]): KindTable {
  const table = new Map<string, TaskKind>();
  for (const kind of kinds) {
    if (table.has(kind.id)) throw new Error(`two task kinds are called ${kind.id}`);
    if (kind.staged && !kind.commit) throw new Error(`task kind ${kind.id} has stages and no commit`);
    table.set(kind.id, kind);
  }
  const known = [...table.keys()].sort();
  return {
    known,
    find: kind => table.get(kind),
    need(kind) {
      const found = table.get(kind);
      if (!found) throw fail('task.unknown_kind', { kind, known: known.join(', ') });
      return found;
    },
  };
}

/** What its kind makes of a task that somebody asks for. */
export interface PlannedTask {
  kind: TaskKind;
  /** As the kind reads it: defaults filled in. */
  input: unknown;
  retry: Retry;
  timeouts: Timeouts;
  resource_class: ResourceClass;
  limit_keys: readonly string[];
}

/** Refuses, before anything is written, what a runner would refuse later. */
export function planTask(kinds: KindTable, task: NewTask): PlannedTask {
  const kind = kinds.need(task.kind);
  const input = readInput(kind, task.name, task.input);
  return {
    kind,
    input,
    retry: retrySchema.parse({ ...kind.retry, ...task.retry }),
    timeouts: { ...kind.timeouts, ...task.timeouts },
    resource_class: kind.resource,
    limit_keys: limitKeys(kind, input, task),
  };
}

/** Read when the task is made, and again when it starts: an update of the product may have changed what a kind takes. */
export function readInput(kind: TaskKind, task: string, input: unknown): unknown {
  const read = kind.input.safeParse(input);
  if (!read.success)
    throw fail('task.input', { task, kind: kind.id, problems: describeProblems(read.error) });
  return read.data;
}

function limitKeys(kind: TaskKind, input: unknown, task: NewTask): string[] {
  const given = task.keys.map(key => `key:${key}`);
  const connection = task.connection_id ? [`connection:${task.connection_id}`] : [];
  return [...new Set([...given, ...connection, ...(kind.limitKeys?.(input) ?? [])])];
}

const MAX_PROBLEMS = 5;

/** `rows.0.id: expected string, received number; …` */
export function describeProblems(error: z.ZodError): string {
  const all = error.issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join('.')}: ${message}` : message,
  );
  const more = all.length > MAX_PROBLEMS ? `; and ${all.length - MAX_PROBLEMS} more` : '';
  return all.slice(0, MAX_PROBLEMS).join('; ') + more;
}
