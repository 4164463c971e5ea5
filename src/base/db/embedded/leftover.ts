import { setTimeout as delay } from 'node:timers/promises';
import { isConnectionLost, reasonOf, withClient } from '../connection.ts';
import { OWNER_LOCK, takeClaim } from './life.ts';
import { type PidFile, readPidFile, whoHas } from './pid-file.ts';
import type { Plan } from './plan.ts';

/** A server that is starting, recovering, or being stopped by its guard answers by then, or is gone. */
const ANSWER_MS = 20_000;
/** A start that has just begun may not have claimed its server yet. */
const YOUNG_SECONDS = 5;

/**
 * Ends a live server that somebody left behind (its owner and the guard were both killed), and refuses one that is owned.
 * The claim tells the two apart, never the age of a file or the number of a process.
 */
export async function endLeftover(plan: Plan): Promise<void> {
  const found = readPidFile(plan.home.data);
  if (!found) return;
  const isGone = () => whoHas(found.pid, plan.home.data) !== 'server';
  const holder = await findOwner(plan, found, isGone);
  if (holder !== undefined) throw plan.inUse(holder);
  if (!isGone()) await plan.stop(found.pid, isGone);
  if (!isGone()) throw plan.inUse(`the PostgreSQL process ${found.pid}, which does not stop`);
}

/** Who owns it, in words; nothing when nobody does, or when it is gone. */
async function findOwner(plan: Plan, found: PidFile, isGone: () => boolean): Promise<string | undefined> {
  const begun = performance.now();
  const isYoung = Math.abs(Date.now() / 1000 - found.started_at) < YOUNG_SECONDS;
  const unclaimed_ms = isYoung ? YOUNG_SECONDS * 1000 : 0;
  while (!isGone()) {
    const waited_ms = performance.now() - begun;
    const answer = await askOwner(plan, found).catch(error => {
      if (isConnectionLost(error) && waited_ms < ANSWER_MS) return 'ask again' as const;
      return `the PostgreSQL process ${found.pid}, which does not say whose it is (${reasonOf(error)})`;
    });
    const isPatient = answer === undefined && waited_ms < unclaimed_ms;
    if (answer !== 'ask again' && !isPatient) return answer;
    await delay(100);
  }
  return undefined;
}

async function askOwner(plan: Plan, found: PidFile): Promise<string | undefined> {
  const host = found.socket_folder || found.listen_address || plan.superuser.host;
  const address = { ...plan.superuser, host, port: found.port };
  return withClient(address, 'moulin: who is there', async client => {
    if (await takeClaim(client)) return undefined;
    const { rows } = await client.query<{ name: string }>(
      `select application_name "name" from pg_locks join pg_stat_activity using (pid)
       where locktype = 'advisory' and granted and (classid::bigint << 32) | objid::bigint = $1`,
      [OWNER_LOCK],
    );
    return rows[0]?.name.replace('moulin: ', '') ?? 'another process';
  });
}
