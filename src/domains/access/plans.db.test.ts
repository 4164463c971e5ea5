import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CompiledQuery,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
} from 'kysely';
import { type TestDatabase, testDatabase } from '../../../tests/support/database.ts';
import { withClient } from '../../base/db/connection.ts';
import type { DB, Tx } from '../../base/db/index.ts';
import { newId } from '../../base/kit/ids.ts';
import { membershipsOf, personById, userByEmail, userById } from './accounts/store.ts';
import { type AuditFilter, type AuditWalk, entriesAfter } from './audit/store.ts';
import { usableLink } from './links/store.ts';
import { invitationsBefore, memberById, membersAfter, otherOwners } from './members/store.ts';
import { userByIdentity } from './oidc/store.ts';
import { accountByEmail, deviceOwner, sessionOf, sessionsBefore, tokenOf } from './sign-in/store.ts';
import { myTokensBefore, serviceAccountsAfter, tokensBefore, workspaceOfMember } from './tokens/store.ts';

/**
 * What every request and every page asks, on tables that have grown: found by an index, never by reading a whole table.
 * The statements are those of the stores, written down by a connection that goes nowhere.
 */
test('what requests and pages ask is found by an index', async t => {
  const database = await testDatabase(t);
  const { workspace_id, user_id } = await grow(database);
  const now = new Date().toISOString();
  const hash = Buffer.alloc(32);
  const page = 51;
  const audit =
    (filter: Partial<AuditFilter>, order: AuditWalk['order'] = 'newest') =>
    (tx: Tx) =>
      entriesAfter(tx, { workspace_id, ...filter }, { order, after: [now, '1000000'] }, page);

  const inWorkspace = {
    members: tx => membersAfter(tx, { workspace_id }, page),
    member: tx => memberById(tx, workspace_id, user_id),
    owners: tx => otherOwners(tx, workspace_id, user_id),
    invitations: tx => invitationsBefore(tx, { workspace_id, now }, page),
    tokens: tx => tokensBefore(tx, { workspace_id }, page),
    service_accounts: tx => serviceAccountsAfter(tx, { workspace_id }, page),
    audit: audit({}),
    'audit, oldest first': audit({}, 'oldest'),
    'audit by actor': audit({ actor_id: user_id }),
    'audit by action': audit({ action: 'member.renamed' }),
    'audit by object': audit({ object_kind: 'member', object_id: user_id }),
    'audit by time': audit({ from: '2026-01-01T00:00:00Z', to: '2026-01-01T01:00:00Z' }),
  } satisfies Statements;
  for (const [name, plan] of Object.entries(
    await explain(inWorkspace, work => database.store.withWorkspace({ workspace_id }, work)),
  ))
    assert.deepEqual(wholeTables(plan), [], `${name}\n${plan}`);

  const spanning = {
    session: tx => sessionOf(tx, { token_hash: hash, ref: 'w1', now, idle_seconds: 60 }),
    token: tx => tokenOf(tx, { prefix: 'moulin_x', ref: 'w1', now }),
    account: tx => accountByEmail(tx, 'user7@example.com'),
    device: tx => deviceOwner(tx, hash),
    link: tx => usableLink(tx, hash, now),
    identity: tx => userByIdentity(tx, { issuer: 'https://id.example', subject: 's7' }),
    sessions: tx => sessionsBefore(tx, { user_id, now, idle_seconds: 60 }, page),
    my_tokens: tx => myTokensBefore(tx, { user_id }, page),
    me: tx => personById(tx, user_id),
    memberships: tx => membershipsOf(tx, user_id),
    user: tx => userById(tx, user_id),
    user_by_email: tx => userByEmail(tx, 'user7@example.com'),
    workspace: tx => workspaceOfMember(tx, user_id, 'w1'),
    'installation log': tx => entriesAfter(tx, { workspace_id: null }, { order: 'newest' }, page),
  } satisfies Statements;
  for (const [name, plan] of Object.entries(
    await explain(spanning, work => database.store.withInstance('plans', work)),
  ))
    assert.deepEqual(wholeTables(plan), [], `${name}\n${plan}`);
});

type Statements = Record<string, (tx: Tx) => Promise<unknown>>;
type Door = (work: (tx: Tx) => Promise<string>) => Promise<string>;

/** Small by nature: a seat of a right, a workspace. */
const SMALL = ['workspaces', 'workspace_slugs', 'instance_grants'];

function wholeTables(plan: string): string[] {
  return [...plan.matchAll(/Seq Scan on (\w+)/g)]
    .map(([, table = '']) => table)
    .filter(table => !SMALL.includes(table));
}

async function explain(statements: Statements, door: Door): Promise<Record<string, string>> {
  const plans: Record<string, string> = {};
  for (const [name, statement] of Object.entries(statements)) {
    const [query] = await written(statement);
    assert(query, name);
    plans[name] = await door(async tx => {
      const { rows } = await tx.executeQuery<{ 'QUERY PLAN': string }>(
        CompiledQuery.raw(`explain ${query.sql}`, [...query.parameters]),
      );
      return rows.map(row => row['QUERY PLAN']).join('\n');
    });
  }
  return plans;
}

/** What a statement would send. */
async function written(statement: (tx: Tx) => Promise<unknown>): Promise<CompiledQuery[]> {
  const queries: CompiledQuery[] = [];
  const nowhere = new Kysely<DB>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: db => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
    log: event => void queries.push(event.query),
  });
  // It answers with nothing, which some statements do not expect.
  await nowhere
    .transaction()
    .execute(statement)
    .catch(() => {});
  return queries.filter(query => !/^(begin|commit)/i.test(query.sql));
}

const USERS = 2000;

/** Two thousand people in fifty workspaces, and what they leave behind. */
async function grow(database: TestDatabase): Promise<{ workspace_id: string; user_id: string }> {
  const workspace_id = newId();
  await database.store.withInstance('grow', async tx => {
    const statements = [
      sql`insert into workspaces (id, slug, name) values (${workspace_id}, 'w1', 'w1')`,
      sql`insert into workspaces (id, slug, name) select gen_random_uuid(), 'w' || n, 'w' || n from generate_series(2, 50) n`,
      sql`insert into users (id, email, name)
          select gen_random_uuid(), 'user' || n || '@example.com', 'User ' || n from generate_series(1, ${USERS}) n`,
      sql`insert into user_identities (issuer, subject, user_id)
          select 'https://id.example', 's' || row_number() over (), id from users`,
      sql`insert into memberships (workspace_id, user_id, role)
          select w.id, u.id, 'viewer' from workspaces w
          join users u on substr(u.email, 5, length(u.email) - 16)::int % 50 = substr(w.slug, 2)::int - 1`,
      sql`insert into sessions (id, user_id, token_hash, ip, user_agent, expires_at)
          select gen_random_uuid(), u.id, sha256((u.id || ':' || n)::bytea), '192.0.2.1', '', now() + interval '7 days'
          from users u, generate_series(1, 4) n`,
      sql`insert into known_devices (token_hash, user_id) select sha256(id::text::bytea), id from users`,
      sql`insert into api_tokens (id, workspace_id, user_id, name, prefix, secret_hash, scopes)
          select gen_random_uuid(), m.workspace_id, m.user_id, 't', 'p' || m.user_id, '\\x00', '{*}' from memberships m`,
      sql`insert into service_accounts (id, workspace_id, name, role)
          select gen_random_uuid(), w.id, 's' || n, 'viewer' from workspaces w, generate_series(1, 40) n`,
      sql`insert into one_time_links (id, kind, token_hash, workspace_id, email, role, created_by, expires_at)
          select gen_random_uuid(), 'invitation', sha256((w.id || ':' || n)::bytea), w.id, 'x@example.com', 'viewer', 'y',
            now() + interval '1 day' from workspaces w, generate_series(1, 40) n`,
      sql`insert into audit_entries
            (id, workspace_id, at, actor_kind, actor_id, actor_name, action, object_kind, object_id)
          select gen_random_uuid(), m.workspace_id, timestamptz '2026-01-01' + n * interval '1 hour', 'person',
            m.user_id::text, '', case n % 50 when 0 then 'member.renamed' else 'token.created' end, 'member', m.user_id::text
          from memberships m, generate_series(1, 5) n`,
    ];
    for (const statement of statements) await statement.execute(tx);
  });
  // The owner of the tables is bound by row-level security and counts all the same.
  await withClient(database.owner, 'test', client => client.query('analyze'));
  const user_id = await database.store.withInstance('grow', async tx => {
    const row = await tx
      .selectFrom('memberships')
      .select('user_id')
      .where('workspace_id', '=', workspace_id)
      .limit(1)
      .executeTakeFirstOrThrow();
    return row.user_id;
  });
  return { workspace_id, user_id };
}
