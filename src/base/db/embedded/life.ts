import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { fail, isFailure } from '../../kit/errors.ts';
import { clientConfig, codeOf, isConnectionLost } from '../connection.ts';
import { lockKey } from '../locks.ts';
import type { Guard } from './guard.ts';
import type { Plan } from './plan.ts';
import type { PostgresProcess } from './process.ts';

/** One life of PostgreSQL: the process, and our claim on it. */
export interface Life {
  process: PostgresProcess;
  /** Holds the owner's lock. PostgreSQL itself lets go of it the moment we die, so that it never lies. */
  claim: pg.Client;
}

/** Recovery after a crash reads what was written since the last checkpoint: seconds, on a slow disk more. */
const READY_MS = 120_000;
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
    const claim = await connectWhenReady(plan, process);
    if (await takeClaim(claim)) return { process, claim };
    await claim.end().catch(() => {});
    throw plan.inUse('another start at the same moment');
  } catch (error) {
    if (!process.hasEnded()) await plan.stop(process.pid, process.hasEnded);
    guard.watch(undefined);
    throw error;
  }
}

async function connectWhenReady(plan: Plan, process: PostgresProcess): Promise<pg.Client> {
  const deadline = performance.now() + READY_MS;
  for (;;) {
    const client = await tryConnect(plan).catch(error => {
      if (isConnectionLost(error) && performance.now() < deadline) return undefined;
      throw explainRefusal(error, plan);
    });
    // Another start's server may be the one that answered: ours says that it could not.
    if (process.hasEnded()) {
      await client?.end().catch(() => {});
      throw process.whyEnded();
    }
    if (client) return client;
    await Promise.race([delay(20), process.ended]);
  }
}

async function tryConnect(plan: Plan): Promise<pg.Client> {
  // The process id is what a second start reads, to say who is in its way.
  const client = new pg.Client(clientConfig(plan.superuser, `moulin: process ${process.pid}`));
  client.on('error', () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

/** The one thing that makes our own server refuse us. */
function explainRefusal(error: unknown, plan: Plan): unknown {
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
