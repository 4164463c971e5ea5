import type { WaitsFor } from '../../../contract/runs.ts';
import type { TaskRow } from './tasks.ts';

// Why a task does not run: the first thing in its way, in the order in which they must give way. Decided from plain data;
// `waiting-facts.ts` asks for it.

export interface Facts {
  /** Names of tasks before it that have not ended, by task; the first few. */
  before: ReadonlyMap<string, readonly string[]>;
  /** Titles of the runs for whose end a held-back run waits, by run. */
  runs_before: ReadonlyMap<string, readonly string[]>;
  /** By limit key; `workspace` is the workspace's own. */
  limits: ReadonlyMap<string, Limit>;
  workers: readonly WorkerFacts[];
}

export interface Limit {
  slots: number;
  running: number;
}

export interface WorkerFacts {
  state: 'active' | 'draining';
  tags: readonly string[];
  concurrency: number;
  running: number;
}

type Waiting = Pick<
  TaskRow,
  'id' | 'run_id' | 'state' | 'open_before' | 'parked' | 'not_before' | 'tags' | 'limit_keys'
>;

const NOTHING: Omit<WaitsFor, 'what'> = { names: [], running: null, slots: null, until: null };

/** Null when it does not wait, or only for its turn: a free worker is about to take it. */
export function reasonToWait(task: Waiting, facts: Facts, now: string): WaitsFor | null {
  if (!isWaiting(task)) return null;
  if (task.open_before > 0)
    return { ...NOTHING, what: 'tasks', names: [...(facts.before.get(task.id) ?? [])] };
  if (task.parked === 'run')
    return { ...NOTHING, what: 'run', names: [...(facts.runs_before.get(task.run_id) ?? [])] };
  if (task.parked === 'time' && task.not_before !== null && task.not_before > now)
    return { ...NOTHING, what: 'time', until: task.not_before };
  return waitsForLimit(task, facts.limits) ?? waitsForWorker(task.tags, facts.workers);
}

export function isWaiting({ state }: Pick<TaskRow, 'state'>): boolean {
  return state === 'queued' || state === 'retrying';
}

function waitsForLimit({ parked, limit_keys }: Waiting, limits: Facts['limits']): WaitsFor | null {
  const parked_for = parked?.startsWith('key:') ? [parked.slice('key:'.length)] : [];
  for (const key of ['workspace', ...parked_for, ...limit_keys]) {
    const limit = limits.get(key);
    if (limit === undefined || limit.running < limit.slots) continue;
    if (key === 'workspace') return { ...NOTHING, what: 'workspace_limit', ...limit };
    return { ...NOTHING, what: 'limit', names: [nameOfKey(key)], ...limit };
  }
  return null;
}

/** `key:crm` → `crm`; a connection has no name yet but its id. */
export function nameOfKey(key: string): string {
  return key.replace(/^(key|connection):/, '');
}

function waitsForWorker(tags: readonly string[], workers: readonly WorkerFacts[]): WaitsFor | null {
  if (workers.length === 0) return { ...NOTHING, what: 'workers', running: 0, slots: 0 };
  const fitting = workers.filter(worker => tags.every(tag => worker.tags.includes(tag)));
  if (fitting.length === 0) return { ...NOTHING, what: 'tags', names: [...tags] };
  const taking = fitting.filter(worker => worker.state === 'active');
  if (taking.length === 0) return { ...NOTHING, what: 'drain' };
  const slots = sum(taking.map(worker => worker.concurrency));
  const running = sum(taking.map(worker => worker.running));
  return running < slots ? null : { ...NOTHING, what: 'workers', running, slots };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
