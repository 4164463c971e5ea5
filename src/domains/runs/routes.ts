import type { Store, Tx } from '../../base/db/index.ts';
import { type Clock, toTimestamp } from '../../base/kit/clock.ts';
import { type Failure, fail, isFailure } from '../../base/kit/errors.ts';
import { readCursor, rowsOf, timeKey, toPage, writeCursor } from '../../base/kit/pages.ts';
import { may, type Principal } from '../../contract/principal.ts';
import type { Call, Handlers } from '../../contract/route.ts';
import type { Run, runRoutes } from '../../contract/runs.ts';
import { type Actor, type AuditNote, actorOf, created } from '../access/index.ts';
import { graphOf } from './history/graph.ts';
import { limitRows } from './history/limits.ts';
import {
  failedLately,
  figuresOf,
  kindsOfRuns,
  lateNow,
  nextFires,
  type RunFilter,
  runById,
  runningNow,
  runsBefore,
  runsById,
} from './history/runs.ts';
import { hasRun, partsOfTask, type TaskRow, taskById, tasksAfter } from './history/tasks.ts';
import { type Facts, isWaiting, reasonToWait } from './history/waiting.ts';
import { limitsOf, openBefore, runsBefore as runsBeforeHeld, workersNow } from './history/waiting-facts.ts';
import type { KindTable } from './kinds.ts';
import {
  type ByHand,
  cancelRun,
  cancelTask,
  createRun,
  markTask,
  repeatRun,
  retryRun,
  retryTask,
  setLimit,
} from './queue/index.ts';

export interface RunParts {
  store: Store;
  clock: Clock;
  kinds: KindTable;
  /** The audit entries, in the transaction of the change; the change itself tells its events. */
  audit: (tx: Tx, actor: Actor, ...notes: AuditNote[]) => Promise<void>;
  /** What the caller's bell counts. Passed in: alerts hear of runs by their events, and neither knows the other. */
  countIncidents: (
    tx: Tx,
    viewer: { workspace_id: string; user_id: string },
  ) => Promise<{ open: number; unseen: number }>;
}

/** Logs have their own (`logs/`). */
type Routes = Omit<typeof runRoutes, 'logs.page' | 'logs.tail' | 'logs.download'>;

export function runHandlers(parts: RunParts): Handlers<Routes> {
  const { store } = parts;
  const read = <T>(workspace_id: string, work: (tx: Tx) => Promise<T>) =>
    store.withWorkspace({ workspace_id }, work, { read_only: true });
  return {
    'runs.list': async ({ workspace_id, query: { limit, cursor, ...query } }) => {
      const { rows, next } = await read(workspace_id, tx =>
        runsBefore(tx, filterOf(workspace_id, query), readCursor(cursor, timeKey), limit),
      );
      return { items: rows, next_cursor: next ? writeCursor(next) : null };
    },
    'runs.summary': ({ workspace_id, principal }) =>
      read(workspace_id, async tx => ({
        ...(await summaryOf(tx, workspace_id)),
        incidents: await parts.countIncidents(tx, { workspace_id, user_id: principal.id }),
      })),
    'runs.create': call => create(parts, call),
    'runs.show': ({ workspace_id, params }) =>
      read(workspace_id, async tx => found('run', params.id, await runById(tx, workspace_id, params.id))),
    'runs.graph': ({ workspace_id, params }) =>
      read(workspace_id, async tx => found('run', params.id, await graphOf(tx, workspace_id, params.id))),
    'runs.tasks': async ({ workspace_id, params, query }) => {
      const { limit, cursor, text } = query;
      const filter = { workspace_id, run_id: params.id, states: statesIn(query.state), text };
      const tasks = await readTasks(parts, workspace_id, async tx => {
        if (!(await hasRun(tx, workspace_id, params.id))) throw notFound('run', params.id);
        return tasksAfter(tx, filter, readCursor(cursor, timeKey), rowsOf(limit));
      });
      return toPage(tasks, limit, task => [task.created_at, task.id]);
    },
    'runs.cancel': call => change(parts, call, tx => cancelOne(parts, tx, call, call.params.id)),
    'runs.retry': call =>
      change(parts, call, async tx => {
        const { id } = call.params;
        return call.body.what === 'all' ? repeatOne(parts, tx, call, id) : retryOne(parts, tx, call, id);
      }),
    'runs.cancel_each': call =>
      each(call.body.ids, id => change(parts, call, tx => cancelOne(parts, tx, call, id))),
    'runs.retry_each': call =>
      each(call.body.ids, id => change(parts, call, tx => retryOne(parts, tx, call, id))),

    'tasks.show': async ({ workspace_id, params }) => {
      const [task] = await readTasks(parts, workspace_id, tx => oneTask(tx, workspace_id, params.id));
      const rest = await read(workspace_id, tx => partsOfTask(tx, workspace_id, params.id));
      return { ...found('task', params.id, task), ...rest };
    },
    'tasks.cancel': call =>
      changeTask(parts, call, 'task.cancel_requested', tx =>
        cancelTask(tx, { ...byHand(call), task_id: call.params.id }),
      ),
    'tasks.retry': call =>
      changeTask(parts, call, 'task.retried', async (tx, task) => {
        await checkKinds(parts, tx, call, task.run_id);
        await retryTask(tx, { ...byHand(call), task_id: task.id });
      }),
    'tasks.mark': call =>
      changeTask(
        parts,
        call,
        'task.marked',
        tx => markTask(tx, { ...byHand(call), task_id: call.params.id, ...call.body }),
        { as: call.body.as, reason: call.body.reason },
      ),

    'limits.list': async ({ workspace_id }) => ({
      items: await read(workspace_id, tx => limitRows(tx, workspace_id)),
    }),
    'limits.set': async call => {
      const { workspace_id, body } = call;
      await change(parts, call, async tx => {
        await setLimit(tx, { ...byHand(call), ...body });
        await parts.audit(tx, actorOf(call), {
          workspace_id,
          action: 'limit.changed',
          object: { kind: 'limit', id: body.key, name: body.key },
          changes: created({ slots: body.slots }),
        });
      });
      return undefined;
    },
  };
}

// ── Reading ─────────────────────────────────────────────────────────────────────────────────────────

type ListQuery = Omit<Call<Routes['runs.list']>['query'], 'limit' | 'cursor'>;

function filterOf(workspace_id: string, { state, ...query }: ListQuery): RunFilter {
  return { workspace_id, states: statesIn(state), ...query };
}

function statesIn(given: string | undefined): string[] | undefined {
  return given?.split(',');
}

async function summaryOf(tx: Tx, workspace_id: string) {
  const { queued, schedules, ...day } = await figuresOf(tx, workspace_id);
  return {
    running: await runningNow(tx, workspace_id),
    queued,
    failed: await failedLately(tx, workspace_id),
    late: await lateNow(tx, workspace_id),
    next: await nextFires(tx, workspace_id),
    day,
    schedules,
  };
}

/** Tasks with the reason why each of them waits. */
async function readTasks(
  { store, clock }: RunParts,
  workspace_id: string,
  select: (tx: Tx) => Promise<TaskRow[]>,
) {
  const seen = await store.withWorkspace(
    { workspace_id },
    async tx => {
      const tasks = await select(tx);
      const waiting = tasks.filter(isWaiting);
      const after = waiting.filter(task => task.open_before > 0).map(task => task.id);
      const held = waiting.filter(task => task.parked === 'run').map(task => task.run_id);
      const facts = {
        before: await openBefore(tx, workspace_id, after),
        runs_before: await runsBeforeHeld(tx, workspace_id, held),
        limits: waiting.length > 0 ? await limitsOf(tx, workspace_id) : new Map(),
      };
      return { tasks, facts, waits: waiting.length > 0 };
    },
    { read_only: true },
  );
  const workers = seen.waits
    ? await store.withInstance('workers that take tasks', workersNow, { read_only: true })
    : [];
  const facts: Facts = { ...seen.facts, workers };
  const now = toTimestamp(clock.now());
  return seen.tasks.map(task => ({ ...task, waits_for: reasonToWait(task, facts, now) }));
}

async function oneTask(tx: Tx, workspace_id: string, id: string): Promise<TaskRow[]> {
  return [found('task', id, await taskById(tx, workspace_id, id))];
}

function found<T>(kind: string, id: string, value: T | undefined): T {
  if (value === undefined) throw notFound(kind, id);
  return value;
}

function notFound(kind: string, id: string): Failure {
  return fail('object.not_found', { kind, id });
}

// ── Changing ────────────────────────────────────────────────────────────────────────────────────────

type Asking = Pick<Call, 'workspace_id' | 'principal' | 'origin'> & { principal: Principal };

function change<T>({ store }: RunParts, { workspace_id }: Asking, work: (tx: Tx) => Promise<T>): Promise<T> {
  return store.withWorkspace({ workspace_id }, work);
}

function byHand({ workspace_id, principal }: Asking): ByHand {
  return { workspace_id, actor: `${principal.kind}:${principal.id}` };
}

function runAs({ kind, id, name }: Principal) {
  return { kind, id, name };
}

/** A permission to start runs is none to start everything: each kind of task asks for its own. */
function checkKind({ kinds }: RunParts, principal: Principal, name: string): void {
  const { permission } = kinds.need(name);
  if (!may(principal, permission)) throw fail('auth.forbidden', { permission });
}

/** Whoever runs something again starts it. */
async function checkKinds(parts: RunParts, tx: Tx, { workspace_id, principal }: Asking, run_id: string) {
  for (const { kind } of await kindsOfRuns(tx, workspace_id, [run_id])) checkKind(parts, principal, kind);
}

async function create(parts: RunParts, call: Call<Routes['runs.create']>): Promise<Run> {
  const { principal, body, workspace_id, origin } = call;
  for (const kind of new Set(body.tasks.map(task => task.kind))) checkKind(parts, principal, kind);
  return change(parts, call, async tx => {
    const made = await createRun(tx, {
      ...byHand(call),
      run: body,
      kinds: parts.kinds,
      run_as: runAs(principal),
      // A token is a program; a session, or the command line on the server, is somebody.
      trigger: principal.token_id === undefined ? 'manual' : 'api',
      cause: origin.request_id,
    });
    return made.created
      ? tell(parts, tx, call, 'run.started', made.run_id)
      : needRun(tx, workspace_id, made.run_id);
  });
}

async function cancelOne(
  parts: RunParts,
  tx: Tx,
  call: Asking & { body: { reason?: string } | { ids: string[] } },
  run_id: string,
): Promise<Run> {
  const reason = 'reason' in call.body ? call.body.reason : undefined;
  await cancelRun(tx, { ...byHand(call), run_id, ...(reason !== undefined && { reason }) });
  return tell(parts, tx, call, 'run.cancel_requested', run_id);
}

async function retryOne(parts: RunParts, tx: Tx, call: Asking, run_id: string): Promise<Run> {
  await checkKinds(parts, tx, call, run_id);
  await retryRun(tx, { ...byHand(call), run_id });
  return tell(parts, tx, call, 'run.retried', run_id);
}

async function repeatOne(parts: RunParts, tx: Tx, call: Asking, run_id: string): Promise<Run> {
  await checkKinds(parts, tx, call, run_id);
  const again = { ...byHand(call), run_id, kinds: parts.kinds, run_as: runAs(call.principal) };
  const made = await repeatRun(tx, again);
  return tell(parts, tx, call, 'run.started', made.run_id);
}

/** The entry in the audit log, and the run as it is now. */
async function tell(
  { audit }: RunParts,
  tx: Tx,
  call: Asking,
  action: 'run.started' | 'run.cancel_requested' | 'run.retried',
  run_id: string,
): Promise<Run> {
  const run = await needRun(tx, call.workspace_id, run_id);
  await audit(tx, actorOf(call), {
    workspace_id: call.workspace_id,
    action,
    object: { kind: 'run', id: run_id, name: run.title },
  });
  return run;
}

async function needRun(tx: Tx, workspace_id: string, id: string): Promise<Run> {
  const [run] = await runsById(tx, workspace_id, [id]);
  return found('run', id, run);
}

/** Each in a transaction of its own: one that cannot be changed keeps nobody else's change back. */
async function each(ids: readonly string[], work: (id: string) => Promise<unknown>) {
  const done: string[] = [];
  const left: { id: string; reason: string }[] = [];
  for (const id of new Set(ids)) {
    try {
      await work(id);
      done.push(id);
    } catch (error) {
      if (!isFailure(error)) throw error;
      left.push({ id, reason: error.message });
    }
  }
  return { done, left };
}

async function changeTask(
  parts: RunParts,
  call: Asking & { params: { id: string } },
  action: 'task.cancel_requested' | 'task.retried' | 'task.marked',
  work: (tx: Tx, task: TaskRow) => Promise<void>,
  facts: Record<string, string> = {},
) {
  const { workspace_id, params } = call;
  await change(parts, call, async tx => {
    const task = found('task', params.id, await taskById(tx, workspace_id, params.id));
    await work(tx, task);
    await parts.audit(tx, actorOf(call), {
      workspace_id,
      action,
      object: { kind: 'task', id: task.id, name: task.name },
      changes: created(facts),
    });
  });
  const [task] = await readTasks(parts, workspace_id, tx => oneTask(tx, workspace_id, params.id));
  return found('task', params.id, task);
}
