import { sql } from 'kysely';
import type { Store, Tx } from '../../base/db/index.ts';
import { histogramSamples, type MetricFamily, type MetricSample } from '../../base/kit/metrics.ts';
import { endedKey, OUTCOMES, TOOK_SECONDS, tookKey } from './worker/tally.ts';

// The queue and the workers as Prometheus sees them. Any server answers for all of them: the queue is in the store, and what
// workers count comes with their beats, five seconds old at most.

/** All that is asked at a scrape, in one transaction that only reads. */
export async function runMetrics(store: Pick<Store, 'withInstance'>): Promise<MetricFamily[]> {
  const read = async (tx: Tx) => ({ queue: await queueNumbers(tx), workers: await workerNumbers(tx) });
  const { queue, workers } = await store.withInstance('metrics', read, { read_only: true });
  return [...queueFamilies(queue), ...workerFamilies(workers)];
}

export interface QueueNumbers {
  ready: number;
  for_time: number;
  for_run: number;
  for_limit: number;
  /** Of the ready task that has waited longest; 0 where none waits. */
  oldest_seconds: number;
  starting: number;
  running: number;
  cancelling: number;
}

/** From the partial indexes of what waits and of what runs: what has ended, however much it is, costs nothing. */
async function queueNumbers(tx: Tx): Promise<QueueNumbers> {
  const { rows } = await sql<QueueNumbers>`
    select ready.*, parked.*, active.* from
      (select count(*)::int ready,
          greatest(0, coalesce(extract(epoch from now() - min(ready_at)), 0))::float8 oldest_seconds
        from task_runs where state in ('queued', 'retrying') and waits_for = 0 and parked is null) ready,
      (select count(*) filter (where parked = 'time')::int for_time, count(*) filter (where parked = 'run')::int for_run,
          count(*) filter (where parked not in ('time', 'run'))::int for_limit
        from task_runs where state in ('queued', 'retrying') and parked is not null) parked,
      (select count(*) filter (where state = 'starting')::int starting, count(*) filter (where state = 'running')::int running,
          count(*) filter (where state = 'cancelling')::int cancelling
        from task_runs where state in ('starting', 'running', 'cancelling')) active`.execute(tx);
  const [numbers] = rows;
  if (!numbers) throw new Error('three totals are always one row');
  return numbers;
}

export interface WorkerNumbers {
  id: string;
  name: string;
  version: string;
  state: string;
  concurrency: number;
  silent_seconds: number;
  stats: Readonly<Record<string, number>>;
}

async function workerNumbers(tx: Tx): Promise<WorkerNumbers[]> {
  const { rows } = await sql<WorkerNumbers>`
    select id, name, version, state, concurrency, stats,
      greatest(0, extract(epoch from now() - seen_at))::float8 silent_seconds
    from workers where state in ('active', 'draining') order by id limit 500`.execute(tx);
  return rows;
}

// ── As families ─────────────────────────────────────────────────────────────────────────────────────

export function queueFamilies(queue: QueueNumbers): MetricFamily[] {
  const by = (label: string, values: Readonly<Record<string, number>>): MetricSample[] =>
    Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }));
  const { ready, for_time, for_run, for_limit, starting, running, cancelling, oldest_seconds } = queue;
  return [
    {
      name: 'moulin_queue_tasks',
      help: 'Tasks that wait: ready for a worker, for their time, for a run before theirs, for a slot of a limit. Those that wait for tasks of their own run are not counted.',
      type: 'gauge',
      samples: by('waits_for', { worker: ready, time: for_time, run: for_run, limit: for_limit }),
    },
    {
      name: 'moulin_queue_oldest_seconds',
      help: 'How long the task has waited that is ready for a worker and has waited longest; 0 where none is.',
      type: 'gauge',
      samples: [{ value: oldest_seconds }],
    },
    {
      name: 'moulin_tasks_active',
      help: 'Tasks that a worker has, by state.',
      type: 'gauge',
      samples: by('state', { starting, running, cancelling }),
    },
  ];
}

type Read = (worker: WorkerNumbers) => readonly MetricSample[] | number;

export function workerFamilies(workers: readonly WorkerNumbers[]): MetricFamily[] {
  const family = (type: MetricFamily['type'], name: string, help: string, read: Read): MetricFamily => ({
    name: `moulin_worker_${name}`,
    help,
    type,
    samples: workers.flatMap(worker => {
      const found = read(worker);
      const samples = typeof found === 'number' ? [{ value: found }] : found;
      return samples.map(sample => ({ ...sample, labels: { ...labelsOf(worker), ...sample.labels } }));
    }),
  });
  return [
    {
      name: 'moulin_workers',
      help: 'Workers that are alive, by state.',
      type: 'gauge',
      samples: ['active', 'draining'].map(state => ({
        labels: { state },
        value: workers.filter(worker => worker.state === state).length,
      })),
    },
    family('gauge', 'info', 'Always 1; the version of the worker.', ({ version }) => [
      { labels: { version }, value: 1 },
    ]),
    family('gauge', 'silent_seconds', 'Since its last beat.', ({ silent_seconds }) => silent_seconds),
    family('gauge', 'slots', 'Tasks that it does at once.', ({ concurrency }) => concurrency),
    family('gauge', 'busy_slots', 'Tasks that it does now.', said('running')),
    family('gauge', 'runners', 'Processes of its pool, by what they do.', ({ stats }) => [
      { labels: { state: 'idle' }, value: stats.idle ?? 0 },
      { labels: { state: 'busy' }, value: Math.max(0, (stats.runners ?? 0) - (stats.idle ?? 0)) },
    ]),
    family('gauge', 'runner_memory_bytes', 'Resident memory of its runners together.', said('rss_bytes')),
    family('gauge', 'memory_bytes', 'Resident memory of the worker itself.', said('own_rss_bytes')),
    family('gauge', 'unwritten', 'Ends of tasks that the store does not know yet.', said('unwritten')),
    family('counter', 'attempts_started_total', 'Attempts that it began.', said('began')),
    family('counter', 'retries_total', 'Attempts among them that were not the first.', said('again')),
    family('counter', 'attempts_total', 'Attempts that ended, by how.', ({ stats }) =>
      OUTCOMES.map(outcome => ({ labels: { outcome }, value: stats[endedKey(outcome)] ?? 0 })),
    ),
    family('counter', 'leases_lost_total', 'Tasks that were taken from it.', said('leases_lost')),
    family(
      'counter',
      'log_lines_dropped_total',
      'Log lines that it could not keep.',
      said('log_lines_dropped'),
    ),
    family('histogram', 'attempt_seconds', 'How long attempts took that came to an end.', ({ stats }) =>
      histogramSamples({}, TOOK_SECONDS, {
        counts: [...TOOK_SECONDS, 0].map((_, bucket) => stats[tookKey(bucket)] ?? 0),
        sum: stats.took_seconds ?? 0,
      }),
    ),
  ];
}

/** Two machines may have one name, and one that starts again counts from nothing. */
function labelsOf({ id, name }: WorkerNumbers) {
  return { worker: name, worker_id: id };
}

/** A worker of another version may count other things. */
function said(name: string): (worker: WorkerNumbers) => number {
  return ({ stats }) => stats[name] ?? 0;
}
