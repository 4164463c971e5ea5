import type pg from 'pg';
import { type Address, withClient } from './connection.ts';
import { OWNER } from './embedded/cluster.ts';
import { startGuard } from './embedded/guard.ts';
import { endLeftover } from './embedded/leftover.ts';
import { startLife } from './embedded/life.ts';
import { type EmbeddedOptions, makePlan, type Plan } from './embedded/plan.ts';
import { watch } from './embedded/watch.ts';
import { APP_ROLE, ensureRoles } from './roles.ts';
import { scramVerifier } from './scram.ts';

export type { EmbeddedOptions } from './embedded/plan.ts';

export const DATABASE = 'moulin';

export interface EmbeddedServer {
  /** Owns the database and migrates it. */
  owner: Address;
  app: Address;
  /** The launcher's alone; tests make their databases with it. */
  superuser: Address;
  pid(): number | undefined;
  /** Stops it; nothing is left running. */
  close(): Promise<void>;
}

/** The embedded PostgreSQL: made at the first start, run, watched, started again when it dies, stopped with us. */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const plan = await makePlan(options);
  await endLeftover(plan);
  const guard = startGuard({
    kind: options.guard ?? (process.platform === 'win32' ? 'node' : 'shell'),
    account: plan.home.account,
    pg_ctl: plan.binaries.pg_ctl,
    data_folder: plan.home.data,
  });
  try {
    const life = await startLife(plan, guard);
    const watched = watch(plan, guard, life, options.say ?? (() => {}));
    await prepareServer(plan).catch(async error => {
      await watched.close();
      throw error;
    });
    return { ...addressesOf(plan), ...watched };
  } catch (error) {
    guard.close();
    throw error;
  }
}

function addressesOf({ superuser, credentials }: Plan): Pick<EmbeddedServer, 'owner' | 'app' | 'superuser'> {
  return {
    superuser,
    owner: { ...superuser, user: OWNER, password: credentials.owner, database: DATABASE },
    app: { ...superuser, user: APP_ROLE, password: credentials.app, database: DATABASE },
  };
}

/** Roles, the database, who may connect. The database comes last: a start that was killed half-way does it all again. */
async function prepareServer(plan: Plan): Promise<void> {
  await withClient(plan.superuser, 'moulin: prepare', async client => {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE]);
    if (rowCount) return;
    await ensureRoles(client);
    const owner = await client.query('select from pg_roles where rolname = $1', [OWNER]);
    if (!owner.rowCount) await client.query(`create role ${OWNER} login`);
    await setPassword(client, OWNER, plan.credentials.owner);
    await setPassword(client, APP_ROLE, plan.credentials.app);
    for (const name of ['postgres', 'template1'])
      await client.query(`revoke connect, temporary on database ${name} from public`);
    await client.query(`create database ${DATABASE} owner ${OWNER}`);
  });
}

async function setPassword(client: pg.Client, role: string, password: string): Promise<void> {
  await client.query(`alter role ${role} password ${client.escapeLiteral(scramVerifier(password))}`);
}
