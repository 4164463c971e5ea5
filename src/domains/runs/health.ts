import { sql } from 'kysely';
import type { Store, Tx } from '../../base/db/index.ts';
import type { PartState } from '../../contract/system.ts';

export interface WorkersSeen {
  active: number;
  draining: number;
  other_version: number;
}

interface Check {
  name: string;
  check: () => Promise<Omit<PartState, 'name'>>;
}

/** Pages and API work without workers, and tasks wait for one: poor at worst, never down. */
export function workersCheck(store: Pick<Store, 'withInstance'>, version: string): Check {
  return {
    name: 'workers',
    async check() {
      try {
        const look = (tx: Tx) => countWorkers(tx, version);
        return judgeWorkers(await store.withInstance('workers that are alive', look, { read_only: true }));
      } catch {
        // The part `store` says it.
        return { state: 'degraded', detail: 'The store does not say.', facts: {} };
      }
    },
  };
}

/** One that died a moment ago counts until somebody has noticed; one that nobody could notice counts for a minute. */
async function countWorkers(tx: Tx, version: string): Promise<WorkersSeen> {
  const { rows } = await sql<WorkersSeen>`
    select count(*) filter (where state = 'active')::int active, count(*) filter (where state = 'draining')::int draining,
      count(*) filter (where version <> ${version})::int other_version
    from workers where state in ('active', 'draining') and seen_at > now() - interval '1 minute'`.execute(tx);
  return rows[0] ?? { active: 0, draining: 0, other_version: 0 };
}

export function judgeWorkers(seen: WorkersSeen): Omit<PartState, 'name'> {
  const { active, draining, other_version } = seen;
  const facts = { ...seen };
  const poor = (detail: string) => ({ state: 'degraded' as const, detail, facts });
  if (active + draining === 0)
    return poor(
      'No worker is alive: tasks wait until one comes. moulin start runs one; moulin worker runs one elsewhere.',
    );
  if (active === 0) return poor('All workers are draining: tasks wait until one takes them.');
  if (other_version > 0)
    return poor(
      `${other_version} of ${active + draining} workers run another version. Run the same version of Moulin on all machines.`,
    );
  return { state: 'ok', detail: '', facts };
}
