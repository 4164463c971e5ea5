import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { fail } from '../kit/errors.ts';
import { type Address, asRole, codeOf, reasonOf, withClient } from './connection.ts';
import { scramVerifier } from './scram.ts';

export const APP_ROLE = 'moulin_app';
/** The two doors. Nobody signs in as one of them; the application's role takes one for the length of a transaction. */
export const DOOR_ROLES = ['moulin_workspace', 'moulin_instance'] as const;

/** Of the role, so that they hold for whoever signs in as it; long work raises the first one (`statement_seconds`). */
const APP_TIMEOUTS: Readonly<Record<string, string>> = {
  statement_timeout: '30s',
  lock_timeout: '10s',
  idle_in_transaction_session_timeout: '60s',
};

/** What an administrator runs where the role in database.url may not make roles. */
export const ROLES_BY_HAND = [
  ...DOOR_ROLES.map(role => `create role ${role} nologin`),
  `create role ${APP_ROLE} login noinherit password '…'`,
  `grant ${DOOR_ROLES.join(', ')} to ${APP_ROLE}`,
  ...Object.entries(APP_TIMEOUTS).map(([name, value]) => `alter role ${APP_ROLE} set ${name} = '${value}'`),
].join('; ');

/** Makes what is missing and changes nothing that is there: roles belong to the server, other databases may use them. */
export async function ensureRoles(
  client: pg.Client,
  options: { app: boolean } = { app: true },
): Promise<void> {
  try {
    await againWhenRaced(async () => {
      for (const role of DOOR_ROLES) await ensureRole(client, role, 'nologin');
      if (options.app) await ensureAppRole(client);
    });
  } catch (error) {
    if (codeOf(error) !== '42501') throw error;
    throw fail('store.may_not_create_roles', { statements: ROLES_BY_HAND }, { cause: error });
  }
}

async function ensureAppRole(client: pg.Client): Promise<void> {
  await ensureRole(client, APP_ROLE, 'login noinherit');
  const { rows } = await client.query<{ door: string }>(
    `select door from unnest($1::text[]) door where not pg_has_role($2, door, 'member')`,
    [DOOR_ROLES, APP_ROLE],
  );
  for (const { door } of rows) await client.query(`grant ${door} to ${APP_ROLE}`);
  await ensureTimeouts(client);
}

async function ensureRole(client: pg.Client, role: string, attributes: string): Promise<void> {
  const { rowCount } = await client.query('select from pg_roles where rolname = $1', [role]);
  if (!rowCount) await client.query(`create role ${role} ${attributes}`);
}

async function ensureTimeouts(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ setting: string }>(
    'select unnest(setconfig) setting from pg_db_role_setting where setdatabase = 0 and setrole = $1::regrole',
    [APP_ROLE],
  );
  const given = new Set(rows.map(row => row.setting.split('=')[0]));
  for (const [name, value] of Object.entries(APP_TIMEOUTS))
    if (!given.has(name)) await client.query(`alter role ${APP_ROLE} set ${name} = '${value}'`);
}

/** Two installers on two databases of one server meet in the shared catalogue of roles, which no lock of ours covers. */
async function againWhenRaced(work: () => Promise<void>): Promise<void> {
  for (let count = 1; ; count += 1) {
    try {
      return await work();
    } catch (error) {
      // duplicate_object, unique_violation, "tuple concurrently updated"
      const isRace = ['42710', '23505', 'XX000'].includes(codeOf(error));
      if (!isRace || count === 10) throw error;
      await delay(20 * count * Math.random());
    }
  }
}

/** PUBLIC may connect to no database of ours: only the owner, the application and who is granted it by name. */
export async function closeDatabase(client: pg.Client, app_role: string): Promise<void> {
  const { rows } = await client.query<{ name: string; is_open: boolean; may_close: boolean }>(`
    select datname "name", has_database_privilege('public', oid, 'connect') is_open,
      pg_has_role(datdba, 'usage') may_close
    from pg_database where datname = current_database()`);
  const [database] = rows;
  // Where another role owns the database, closing it is that role's affair.
  if (!database?.may_close) return;
  const name = client.escapeIdentifier(database.name);
  if (database.is_open) await client.query(`revoke connect, temporary on database ${name} from public`);
  const guests = [app_role, ...DOOR_ROLES].map(role => client.escapeIdentifier(role));
  await client.query(`grant connect on database ${name} to ${guests.join(', ')}`);
}

// ── The application's own role ──────────────────────────────────────────────────────────────────────

/**
 * Signs in as moulin_app; when the password is not right (a first start, another key), the owner sets it. Where the role
 * works for another installation on the same server, changing its password would lock that one out.
 */
export async function ensureAppPassword(
  owner: Address,
  password: string,
  instance_id: string,
): Promise<Address> {
  const app = asRole(owner, APP_ROLE, password);
  if (await canSignIn(app)) return app;
  await againWhenRaced(() =>
    withClient(owner, 'moulin: roles', async client => {
      await claimAppRole(client, instance_id);
      await client.query(`alter role ${APP_ROLE} password ${client.escapeLiteral(scramVerifier(password))}`);
    }),
  );
  return app;
}

async function canSignIn(app: Address): Promise<boolean> {
  try {
    await withClient(app, 'moulin: check', async () => {});
    return true;
  } catch (error) {
    // Wrong password, none at all, or no line for it in pg_hba.conf.
    if (/^28...$/.test(codeOf(error)) || /password/.test(reasonOf(error))) return false;
    throw error;
  }
}

/** The role's comment says which installation set its password. */
export async function appRoleHolder(client: pg.Client): Promise<string | undefined> {
  const { rows } = await client.query<{ comment: string | null }>(
    `select shobj_description(oid, 'pg_authid') "comment" from pg_roles where rolname = $1`,
    [APP_ROLE],
  );
  return /^Moulin ([0-9a-f-]{36})$/.exec(rows[0]?.comment ?? '')?.[1];
}

/** Refuses where the role works for another one: of two installations that come at the same moment one gets it. */
async function claimAppRole(client: pg.Client, instance_id: string): Promise<void> {
  const holder = await appRoleHolder(client);
  if (holder !== undefined && holder !== instance_id)
    throw fail('store.role_taken', { role: APP_ROLE, holder });
  await client.query(`comment on role ${APP_ROLE} is ${client.escapeLiteral(`Moulin ${instance_id}`)}`);
}

interface Standing {
  role: string;
  too_powerful: string | null;
  owns_tables: boolean;
  lacks: string[];
}

/** Row-level security is a wall only for roles that cannot walk around it. */
export async function checkAppRole(app: Address): Promise<void> {
  const { role, too_powerful, owns_tables, lacks } = await withClient(app, 'moulin: check', readStanding);
  if (too_powerful !== null)
    throw fail('store.role_too_powerful', { role, power: `it is, or may become, ${too_powerful}` });
  if (owns_tables) throw fail('store.role_too_powerful', { role, power: 'it owns the tables' });
  if (lacks.length > 0)
    throw fail('store.role_not_ready', { role, missing: lacks.join(', '), statements: ROLES_BY_HAND });
}

async function readStanding(client: pg.Client): Promise<Standing> {
  const { rows } = await client.query<Standing>(
    `select current_user "role",
      (select rolname || case when rolsuper then ', a superuser' else ', which bypasses row-level security' end
        from pg_roles where (rolsuper or rolbypassrls) and pg_has_role(oid, 'member')
        order by rolname <> current_user, rolname limit 1) too_powerful,
      exists (select from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
        and pg_has_role(relowner, 'member')) owns_tables,
      array(select door from unnest($1::text[]) door where not exists (
        select from pg_roles where rolname = door and pg_has_role(oid, 'member'))) lacks`,
    [DOOR_ROLES],
  );
  const [row] = rows;
  if (!row) throw new Error('the server did not say who we are');
  return row;
}
