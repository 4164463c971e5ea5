import type pg from 'pg';
import { fail, isFailure } from '../kit/errors.ts';
import {
  type Address,
  codeOf,
  describeAddress,
  isConnectionLost,
  reasonOf,
  withClient,
} from './connection.ts';

// What a PostgreSQL of the user's own must be, asked before anything is changed there.

export const OLDEST_MAJOR = 14;

/** Reached, let in, new enough, and the same session from one transaction to the next. */
export async function checkServer(address: Address): Promise<void> {
  try {
    await withClient(address, 'moulin: check', async client => {
      refuseOld(await readVersion(client), address);
      await refusePooler(client, address);
    });
  } catch (error) {
    throw isFailure(error) ? error : explainRefusal(error, address);
  }
}

export async function roleOf(address: Address): Promise<string> {
  return withClient(address, 'moulin: check', async client => {
    const { rows } = await client.query<{ role: string }>('select current_user "role"');
    return rows[0]?.role ?? '';
  });
}

async function readVersion(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ version: string }>(
    `select current_setting('server_version') "version"`,
  );
  return rows[0]?.version ?? '';
}

export function refuseOld(version: string, address: Address): void {
  if (Number.parseInt(version, 10) >= OLDEST_MAJOR) return;
  throw fail('store.too_old', { address: describeAddress(address), found: version });
}

/** Every way of not being let in, in words. What is left is nothing that an address could mend. */
export function explainRefusal(error: unknown, address: Address): unknown {
  const params = { address: describeAddress(address), reason: reasonOf(error) };
  // PgBouncer, asked for the settings of a session.
  if (/unsupported startup parameter/.test(params.reason))
    return fail('store.pooler', params, { cause: error });
  // Class 28: not authorised; no such database; no right to connect to it. The rest the driver or a pooler says.
  const isRefused = /^(28...|3D000|42501)$/.test(codeOf(error));
  if (isRefused || /SASL|SSL|certificate|password/i.test(params.reason))
    return fail('store.refused', params, { cause: error });
  return isConnectionLost(error) ? fail('store.unreachable', params, { cause: error }) : error;
}

// ── Poolers ─────────────────────────────────────────────────────────────────────────────────────────

/**
 * In transaction mode the next transaction is another session's: LISTEN hears nothing, a lock is lost at once, and both
 * look as if they worked. A pool in session mode keeps what we need.
 */
async function refusePooler(client: pg.Client, address: Address): Promise<void> {
  const reason = await poolerSign(client, address);
  if (reason) throw fail('store.pooler', { address: describeAddress(address), reason });
}

async function poolerSign(client: pg.Client, address: Address): Promise<string | undefined> {
  const { pid, zone, path } = await readSession(client);
  if (zone !== 'UTC' || path !== 'public') return 'it drops the settings of a session';
  // A server tells its own process id when a session begins; a pooler makes one up.
  if (pid === toldPid(client)) return undefined;
  const changes = await withClient(address, 'moulin: check', async other => {
    await other.query('begin');
    // Held open, so that a pool cannot give the same one to us.
    const held = await readSession(other);
    const again = await readSession(client);
    await other.query('commit');
    return held.pid === pid || again.pid !== pid;
  });
  return changes ? 'it is in transaction mode' : undefined;
}

interface Session {
  pid: number;
  zone: string;
  path: string;
}

async function readSession(client: pg.Client): Promise<Session> {
  const { rows } = await client.query<Session>(
    `select pg_backend_pid() pid, current_setting('TimeZone') "zone", current_setting('search_path') "path"`,
  );
  return rows[0] ?? { pid: 0, zone: '', path: '' };
}

function toldPid(client: pg.Client): number | undefined {
  return 'processID' in client && typeof client.processID === 'number' ? client.processID : undefined;
}
