import { fail } from '../../base/kit/errors.ts';
import type { NewTask } from '../../contract/runs.ts';
import { hasEnded, type TaskState } from '../../contract/task-states.ts';

// A run is a graph of tasks. Here is everything that is decided about one, without any store: whether the names make a
// graph, and what the end of a task means for those after it.

export type Condition = NewTask['condition'];
type Named = Pick<NewTask, 'name' | 'after'>;

/** More arrows than this are a mistake of the program that drew them. */
export const MAX_EDGES = 100_000;

/** Refuses what is no graph: a name twice, a name that is not there, a task that comes before itself. */
export function checkGraph(tasks: readonly Named[], existing: ReadonlySet<string> = new Set()): void {
  const names = new Set<string>(existing);
  let edges = 0;
  for (const { name, after } of tasks) {
    if (names.has(name)) throw badGraph(`two tasks are called "${name}"`);
    names.add(name);
    edges += after.length;
  }
  if (edges > MAX_EDGES) throw badGraph(`they have more than ${MAX_EDGES} dependencies`);
  for (const { name, after } of tasks) {
    if (new Set(after).size < after.length) throw badGraph(`"${name}" names a task twice under after`);
    const missing = after.find(before => !names.has(before));
    if (missing !== undefined) throw badGraph(`"${name}" comes after "${missing}", which is not there`);
  }
  const circle = findCircle(tasks);
  if (circle) throw badGraph(`${circle.map(name => `"${name}"`).join(' waits for ')}`);
}

function badGraph(reason: string) {
  return fail('run.graph', { reason });
}

/** Takes away what waits for nothing, again and again. What cannot be taken away holds a circle: following it finds one. */
function findCircle(tasks: readonly Named[]): string[] | undefined {
  const open = new Map(tasks.map(({ name }) => [name, 0]));
  const after = new Map<string, string[]>();
  for (const task of tasks)
    for (const before of task.after)
      if (open.has(before)) {
        open.set(task.name, (open.get(task.name) ?? 0) + 1);
        listOf(after, before).push(task.name);
      }
  const free = [...open].filter(([, count]) => count === 0).map(([name]) => name);
  // Grows while it is walked.
  for (const name of free) {
    open.delete(name);
    for (const next of after.get(name) ?? []) {
      const count = (open.get(next) ?? 0) - 1;
      open.set(next, count);
      if (count === 0) free.push(next);
    }
  }
  return open.size === 0 ? undefined : followCircle(tasks, open);
}

function followCircle(tasks: readonly Named[], stuck: ReadonlyMap<string, number>): string[] {
  const before = new Map(tasks.map(({ name, after }) => [name, after.find(other => stuck.has(other))]));
  const path: string[] = [];
  let [name]: (string | undefined)[] = [...stuck.keys()];
  while (name !== undefined && !path.includes(name)) {
    path.push(name);
    name = before.get(name);
  }
  return name === undefined ? path : [...path.slice(path.indexOf(name)), name];
}

// ── What the end of a task means for those after it ─────────────────────────────────────────────────

/** A task that has not been started: how many before it have not ended, and how those that have did. */
export interface Waiting {
  id: string;
  condition: Condition;
  waits_for: number;
  before_failed: number;
  before_unsuccessful: number;
}

export type Verdict = 'wait' | 'ready' | 'skip';

export function decide({ condition, waits_for, before_failed, before_unsuccessful }: Waiting): Verdict {
  switch (condition) {
    case 'all_succeeded':
      if (before_unsuccessful > 0) return 'skip';
      return waits_for === 0 ? 'ready' : 'wait';
    case 'all_done':
      return waits_for === 0 ? 'ready' : 'wait';
    case 'any_failed':
      if (before_failed > 0) return 'ready';
      return waits_for === 0 ? 'skip' : 'wait';
  }
}

export interface Ended {
  id: string;
  state: TaskState;
}

export interface Edge {
  before_id: string;
  after_id: string;
}

export type Settled = Waiting & { verdict: Verdict };

/**
 * Everything that changes because some tasks ended: those after them, and, where one of those is skipped, those after it, and
 * so on. `waiting` holds the tasks that still wait; one that is not there has started or ended and is nobody's business.
 */
export function settle(
  ended: readonly Ended[],
  edges: readonly Edge[],
  waiting: ReadonlyMap<string, Waiting>,
): Settled[] {
  const after = afterOf(edges);
  const settled = new Map<string, Settled>();
  const news = [...ended];
  // Grows while it is walked.
  for (const { id, state } of news)
    for (const next of after.get(id) ?? []) {
      const known = settled.get(next) ?? waiting.get(next);
      if (!known || ('verdict' in known && known.verdict !== 'wait')) continue;
      const now = told(known, state);
      settled.set(next, now);
      if (now.verdict === 'skip') news.push({ id: next, state: 'skipped' });
    }
  return [...settled.values()];
}

function told(task: Waiting, state: TaskState): Settled {
  return judged({
    ...task,
    waits_for: task.waits_for - 1,
    before_failed: task.before_failed + (isFailure(state) ? 1 : 0),
    before_unsuccessful: task.before_unsuccessful + (isSuccess(state) ? 0 : 1),
  });
}

/** What is ready waits for nothing any more, whatever still runs before it. */
function judged(task: Waiting): Settled {
  const verdict = decide(task);
  return { ...task, waits_for: verdict === 'ready' ? 0 : task.waits_for, verdict };
}

export interface Node {
  id: string;
  condition: Condition;
  state: TaskState;
}

/**
 * Counted anew for all queued tasks of a run, from how everything stands: after somebody started tasks again, marked them or
 * added some. What it answers for a task that stands as it stood changes nothing.
 */
export function recount(nodes: readonly Node[], edges: readonly Edge[]): Settled[] {
  const states = new Map(nodes.map(({ id, state }) => [id, state]));
  const before = Map.groupBy(edges, ({ after_id }) => after_id);
  const first = nodes
    .filter(({ state }) => state === 'queued')
    .map(({ id, condition }) => {
      const stand = (before.get(id) ?? []).map(({ before_id }) => states.get(before_id) ?? 'skipped');
      const ended = stand.filter(hasEnded);
      return judged({
        id,
        condition,
        waits_for: stand.length - ended.length,
        before_failed: ended.filter(isFailure).length,
        before_unsuccessful: ended.filter(state => !isSuccess(state)).length,
      });
    });
  const waiting = new Map(first.filter(({ verdict }) => verdict === 'wait').map(task => [task.id, task]));
  const skipped: Ended[] = first
    .filter(({ verdict }) => verdict === 'skip')
    .map(({ id }) => ({ id, state: 'skipped' }));
  const later = settle(skipped, edges, waiting);
  return [...new Map([...first, ...later].map(task => [task.id, task])).values()];
}

/** Everything that comes after these, near and far, through those tasks only that `through` lets pass. */
export function descendants(
  ids: Iterable<string>,
  edges: readonly Edge[],
  through: (id: string) => boolean,
): Set<string> {
  const after = afterOf(edges);
  const found = new Set<string>();
  const path = [...ids];
  for (const id of path)
    for (const next of after.get(id) ?? [])
      if (!found.has(next) && through(next)) {
        found.add(next);
        path.push(next);
      }
  return found;
}

function afterOf(edges: readonly Edge[]): Map<string, string[]> {
  const after = new Map<string, string[]>();
  for (const { before_id, after_id } of edges) listOf(after, before_id).push(after_id);
  return after;
}

function listOf(lists: Map<string, string[]>, key: string): string[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

/** `partial` is a success with something left out. */
function isSuccess(state: TaskState): boolean {
  return state === 'succeeded' || state === 'partial';
}

function isFailure(state: TaskState): boolean {
  return state === 'failed' || state === 'lost';
}
