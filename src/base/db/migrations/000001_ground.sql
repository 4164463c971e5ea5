-- The ground floor: instance, workspaces, people, access, secrets, audit, events.
--
-- Two doors lead here (foundations §2). `moulin_workspace` sees the rows of one workspace, named by the setting
-- moulin.workspace_id; row-level security stands behind every statement. `moulin_instance` crosses workspaces and has
-- policies only on the tables that src/base/db/doors.test.ts lists. The login role itself may do nothing.

create function current_workspace() returns uuid stable language sql
  return nullif(current_setting('moulin.workspace_id', true), '')::uuid;

-- Which migrations this store has seen; src/base/db/migrate.ts reads and writes it.
create table schema_migrations (
  number integer primary key,
  name text not null,
  checksum text not null,
  applied_at timestamptz not null default now()
);

create table instance (
  singleton boolean primary key default true check (singleton),
  id uuid not null,
  created_at timestamptz not null default now(),
  -- A known text under the key-encryption key: a start with the wrong key is refused in words, not in garbage.
  key_id text,
  key_canary bytea
);

create table workspaces (
  id uuid primary key,
  slug text not null unique,
  name text not null,
  time_zone text not null default 'UTC',
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- Former slugs keep answering until another workspace takes them.
create table workspace_slugs (
  slug text primary key,
  workspace_id uuid not null references workspaces on delete cascade,
  created_at timestamptz not null default now()
);
create index workspace_slugs_workspace on workspace_slugs (workspace_id);

create table users (
  id uuid primary key,
  email text not null,
  name text not null,
  password_hash text,
  -- NULL follows the browser.
  locale text check (locale in ('en', 'fr')),
  theme text check (theme in ('light', 'dark')),
  disabled_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index users_email on users (lower(email));

-- Identity is (issuer, subject); an e-mail address alone proves nothing.
create table user_identities (
  issuer text not null,
  subject text not null,
  user_id uuid not null references users on delete cascade,
  created_at timestamptz not null default now(),
  primary key (issuer, subject)
);
create index user_identities_user on user_identities (user_id);

create table instance_grants (
  user_id uuid not null references users on delete cascade,
  instance_right text not null,
  created_at timestamptz not null default now(),
  primary key (user_id, instance_right)
);

create table memberships (
  workspace_id uuid not null references workspaces on delete cascade,
  user_id uuid not null references users on delete cascade,
  role text not null check (role in ('owner', 'admin', 'editor', 'operator', 'viewer')),
  -- `group`: given by the identity provider and taken away by it; a role given by hand stays.
  source text not null default 'hand' check (source in ('hand', 'group')),
  version integer not null default 1,
  created_at timestamptz not null default now(),
  primary key (workspace_id, user_id)
);
create index memberships_user on memberships (user_id);

create table service_accounts (
  id uuid primary key,
  workspace_id uuid not null references workspaces on delete cascade,
  name text not null,
  role text not null check (role in ('owner', 'admin', 'editor', 'operator', 'viewer')),
  instance_rights text[] not null default '{}',
  version integer not null default 1,
  created_at timestamptz not null default now(),
  unique (workspace_id, name)
);

-- A token acts as a person or as a service account, in one workspace, within its scopes.
create table api_tokens (
  id uuid primary key,
  workspace_id uuid not null references workspaces on delete cascade,
  user_id uuid references users on delete cascade,
  service_account_id uuid references service_accounts on delete cascade,
  name text not null,
  prefix text not null,
  secret_hash bytea not null,
  scopes text[] not null,
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz not null default now(),
  check (num_nonnulls(user_id, service_account_id) = 1)
);
create unique index api_tokens_prefix on api_tokens (prefix);
create index api_tokens_workspace on api_tokens (workspace_id, id);
create index api_tokens_user on api_tokens (user_id, id);
create index api_tokens_service_account on api_tokens (service_account_id);

create table sessions (
  id uuid primary key,
  user_id uuid not null references users on delete cascade,
  token_hash bytea not null unique,
  ip text not null,
  user_agent text not null,
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz
);
create index sessions_user on sessions (user_id, id);
create index sessions_expiry on sessions (expires_at);

-- Links that work once: the first admin, a new password, an invitation. Only the hash is kept.
create table one_time_links (
  id uuid primary key,
  kind text not null check (kind in ('first_admin', 'reset', 'invitation')),
  token_hash bytea not null unique,
  workspace_id uuid references workspaces on delete cascade,
  user_id uuid references users on delete cascade,
  email text,
  role text check (role in ('owner', 'admin', 'editor', 'operator', 'viewer')),
  created_by text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  revoked_at timestamptz,
  check (kind <> 'invitation' or (workspace_id is not null and role is not null and email is not null)),
  check (kind <> 'reset' or user_id is not null)
);
create index one_time_links_workspace on one_time_links (workspace_id, id);
create index one_time_links_user on one_time_links (user_id);

-- Browsers in which somebody signed in once. One that is known is not throttled together with the rest of its network,
-- so that a neighbour's guessing locks nobody out.
create table known_devices (
  token_hash bytea primary key,
  user_id uuid not null references users on delete cascade,
  created_at timestamptz not null default now(),
  last_used_at timestamptz not null default now()
);
create index known_devices_user on known_devices (user_id);
create index known_devices_last_used on known_devices (last_used_at);

-- Counted per (account, address) and per address, never per account alone: nobody can lock a victim out.
create table sign_in_throttle (
  key text primary key,
  failures integer not null,
  window_started_at timestamptz not null default now(),
  blocked_until timestamptz
);

create table audit_entries (
  id uuid primary key,
  position bigint generated always as identity unique,
  -- NULL: about the installation (sign-in, workspaces created, keys rotated).
  workspace_id uuid,
  at timestamptz not null default now(),
  actor_kind text not null,
  actor_id text,
  actor_name text not null,
  action text not null,
  object_kind text,
  object_id text,
  object_name text,
  -- What changed, before and after; a secret shows as "changed".
  changes jsonb not null default '{}',
  ip text,
  request_id text
);
-- Read newest first and between two times; the position only orders entries of the same instant.
create index audit_entries_workspace on audit_entries (workspace_id, at desc, position desc);
create index audit_entries_actor on audit_entries (workspace_id, actor_id, at desc, position desc);
create index audit_entries_action on audit_entries (workspace_id, action, at desc, position desc);
create index audit_entries_object on audit_entries (workspace_id, object_kind, object_id, at desc, position desc);

-- Grants alone would not stop the owner; what is written here stays.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege';
end $$;
create trigger audit_entries_append_only before update or delete or truncate on audit_entries
  for each statement execute function refuse_change();

-- Secrets: the key-encryption key (outside) wraps a data key per workspace, which encrypts the values.
create table data_keys (
  id uuid primary key,
  -- NULL: the installation's own secrets.
  workspace_id uuid references workspaces on delete cascade,
  key_id text not null,
  wrapped_key bytea not null,
  created_at timestamptz not null default now(),
  retired_at timestamptz
);
-- "nulls not distinct" would say it better, from PostgreSQL 15 on.
create unique index data_keys_current on data_keys (coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'))
  where retired_at is null;

create table secrets (
  id uuid primary key,
  workspace_id uuid references workspaces on delete cascade,
  object_kind text not null,
  object_id text not null,
  field text not null,
  version integer not null default 1,
  data_key_id uuid not null references data_keys,
  nonce bytea not null,
  ciphertext bytea not null,
  updated_by text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index secrets_place on secrets
  (object_kind, object_id, field, coalesce(workspace_id, '00000000-0000-0000-0000-000000000000'));
create index secrets_workspace on secrets (workspace_id, object_kind, object_id);
create index secrets_data_key on secrets (data_key_id);

-- One durable stream (foundations §4). A row is written without a position in the transaction that changes something;
-- one sequencer at a time gives positions to what has committed, so positions follow commit order.
create table events (
  id uuid primary key,
  -- The order of writing: it keeps the events of one transaction, and of one after the other, in order.
  arrival bigint generated always as identity,
  position bigint unique,
  workspace_id uuid,
  type text not null,
  version integer not null default 1,
  subject text not null,
  actor text,
  cause text,
  payload jsonb not null default '{}',
  at timestamptz not null default clock_timestamp()
);
create sequence event_positions as bigint;
create index events_unsequenced on events (arrival) where position is null;
create index events_workspace on events (workspace_id, position);
create index events_at on events (at);

create table event_consumers (
  name text primary key,
  position bigint not null default 0,
  updated_at timestamptz not null default now()
);

create table idempotency_keys (
  -- Who asked, in which workspace: another caller's equal key is another key.
  scope text not null,
  key text not null,
  request_hash bytea not null,
  status integer,
  response jsonb,
  headers jsonb,
  created_at timestamptz not null default now(),
  primary key (scope, key)
);
create index idempotency_keys_created on idempotency_keys (created_at);

-- Rights. The two roles are made before the migrations (they belong to the cluster, not to the database).
-- Up to PostgreSQL 14 everybody may make tables here.
revoke create on schema public from public;
grant usage on schema public to moulin_workspace, moulin_instance;

alter table workspaces enable row level security;
alter table workspaces force row level security;
alter table workspace_slugs enable row level security;
alter table workspace_slugs force row level security;
alter table users enable row level security;
alter table users force row level security;
alter table user_identities enable row level security;
alter table user_identities force row level security;
alter table instance_grants enable row level security;
alter table instance_grants force row level security;
alter table memberships enable row level security;
alter table memberships force row level security;
alter table service_accounts enable row level security;
alter table service_accounts force row level security;
alter table api_tokens enable row level security;
alter table api_tokens force row level security;
alter table sessions enable row level security;
alter table sessions force row level security;
alter table one_time_links enable row level security;
alter table one_time_links force row level security;
alter table known_devices enable row level security;
alter table known_devices force row level security;
alter table sign_in_throttle enable row level security;
alter table sign_in_throttle force row level security;
alter table audit_entries enable row level security;
alter table audit_entries force row level security;
alter table data_keys enable row level security;
alter table data_keys force row level security;
alter table secrets enable row level security;
alter table secrets force row level security;
alter table events enable row level security;
alter table events force row level security;
alter table event_consumers enable row level security;
alter table event_consumers force row level security;
alter table idempotency_keys enable row level security;
alter table idempotency_keys force row level security;
alter table instance enable row level security;
alter table instance force row level security;
alter table schema_migrations enable row level security;
alter table schema_migrations force row level security;

-- The owner, who migrates, sees nothing of anyone's either; only how far it got, and which installation this is.
create policy owner on schema_migrations to current_user using (true);
create policy owner on instance to current_user using (true);

-- The workspace door.
create policy workspace on workspaces to moulin_workspace using (id = current_workspace());
create policy workspace on workspace_slugs to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on memberships to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on service_accounts to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on api_tokens to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on one_time_links to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on audit_entries to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on data_keys to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on secrets to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on events to moulin_workspace using (workspace_id = current_workspace());
-- Of the installation only the id of the key in force: a data key made under a replaced one would never open again.
create policy workspace on instance for select to moulin_workspace using (true);
-- People are seen only by those who share the workspace.
create policy workspace on users for select to moulin_workspace using (
  exists (select from memberships m where m.user_id = users.id and m.workspace_id = current_workspace())
);

grant select, update, delete on workspaces to moulin_workspace;
grant select, insert, delete on workspace_slugs to moulin_workspace;
grant select, insert, update, delete on memberships, service_accounts, api_tokens, secrets, data_keys to moulin_workspace;
grant select, insert, update on one_time_links to moulin_workspace;
grant select (id, email, name, disabled_at, created_at) on users to moulin_workspace;
grant select, insert on audit_entries, events to moulin_workspace;
grant select (key_id) on instance to moulin_workspace;

-- The instance door.
create policy instance on instance to moulin_instance using (true);
create policy instance on schema_migrations for select to moulin_instance using (true);
create policy instance on workspaces to moulin_instance using (true);
create policy instance on workspace_slugs to moulin_instance using (true);
create policy instance on users to moulin_instance using (true);
create policy instance on user_identities to moulin_instance using (true);
create policy instance on instance_grants to moulin_instance using (true);
create policy instance on memberships to moulin_instance using (true);
create policy instance on service_accounts to moulin_instance using (true);
create policy instance on api_tokens to moulin_instance using (true);
create policy instance on sessions to moulin_instance using (true);
create policy instance on one_time_links to moulin_instance using (true);
create policy instance on known_devices to moulin_instance using (true);
create policy instance on sign_in_throttle to moulin_instance using (true);
create policy instance on audit_entries to moulin_instance using (true);
create policy instance on data_keys to moulin_instance using (true);
create policy instance on secrets to moulin_instance using (true);
create policy instance on events to moulin_instance using (true);
create policy instance on event_consumers to moulin_instance using (true);
create policy instance on idempotency_keys to moulin_instance using (true);

grant select, insert, update on instance to moulin_instance;
grant select on schema_migrations to moulin_instance;
grant select, insert, update, delete on workspaces, workspace_slugs, users, user_identities, instance_grants, memberships,
  service_accounts, api_tokens, sessions, one_time_links, known_devices, sign_in_throttle, data_keys, secrets, events, event_consumers,
  idempotency_keys to moulin_instance;
grant select, insert on audit_entries to moulin_instance;
grant usage on sequence event_positions to moulin_instance;
-- A backup keeps how far each one has counted.
grant select on all sequences in schema public to moulin_instance;
