import { sql } from 'kysely';
import { appendEvents, notifyAfterCommit, type Store, type Tx } from '../../../base/db/index.ts';
import { fail } from '../../../base/kit/errors.ts';
import { endAttempts, taskError } from './end.ts';
import { holdClaims } from './runs.ts';
import { isActive, rows, TASK_CONTROL, TASKS_READY } from './states.ts';
import type { Beat, BeatAnswer, NewWorker } from './types.ts';

// Workers come, beat and go. All through the instance door: they belong to the installation.

export async function registerWorker(tx: Tx, worker: NewWorker): Promise<void> {
  await tx
    .insertInto('workers')
    .values({ ...worker, tags: [...worker.tags], state: 'active' })
    .execute();
  await tell(tx, 'started', worker);
}

/** It says that it ends. What it still held is lost, at once. */
export async function endWorker(tx: Tx, worker_id: string): Promise<void> {
  await closeWorker(tx, worker_id, 'gone');
}

/** It is known to be dead: nobody has to wait until its beat has stood still for long enough. */
export async function loseWorker(tx: Tx, worker_id: string): Promise<void> {
  await closeWorker(tx, worker_id, 'lost');
}

/** In a transaction of its own, for whoever has seen them dead. Those that are closed already are left as they are. */
export async function giveUpWorkers(
  store: Pick<Store, 'withInstance'>,
  worker_ids: readonly string[],
): Promise<void> {
  await store.withInstance('workers that have died', async tx => {
    for (const id of worker_ids) await loseWorker(tx, id);
  });
}

/** Where `beat` is given: only if it has not beaten since. Answers whether it was there to be given up. */
export async function closeWorker(
  tx: Tx,
  worker_id: string,
  state: 'gone' | 'lost',
  beat?: string,
): Promise<boolean> {
  // Between two claims: one that had seen it alive and was not committed yet would leave it tasks that nobody keeps up.
  await holdClaims(tx);
  const { rows: closed } = await sql<{ id: string; name: string }>`
    update workers set state = ${state}, ended_at = now()
    where id = ${worker_id} and state in ('active', 'draining')
      and (${beat ?? null}::bigint is null or beat = ${beat ?? null}::bigint)
    returning id, name`.execute(tx);
  const [worker] = closed;
  if (!worker) return false;
  const held = await leasesOf(tx, worker_id);
  const error = taskError('task.lost', { worker: worker.name });
  await endAttempts(
    tx,
    held.map(lease => ({ ...lease, outcome: { state: 'lost', error } })),
  );
  if (held.length > 0) notifyAfterCommit(tx, TASKS_READY);
  await tell(tx, state, worker);
  return true;
}

async function leasesOf(tx: Tx, worker_id: string): Promise<{ task_id: string; fence: string }[]> {
  const { rows: leases } = await sql<{ task_id: string; fence: string }>`
    select t.id task_id, t.fence from task_runs t where t.worker_id = ${worker_id} and ${isActive}`.execute(
    tx,
  );
  return leases;
}

/** It finishes what it has and takes no more; or goes on after all. */
export async function drainWorker(tx: Tx, worker_id: string, drain = true): Promise<void> {
  const { rows: found } = await sql<{ id: string; name: string; state: string; changed: boolean }>`
    with before as (select id, name, state from workers where id = ${worker_id} for update)
    update workers w set
      state = case when before.state in ('active', 'draining') then ${drain ? 'draining' : 'active'} else before.state end,
      drain_requested_at = case when ${drain} then coalesce(w.drain_requested_at, now()) end
    from before where w.id = before.id
    returning w.id, w.name, w.state, w.state <> before.state changed`.execute(tx);
  const [worker] = found;
  if (!worker) throw fail('object.not_found', { kind: 'worker', id: worker_id });
  if (worker.state === 'lost' || worker.state === 'gone') throw fail('worker.ended', { name: worker.name });
  if (!worker.changed) return;
  await tell(tx, drain ? 'draining' : 'started', worker);
  notifyAfterCommit(tx, drain ? TASK_CONTROL : TASKS_READY);
}

async function tell(tx: Tx, what: string, worker: { id: string; name: string }): Promise<void> {
  const event = { workspace_id: null, type: `worker.${what}`, subject: `worker:${worker.id}` };
  await appendEvents(tx, [{ ...event, payload: { name: worker.name } }]);
}

/**
 * One statement for the worker and all its leases. A lease that is not named does not beat: a worker that forgot one loses it.
 * Nor does one whose row somebody holds: the beat waits for nobody, or one long commit would cost the worker all that it has.
 * Whoever holds it for long is its own commit, which counts as a beat.
 */
export async function beatWorker(tx: Tx, { worker_id, leases, stats }: Beat): Promise<BeatAnswer> {
  const list = leases.map(({ task_id, fence }) => ({ id: task_id, fence }));
  const { rows: found } = await sql<{ id: string | null; state: string | null; drain: boolean }>`
    with worker as (
      update workers set beat = beat + 1, seen_at = now(), stats = ${JSON.stringify(stats)}::jsonb
      where id = ${worker_id} and state in ('active', 'draining')
      returning drain_requested_at is not null drain
    ),
    leases as (
      select t.id, t.state from jsonb_to_recordset(${rows(list)}) as l(id uuid, fence bigint)
      join task_runs t on t.id = l.id and t.fence = l.fence and ${isActive}
      where exists (select from worker)
    ),
    free as (
      select t.id from task_runs t join leases on leases.id = t.id where ${isActive}
      order by t.id for no key update of t skip locked
    ),
    beaten as (
      update task_runs t set beat = t.beat + 1 from free where t.id = free.id and ${isActive}
    )
    select leases.id, leases.state, worker.drain from worker left join leases on true`.execute(tx);
  const states = new Map(found.map(({ id, state }) => [id, state]));
  return {
    known: found.length > 0,
    drain: found[0]?.drain ?? false,
    cancel: [...states].flatMap(([id, state]) => (id !== null && state === 'cancelling' ? [id] : [])),
    lost: leases.map(({ task_id }) => task_id).filter(id => !states.has(id)),
  };
}
