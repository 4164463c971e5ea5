import type { NewSchedule, Schedule } from '../../../../src/contract/schedules.ts';
import { momentOf, wallTime } from '../../zone-time.ts';
import { intervalOf, isUnit, secondsOf } from './interval.ts';

// A schedule as the form holds it, and back. Pure. Times are those of the clock on the wall of the schedule's zone.

export type ScheduleValues = {
  name: string;
  description: string;
  /** cron, every or once. */
  when: string;
  cron: string;
  every: number | null;
  unit: string;
  once_at: string;
  /** Null follows the workspace's. */
  time_zone: string | null;
  /** The tasks as JSON, or the input of the one task. */
  definition: string;
  /** Empty: the tasks are written as JSON. */
  kind: string;
  starts_at: string;
  ends_at: string;
  calendar_id: string | null;
  overlap: string;
  catch_up: string;
  catch_up_limit: number | null;
  late_after_minutes: number | null;
  jitter_seconds: number | null;
};

type Body = Pick<
  NewSchedule,
  'cron' | 'every_seconds' | 'once_at' | 'time_zone' | 'starts_at' | 'ends_at' | 'calendar_id'
>;
type Definition = Schedule['definition'];
type Task = Definition['tasks'][number];

const SECONDS = 60;

export function valuesOf(schedule: Schedule): ScheduleValues {
  const { effective_time_zone: zone, every_seconds, definition, late_after_seconds } = schedule;
  const { unit, count } = intervalOf(every_seconds ?? 3600);
  const wall = (at: string | null) => (at === null ? '' : wallTime(Date.parse(at), zone));
  return {
    name: schedule.name,
    description: schedule.description,
    when: schedule.cron !== null ? 'cron' : every_seconds !== null ? 'every' : 'once',
    cron: schedule.cron ?? '',
    every: count,
    unit,
    once_at: wall(schedule.once_at),
    time_zone: schedule.time_zone,
    ...definitionValues(definition),
    starts_at: wall(schedule.starts_at),
    ends_at: wall(schedule.ends_at),
    calendar_id: schedule.calendar_id,
    overlap: schedule.overlap,
    catch_up: schedule.catch_up,
    catch_up_limit: schedule.catch_up_limit,
    late_after_minutes: late_after_seconds === null ? null : late_after_seconds / SECONDS,
    jitter_seconds: schedule.jitter_seconds,
  };
}

/** What a form begins with: every morning, the one kind that can be made by hand. */
export function newValues(definition: Definition): ScheduleValues {
  return {
    name: '',
    description: '',
    when: 'cron',
    cron: '0 6 * * *',
    every: 1,
    unit: 'hours',
    once_at: '',
    time_zone: null,
    ...definitionValues(definition),
    starts_at: '',
    ends_at: '',
    calendar_id: null,
    overlap: 'queue',
    catch_up: 'latest',
    catch_up_limit: 10,
    late_after_minutes: null,
    jitter_seconds: 0,
  };
}

/** Exactly one of the three ways; the other two are taken away. What cannot be read as a time is left to the server. */
export function whenBody(values: ScheduleValues, workspace_zone: string): Body {
  const zone = values.time_zone ?? workspace_zone;
  const moment = (wall: string) => (wall === '' ? null : (momentOf(wall, zone) ?? wall));
  const unit = isUnit(values.unit) ? values.unit : 'seconds';
  return {
    cron: values.when === 'cron' && values.cron.trim() !== '' ? values.cron : null,
    every_seconds: values.when === 'every' && values.every !== null ? secondsOf(values.every, unit) : null,
    once_at: values.when === 'once' ? moment(values.once_at) : null,
    time_zone: values.time_zone,
    starts_at: moment(values.starts_at),
    ends_at: moment(values.ends_at),
    calendar_id: values.calendar_id,
  };
}

/** Undefined: the tasks are no JSON. `before` is what the form does not show and must not lose. */
export function bodyOf(
  values: ScheduleValues,
  workspace_zone: string,
  before: Definition,
): Omit<NewSchedule, 'enabled' | 'priority'> | undefined {
  const tasks = tasksOf(values);
  if (tasks === undefined) return undefined;
  const { name, late_after_minutes: late } = values;
  return {
    name,
    description: values.description,
    ...whenBody(values, workspace_zone),
    definition: { ...before, title: before.title === '' ? name : before.title, tasks },
    overlap: values.overlap as NewSchedule['overlap'],
    catch_up: values.catch_up as NewSchedule['catch_up'],
    catch_up_limit: values.catch_up_limit ?? 10,
    late_after_seconds: late === null ? null : Math.round(late * SECONDS),
    jitter_seconds: values.jitter_seconds ?? 0,
  };
}

// ── Tasks ───────────────────────────────────────────────────────────────────────────────────────────

/** One task that says nothing but its kind and input has a form; all others are JSON. */
function definitionValues({ tasks }: Definition): Pick<ScheduleValues, 'definition' | 'kind'> {
  const [task] = tasks;
  return tasks.length === 1 && task !== undefined && isPlain(task)
    ? { kind: task.kind, definition: JSON.stringify(task.input, null, 2) }
    : { kind: '', definition: JSON.stringify(tasks, null, 2) };
}

function isPlain({ name, kind, input: _, ...rest }: Task): boolean {
  const { after, condition, tags, keys, ...more } = rest;
  const said = Object.values(more).filter(value => value !== undefined);
  return (
    name === kind &&
    condition === 'all_succeeded' &&
    [after, tags, keys].every(list => list.length === 0) &&
    said.length === 0
  );
}

/** Undefined: it is no JSON, or no list of tasks. What is in it is for the server to judge. */
function tasksOf({ kind, definition }: ScheduleValues): Task[] | undefined {
  try {
    if (kind !== '') return [{ ...PLAIN, name: kind, kind, input: JSON.parse(definition) }];
    const tasks: Task[] = JSON.parse(definition);
    return Array.isArray(tasks) ? tasks : undefined;
  } catch {
    return undefined;
  }
}

const PLAIN = { after: [], condition: 'all_succeeded', tags: [], keys: [] } satisfies Partial<Task>;

/** The same tasks the other way: as JSON, or as the form of the one task if that says all. */
export function otherWay(values: ScheduleValues): Pick<ScheduleValues, 'definition' | 'kind'> | undefined {
  const tasks = tasksOf(values);
  const [task] = tasks ?? [];
  if (tasks === undefined || task === undefined) return undefined;
  if (values.kind !== '') {
    const plain = tasks.map(({ name, kind, input }) => ({ name, kind, input }));
    return { kind: '', definition: JSON.stringify(plain, null, 2) };
  }
  if (tasks.length !== 1 || !isPlain({ ...PLAIN, ...task })) return undefined;
  return { kind: task.kind, definition: JSON.stringify(task.input ?? {}, null, 2) };
}

export function areTasks(values: ScheduleValues): boolean {
  return tasksOf(values) !== undefined;
}
