import { z } from 'zod';
import type { Store, Tx } from '../../../base/db/index.ts';
import { type Clock, toTimestamp } from '../../../base/kit/clock.ts';
import { type Failure, fail } from '../../../base/kit/errors.ts';
import { newId } from '../../../base/kit/ids.ts';
import { readCursor, rowsOf, toPage } from '../../../base/kit/pages.ts';
import { checkVersion } from '../../../base/kit/version.ts';
import { may } from '../../../contract/principal.ts';
import type { Call, Handlers } from '../../../contract/route.ts';
import type { RunDefinition } from '../../../contract/runs.ts';
import type { NewSchedule, Schedule, scheduleRoutes } from '../../../contract/schedules.ts';
import { type Actor, type AuditNote, actorOf, changesOf, created } from '../../access/index.ts';
import { checkGraph } from '../graph.ts';
import { type KindTable, planTask } from '../kinds.ts';
import { createRun } from '../queue/index.ts';
import { checkWhen, nextTimes, planFires, toWhen, whenOf, zoneOfSchedule } from './plan.ts';
import {
  addCalendar,
  addSchedule,
  calendarById,
  calendarsAfter,
  countUsers,
  deleteCalendar,
  deleteSchedule,
  editCalendar,
  editSchedule,
  isCalendarNameTaken,
  isScheduleNameTaken,
  lastRuns,
  lockCalendar,
  lockDependent,
  lockSchedule,
  moveOn,
  type ScheduleRow,
  scheduleById,
  schedulesAfter,
  zoneOf,
} from './store.ts';
import { fireOnce, orderOf } from './tick.ts';
import { nextFires } from './times.ts';

export interface ScheduleParts {
  store: Store;
  clock: Clock;
  kinds: KindTable;
  /** The audit entry and the event, in the transaction of the change. */
  record: (tx: Tx, actor: Actor, ...notes: AuditNote[]) => Promise<void>;
}

type Routes = typeof scheduleRoutes;

const nameKey = z.tuple([z.string(), z.uuid()]);
const NEXT_SHOWN = 5;

export function scheduleHandlers(parts: ScheduleParts): Handlers<Routes> {
  const { store, clock } = parts;
  const read = <T>(workspace_id: string, work: (tx: Tx) => Promise<T>) =>
    store.withWorkspace({ workspace_id }, work, { read_only: true });
  return {
    'schedules.list': ({ workspace_id, query: { limit, cursor, ...filter } }) =>
      read(workspace_id, async tx => {
        const after = readCursor(cursor, nameKey);
        const rows = await schedulesAfter(tx, { workspace_id, after, ...filter }, rowsOf(limit));
        const page = toPage(rows, limit, row => [row.name, row.id]);
        return { ...page, items: await toSchedules(tx, workspace_id, page.items, clock.now()) };
      }),
    'schedules.show': ({ workspace_id, params }) =>
      read(workspace_id, tx => shown(parts, tx, workspace_id, params.id)),
    'schedules.create': call => create(parts, call),
    'schedules.edit': call => edit(parts, call),
    'schedules.delete': async call => {
      const { workspace_id, params } = call;
      await store.withWorkspace({ workspace_id }, async tx => {
        const row = await locked(tx, workspace_id, params.id);
        await deleteSchedule(tx, workspace_id, row.id);
        await parts.record(tx, actorOf(call), {
          workspace_id,
          action: 'schedule.deleted',
          object: objectOf(row),
        });
      });
      return undefined;
    },
    'schedules.run': async call => {
      const { workspace_id, params } = call;
      return store.withWorkspace({ workspace_id }, async tx => {
        const row = await locked(tx, workspace_id, params.id);
        checkDefinition(parts, call, row.definition);
        const { run_id } = await createRun(
          tx,
          orderOf(row, parts.kinds, { fire_time: null, trigger: 'manual' }),
        );
        await parts.record(tx, actorOf(call), {
          workspace_id,
          action: 'schedule.run',
          object: objectOf(row),
        });
        return { run_id };
      });
    },
    'schedules.preview': ({ workspace_id, body }) =>
      read(workspace_id, tx => preview(parts, tx, workspace_id, body)),
    'calendars.list': ({ workspace_id, query }) =>
      read(workspace_id, async tx => {
        const rows = await calendarsAfter(
          tx,
          workspace_id,
          readCursor(query.cursor, nameKey),
          rowsOf(query.limit),
        );
        return toPage(rows, query.limit, row => [row.name, row.id]);
      }),
    ...calendarHandlers(parts),
  };
}

// ── Schedules ───────────────────────────────────────────────────────────────────────────────────────

async function create(parts: ScheduleParts, call: Call<Routes['schedules.create']>): Promise<Schedule> {
  const { workspace_id, body, principal } = call;
  return parts.store.withWorkspace({ workspace_id }, async tx => {
    await checkBody(parts, tx, call, body);
    const id = newId();
    const now = parts.clock.now();
    const who = { run_as_kind: principal.kind, run_as_id: principal.id };
    const none = { next_fire_at: null, next_due_at: null, last_fire_at: null };
    if (!(await addSchedule(tx, { id, workspace_id, ...who, ...none }, body)))
      throw fail('schedule.name_taken', { name: body.name });
    const row = await locked(tx, workspace_id, id);
    await moveOn(tx, [{ id, ...nextTimes(row, now) }]);
    await parts.record(tx, actorOf(call), {
      workspace_id,
      action: 'schedule.created',
      object: objectOf(row),
      changes: created(auditOf(body)),
    });
    return shown(parts, tx, workspace_id, id);
  });
}

/** What is due at this moment still fires as it was; then the change counts. */
async function edit(parts: ScheduleParts, call: Call<Routes['schedules.edit']>): Promise<Schedule> {
  const { workspace_id, params, body, version } = call;
  return parts.store.withWorkspace({ workspace_id }, async tx => {
    const before = await locked(tx, workspace_id, params.id);
    checkVersion({ expected: version, current: before.version });
    const after = { ...before, ...whenOnly(before, body), ...body } as ScheduleRow;
    await checkBody(parts, tx, call, { ...body, ...whenParts(after), time_zone: after.time_zone });
    const name = { workspace_id, id: before.id, name: after.name };
    if (body.name !== undefined && (await isScheduleNameTaken(tx, name)))
      throw fail('schedule.name_taken', { name: after.name });
    const now = parts.clock.now();
    const fired = await fireWhatIsDue(parts, tx, before, now);
    const change = { ...body, ...whenParts(after) };
    await editSchedule(tx, { workspace_id, id: before.id }, change, { ...noTimes, last_fire_at: fired });
    await recompute(tx, await locked(tx, workspace_id, before.id), now);
    await parts.record(tx, actorOf(call), {
      workspace_id,
      action: 'schedule.changed',
      object: objectOf(before),
      changes: changesOf(auditOf(before), auditOf(body)),
    });
    return shown(parts, tx, workspace_id, before.id);
  });
}

const noTimes = { next_fire_at: null, next_due_at: null };

async function fireWhatIsDue(
  parts: ScheduleParts,
  tx: Tx,
  row: ScheduleRow,
  now: number,
): Promise<string | null> {
  const is_due = row.enabled && row.next_due_at !== null && Date.parse(row.next_due_at) <= now;
  if (!is_due) return row.last_fire_at;
  const { fires, next } = planFires(row, now);
  for (const fire of fires) await fireOnce(tx, parts.kinds, row, fire);
  return next.last_fire_at;
}

async function recompute(tx: Tx, row: ScheduleRow, now: number): Promise<void> {
  await moveOn(tx, [{ id: row.id, ...nextTimes(row, now) }]);
}

/** Naming one of the three ways takes the place of the one there was. */
function whenOnly(before: ScheduleRow, body: Partial<NewSchedule>): Partial<ScheduleRow> {
  const said = (['cron', 'every_seconds', 'once_at'] as const).filter(
    key => body[key] !== undefined && body[key] !== null,
  );
  return said.length === 0 ? whenParts(before) : { cron: null, every_seconds: null, once_at: null };
}

function whenParts({
  cron,
  every_seconds,
  once_at,
}: Pick<ScheduleRow, 'cron' | 'every_seconds' | 'once_at'>) {
  return { cron, every_seconds, once_at };
}

async function checkBody(
  parts: ScheduleParts,
  tx: Tx,
  call: Pick<Call<Routes['schedules.create']>, 'workspace_id' | 'principal'>,
  body: Partial<NewSchedule>,
): Promise<void> {
  const { workspace_id } = call;
  checkWhen(body, body.time_zone ?? (await zoneOf(tx, workspace_id)));
  if (body.definition) checkDefinition(parts, call, body.definition);
  if (body.calendar_id) await neededCalendar(tx, workspace_id, body.calendar_id);
}

/** As a run of it would be refused: now, while somebody is there to read why. */
function checkDefinition(
  { kinds }: ScheduleParts,
  { principal }: Pick<Call<Routes['schedules.create']>, 'principal'>,
  definition: RunDefinition,
): void {
  checkGraph(definition.tasks);
  for (const task of definition.tasks) {
    const { kind } = planTask(kinds, task);
    if (!may(principal, kind.permission)) throw fail('auth.forbidden', { permission: kind.permission });
  }
}

async function preview(
  { clock }: ScheduleParts,
  tx: Tx,
  workspace_id: string,
  body: Call<Routes['schedules.preview']>['body'],
): Promise<{ next: string[]; time_zone: string }> {
  const zone = body.time_zone ?? (await zoneOf(tx, workspace_id));
  checkWhen(body, zone);
  const blackouts = body.calendar_id
    ? (await neededCalendar(tx, workspace_id, body.calendar_id)).blackouts
    : [];
  const { cron = null, every_seconds = null, once_at = null, starts_at = null, ends_at = null } = body;
  const now = clock.now();
  const when = toWhen({
    cron,
    every_seconds,
    once_at,
    starts_at,
    ends_at,
    blackouts,
    zone,
    created_at: toTimestamp(now),
  });
  return { next: nextFires(when, now, body.count).map(toTimestamp), time_zone: zone };
}

async function locked(tx: Tx, workspace_id: string, id: string): Promise<ScheduleRow> {
  return (await lockSchedule(tx, workspace_id, id)) ?? missing('schedule', id);
}

async function shown({ clock }: ScheduleParts, tx: Tx, workspace_id: string, id: string): Promise<Schedule> {
  const row = (await scheduleById(tx, workspace_id, id)) ?? missing('schedule', id);
  const [schedule] = await toSchedules(tx, workspace_id, [row], clock.now());
  return schedule ?? missing('schedule', id);
}

async function toSchedules(
  tx: Tx,
  workspace_id: string,
  rows: readonly ScheduleRow[],
  now: number,
): Promise<Schedule[]> {
  const runs = await lastRuns(
    tx,
    workspace_id,
    rows.map(({ id }) => id),
  );
  return rows.map(row => {
    const { run_as_kind, run_as_id, next_fire_at, ...rest } = row;
    const last = runs.find(({ schedule_id }) => schedule_id === row.id);
    return {
      ...rest,
      effective_time_zone: zoneOfSchedule(row),
      run_as: { kind: run_as_kind, id: run_as_id },
      next: next_fire_at === null ? [] : upcoming(row, next_fire_at, now),
      last_run: last ?? null,
    };
  });
}

/** The next one is the one that is kept, also when it is late. */
function upcoming(row: ScheduleRow, next_fire_at: string, now: number): string[] {
  const first = Date.parse(next_fire_at);
  return [next_fire_at, ...nextFires(whenOf(row), Math.max(first, now), NEXT_SHOWN - 1).map(toTimestamp)];
}

function objectOf({ id, name }: { id: string; name: string }) {
  return { kind: 'schedule', id, name };
}

/** The tasks of a schedule are too long for a line of the log: that they changed is what it says. */
function auditOf({ definition, ...settings }: Partial<NewSchedule>) {
  const { name, enabled, cron, every_seconds, once_at, time_zone, starts_at, ends_at, overlap, catch_up } =
    settings;
  const said = {
    name,
    enabled,
    cron,
    every_seconds,
    once_at,
    time_zone,
    starts_at,
    ends_at,
    overlap,
    catch_up,
  };
  const tasks = definition && { tasks: JSON.stringify(definition.tasks.map(({ name }) => name)) };
  const fields = Object.entries({ ...said, ...tasks }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(fields) as Record<string, string | number | boolean | null>;
}

function missing(kind: string, id: string): never {
  throw notFound(kind, id);
}

function notFound(kind: string, id: string): Failure {
  return fail('object.not_found', { kind, id });
}

// ── Calendars ───────────────────────────────────────────────────────────────────────────────────────

function calendarHandlers(
  parts: ScheduleParts,
): Pick<Handlers<Routes>, 'calendars.create' | 'calendars.edit' | 'calendars.delete'> {
  const { store, clock } = parts;
  return {
    'calendars.create': call => {
      const { workspace_id, body } = call;
      return store.withWorkspace({ workspace_id }, async tx => {
        const id = newId();
        if (!(await addCalendar(tx, { id, workspace_id, ...body })))
          throw fail('calendar.name_taken', { name: body.name });
        const object = { kind: 'calendar', id, name: body.name };
        await parts.record(tx, actorOf(call), { workspace_id, action: 'calendar.created', object });
        return neededCalendar(tx, workspace_id, id);
      });
    },
    'calendars.edit': call => {
      const { workspace_id, params, body, version } = call;
      const { id } = params;
      return store.withWorkspace({ workspace_id }, async tx => {
        const before = (await lockCalendar(tx, workspace_id, id)) ?? missing('calendar', id);
        checkVersion({ expected: version, current: before.version });
        if (body.name !== undefined && (await isCalendarNameTaken(tx, { workspace_id, id, name: body.name })))
          throw fail('calendar.name_taken', { name: body.name });
        await editCalendar(tx, { workspace_id, id }, body);
        // What follows from it: the next times of every schedule that uses it.
        for (const row of await lockDependent(tx, workspace_id, { calendar_id: id }))
          await recompute(tx, row, clock.now());
        const object = { kind: 'calendar', id, name: before.name };
        await parts.record(tx, actorOf(call), { workspace_id, action: 'calendar.changed', object });
        return neededCalendar(tx, workspace_id, id);
      });
    },
    'calendars.delete': async call => {
      const { workspace_id, params } = call;
      const { id } = params;
      await store.withWorkspace({ workspace_id }, async tx => {
        const calendar = (await lockCalendar(tx, workspace_id, id)) ?? missing('calendar', id);
        const count = await countUsers(tx, workspace_id, id);
        if (count > 0) throw fail('calendar.used', { count });
        await deleteCalendar(tx, workspace_id, id);
        const object = { kind: 'calendar', id, name: calendar.name };
        await parts.record(tx, actorOf(call), { workspace_id, action: 'calendar.deleted', object });
      });
      return undefined;
    },
  };
}

async function neededCalendar(tx: Tx, workspace_id: string, id: string) {
  return (await calendarById(tx, workspace_id, id)) ?? missing('calendar', id);
}
