import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { fail, isFailure } from '../../kit/errors.ts';
import { codeOf, isConnectionLost } from '../connection.ts';
import { lockKey } from '../locks.ts';
import { openSteadyConnection, type SteadyConnection } from '../steady.ts';
import type { Guard } from './guard.ts';
import type { Plan } from './plan.ts';
import type { PostgresProcess } from './process.ts';

/** One life of PostgreSQL: the process, and our claim on it. */
export interface Life {
  process: PostgresProcess;
  /**
   * Holds the owner's lock. PostgreSQL itself lets go of it the moment we die, so that it never lies; where only its
   * session was killed, it is taken again.
   */
  claim: SteadyConnection;
}

/** Recovery after a crash reads what was written since the last checkpoint: seconds, on a slow disk more. */
const READY_SECONDS = 120;
/** Sessions of a server that was killed may still write for a moment; PostgreSQL refuses to start beside them. */
const ORPHANS_MS = 5000;

export const OWNER_LOCK = lockKey('owner of the embedded server');

export async function startLife(plan: Plan, guard: Guard): Promise<Life> {
  const deadline = performance.now() + ORPHANS_MS;
  for (;;) {
    try {
      return await tryLife(plan, guard);
    } catch (error) {
      if (!isFailure(error, 'store.orphans') || performance.now() > deadline) throw error;
    }
    await delay(200);
  }
}

async function tryLife(plan: Plan, guard: Guard): Promise<Life> {
  const process = plan.start();
  guard.watch(process.pid);
  try {
    const claim = await claimWhenReady(plan, process);
    void process.ended.then(() => claim.close());
    return { process, claim };
  } catch (error) {
    if (!process.hasEnded()) await plan.stop(process.pid, process.hasEnded);
    guard.watch(undefined);
    throw error;
  }
}

async function claimWhenReady(plan: Plan, process: PostgresProcess): Promise<SteadyConnection> {
  const deadline = performance.now() + READY_SECONDS * 1000;
  for (;;) {
    const claim = await tryClaim(plan, performance.now() < deadline);
    // Another start's server may be the one that answered: ours says that it could not.
    if (process.hasEnded()) {
      await claim?.close();
      throw process.whyEnded();
    }
    if (claim) return claim;
    await Promise.race([delay(20), process.ended]);
  }
}

/** Nothing while it does not answer yet. */
async function tryClaim(plan: Plan, is_early: boolean): Promise<SteadyConnection | undefined> {
  try {
    return await openSteadyConnection({
      address: plan.superuser,
      // What a second start reads, to say who is in its way.
      name: `moulin: process ${process.pid}`,
      async onOpen(client) {
        if (!(await takeClaim(client))) throw plan.inUse('another start at the same moment');
      },
    });
  } catch (error) {
    if (isConnectionLost(error) && is_early) return undefined;
    throw explainRefusal(error, plan);
  }
}

function explainRefusal(error: unknown, plan: Plan): unknown {
  if (isConnectionLost(error)) {
    const reason = `it did not answer within ${READY_SECONDS} s`;
    return fail('store.start_failed', { reason, log: plan.log_file }, { cause: error });
  }
  if (codeOf(error) !== '28P01') return error;
  const reason = `the passwords in ${plan.home.credentials} are not those of the store`;
  return fail('store.unusable_folder', { folder: plan.home.folder, reason }, { cause: error });
}

export async function takeClaim(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ mine: boolean }>('select pg_try_advisory_lock($1) mine', [
    OWNER_LOCK,
  ]);
  return rows[0]?.mine === true;
}
