import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { fail, isFailure } from '../kit/errors.ts';
import { type Address, asRole, codeOf, describeAddress, reasonOf, withClient } from './connection.ts';
import { scramVerifier } from './scram.ts';

export const APP_ROLE = 'moulin_app';
/** The two doors. Nobody signs in as one of them; the application's role takes one for the length of a transaction. */
export const DOOR_ROLES = ['moulin_workspace', 'moulin_instance'] as const;

/** Of the role, so that they hold for whoever signs in as it; long work (a backup) raises them for its own transaction. */
const APP_TIMEOUTS: Readonly<Record<string, string>> = {
  statement_timeout: '30s',
  lock_timeout: '10s',
  idle_in_transaction_session_timeout: '60s',
};

/** What an administrator runs where the role in database.url may not make roles. */
export const ROLES_BY_HAND = [
  'create role moulin_workspace nologin',
  'create role moulin_instance nologin',
  `create role ${APP_ROLE} login noinherit password '…'`,
  `grant moulin_workspace, moulin_instance to ${APP_ROLE}`,
].join('; ');

/** Makes what is missing and changes nothing that is there: roles belong to the server, other databases may use them. */
export async function ensureRoles(client: pg.Client): Promise<void> {
  await againWhenRaced(async () => {
    for (const role of DOOR_ROLES) await ensureRole(client, role, 'nologin');
    await ensureRole(client, APP_ROLE, 'login noinherit');
    await client.query(ENSURE_MEMBERSHIPS);
    await ensureTimeouts(client);
  });
}

async function ensureRole(client: pg.Client, role: string, attributes: string): Promise<void> {
  const { rowCount } = await client.query('select from pg_roles where rolname = $1', [role]);
  if (rowCount) return;
  try {
    await client.query(`create role ${role} ${attributes}`);
  } catch (error) {
    if (codeOf(error) !== '42501') throw error;
    throw fail('store.may_not_create_roles', { role, statements: ROLES_BY_HAND }, { cause: error });
  }
}

const ENSURE_MEMBERSHIPS = `
do $$ declare door text; begin
  foreach door in array array['moulin_workspace', 'moulin_instance'] loop
    if not pg_has_role('${APP_ROLE}', door, 'member') then
      execute format('grant %I to ${APP_ROLE}', door);
    end if;
  end loop;
end $$`;

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
export async function closeDatabase(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string; is_open: boolean; may_close: boolean }>(`
    select datname name, has_database_privilege('public', oid, 'connect') is_open,
      pg_has_role(datdba, 'usage') may_close
    from pg_database where datname = current_database()`);
  const [database] = rows;
  if (!database) return;
  const name = client.escapeIdentifier(database.name);
  // Where another role owns the database, closing it is that role's affair.
  if (database.may_close && database.is_open)
    await client.query(`revoke connect, temporary on database ${name} from public`);
  if (database.may_close)
    await client.query(`grant connect on database ${name} to ${APP_ROLE}, ${DOOR_ROLES.join(', ')}`);
}

// ── The application's own role ──────────────────────────────────────────────────────────────────────

/** Signs in as moulin_app; when the password is not right (a first start, another key), the owner sets it. */
export async function ensureAppPassword(owner: Address, password: string): Promise<Address> {
  const app = asRole(owner, APP_ROLE, password);
  try {
    await withClient(app, 'moulin: check', async () => {});
    return app;
  } catch (error) {
    if (!isRefused(error)) throw error;
  }
  await againWhenRaced(() =>
    withClient(owner, 'moulin: roles', async client => {
      await client.query(`alter role ${APP_ROLE} password ${client.escapeLiteral(scramVerifier(password))}`);
    }),
  );
  return app;
}

/** Wrong password, no such role, no line in pg_hba.conf, no right to connect. */
export function isRefused(error: unknown): boolean {
  return ['28P01', '28000', '42501'].includes(codeOf(error));
}

interface Standing {
  role: string;
  too_powerful: string | null;
  owns_tables: boolean;
  lacks: string[];
}

/** Row-level security is a wall only for roles that cannot walk around it. */
export async function checkAppRole(app: Address): Promise<void> {
  const standing = await withClient(app, 'moulin: check', readStanding).catch(error => {
    if (isFailure(error)) throw error;
    throw fail('store.refused', { address: describeAddress(app), reason: reasonOf(error) }, { cause: error });
  });
  const { role, too_powerful, owns_tables, lacks } = standing;
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
