-- Made by scripts/generate-db-types.ts from the migrations. Do not edit.

CREATE OR REPLACE FUNCTION public.current_workspace()
 RETURNS uuid
 LANGUAGE sql
 STABLE
RETURN (NULLIF(current_setting('moulin.workspace_id'::text, true), ''::text))::uuid

CREATE OR REPLACE FUNCTION public.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege';
end $function$

create sequence event_positions as bigint;
grant select, usage on event_positions to moulin_instance;

create table api_tokens (
  id uuid not null,
  workspace_id uuid not null,
  user_id uuid,
  service_account_id uuid,
  name text not null,
  prefix text not null,
  secret_hash bytea not null,
  scopes text[] not null,
  expires_at timestamp with time zone,
  last_used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  constraint api_tokens_pkey PRIMARY KEY (id),
  constraint api_tokens_check CHECK ((num_nonnulls(user_id, service_account_id) = 1)),
  constraint api_tokens_service_account_id_fkey FOREIGN KEY (service_account_id) REFERENCES service_accounts(id) ON DELETE CASCADE,
  constraint api_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
  constraint api_tokens_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE
);
CREATE INDEX api_tokens_service_account ON public.api_tokens USING btree (service_account_id);
CREATE INDEX api_tokens_user ON public.api_tokens USING btree (user_id, id);
CREATE INDEX api_tokens_workspace ON public.api_tokens USING btree (workspace_id, id);
CREATE UNIQUE INDEX api_tokens_prefix ON public.api_tokens USING btree (prefix);
-- row-level security: forced
create policy instance on api_tokens for all to moulin_instance using (true);
create policy workspace on api_tokens for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on api_tokens to moulin_instance;
grant delete, insert, select, update on api_tokens to moulin_workspace;

create table audit_entries (
  id uuid not null,
  position bigint not null generated always as identity,
  workspace_id uuid,
  at timestamp with time zone not null default now(),
  actor_kind text not null,
  actor_id text,
  actor_name text not null,
  action text not null,
  object_kind text,
  object_id text,
  object_name text,
  changes jsonb not null default '{}'::jsonb,
  ip text,
  request_id text,
  constraint audit_entries_pkey PRIMARY KEY (id),
  constraint audit_entries_position_key UNIQUE ("position")
);
CREATE INDEX audit_entries_action ON public.audit_entries USING btree (workspace_id, action, at DESC, "position" DESC);
CREATE INDEX audit_entries_actor ON public.audit_entries USING btree (workspace_id, actor_id, at DESC, "position" DESC);
CREATE INDEX audit_entries_object ON public.audit_entries USING btree (workspace_id, object_kind, object_id, at DESC, "position" DESC);
CREATE INDEX audit_entries_workspace ON public.audit_entries USING btree (workspace_id, at DESC, "position" DESC);
CREATE TRIGGER audit_entries_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- row-level security: forced
create policy instance on audit_entries for all to moulin_instance using (true);
create policy workspace on audit_entries for all to moulin_workspace using ((workspace_id = current_workspace()));
grant insert, select on audit_entries to moulin_instance;
grant insert, select on audit_entries to moulin_workspace;

create table data_keys (
  id uuid not null,
  workspace_id uuid,
  key_id text not null,
  wrapped_key bytea not null,
  created_at timestamp with time zone not null default now(),
  retired_at timestamp with time zone,
  constraint data_keys_pkey PRIMARY KEY (id),
  constraint data_keys_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX data_keys_current ON public.data_keys USING btree (COALESCE(workspace_id, '00000000-0000-0000-0000-000000000000'::uuid)) WHERE (retired_at IS NULL);
-- row-level security: forced
create policy instance on data_keys for all to moulin_instance using (true);
create policy workspace on data_keys for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on data_keys to moulin_instance;
grant delete, insert, select, update on data_keys to moulin_workspace;

create table event_consumers (
  name text not null,
  position bigint not null default 0,
  updated_at timestamp with time zone not null default now(),
  constraint event_consumers_pkey PRIMARY KEY (name)
);
-- row-level security: forced
create policy instance on event_consumers for all to moulin_instance using (true);
grant delete, insert, select, update on event_consumers to moulin_instance;

create table events (
  id uuid not null,
  arrival bigint not null generated always as identity,
  position bigint,
  workspace_id uuid,
  type text not null,
  version integer not null default 1,
  subject text not null,
  actor text,
  cause text,
  payload jsonb not null default '{}'::jsonb,
  at timestamp with time zone not null default clock_timestamp(),
  constraint events_pkey PRIMARY KEY (id),
  constraint events_position_key UNIQUE ("position")
);
CREATE INDEX events_at ON public.events USING btree (at);
CREATE INDEX events_unsequenced ON public.events USING btree (arrival) WHERE ("position" IS NULL);
CREATE INDEX events_workspace ON public.events USING btree (workspace_id, "position");
-- row-level security: forced
create policy instance on events for all to moulin_instance using (true);
create policy workspace on events for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on events to moulin_instance;
grant insert, select on events to moulin_workspace;

create table idempotency_keys (
  scope text not null,
  key text not null,
  request_hash bytea not null,
  status integer,
  response jsonb,
  headers jsonb,
  created_at timestamp with time zone not null default now(),
  constraint idempotency_keys_pkey PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_keys_created ON public.idempotency_keys USING btree (created_at);
-- row-level security: forced
create policy instance on idempotency_keys for all to moulin_instance using (true);
grant delete, insert, select, update on idempotency_keys to moulin_instance;

create table instance (
  singleton boolean not null default true,
  id uuid not null,
  created_at timestamp with time zone not null default now(),
  key_id text,
  key_canary bytea,
  constraint instance_pkey PRIMARY KEY (singleton),
  constraint instance_singleton_check CHECK (singleton)
);
-- row-level security: forced
create policy instance on instance for all to moulin_instance using (true);
create policy owner on instance for all to owner using (true);
create policy workspace on instance for select to moulin_workspace using (true);
grant insert, select, update on instance to moulin_instance;
grant select (key_id) on instance to moulin_workspace;

create table instance_grants (
  user_id uuid not null,
  instance_right text not null,
  created_at timestamp with time zone not null default now(),
  constraint instance_grants_pkey PRIMARY KEY (user_id, instance_right),
  constraint instance_grants_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
-- row-level security: forced
create policy instance on instance_grants for all to moulin_instance using (true);
grant delete, insert, select, update on instance_grants to moulin_instance;

create table known_devices (
  token_hash bytea not null,
  user_id uuid not null,
  created_at timestamp with time zone not null default now(),
  last_used_at timestamp with time zone not null default now(),
  constraint known_devices_pkey PRIMARY KEY (token_hash),
  constraint known_devices_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX known_devices_last_used ON public.known_devices USING btree (last_used_at);
CREATE INDEX known_devices_user ON public.known_devices USING btree (user_id);
-- row-level security: forced
create policy instance on known_devices for all to moulin_instance using (true);
grant delete, insert, select, update on known_devices to moulin_instance;

create table memberships (
  workspace_id uuid not null,
  user_id uuid not null,
  role text not null,
  source text not null default 'hand'::text,
  version integer not null default 1,
  created_at timestamp with time zone not null default now(),
  constraint memberships_pkey PRIMARY KEY (workspace_id, user_id),
  constraint memberships_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'editor'::text, 'operator'::text, 'viewer'::text]))),
  constraint memberships_source_check CHECK ((source = ANY (ARRAY['hand'::text, 'group'::text]))),
  constraint memberships_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
  constraint memberships_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE
);
CREATE INDEX memberships_user ON public.memberships USING btree (user_id);
-- row-level security: forced
create policy instance on memberships for all to moulin_instance using (true);
create policy workspace on memberships for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on memberships to moulin_instance;
grant delete, insert, select, update on memberships to moulin_workspace;

create table one_time_links (
  id uuid not null,
  kind text not null,
  token_hash bytea not null,
  workspace_id uuid,
  user_id uuid,
  email text,
  role text,
  created_by text not null,
  created_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  constraint one_time_links_pkey PRIMARY KEY (id),
  constraint one_time_links_check CHECK (((kind <> 'invitation'::text) OR ((workspace_id IS NOT NULL) AND (role IS NOT NULL) AND (email IS NOT NULL)))),
  constraint one_time_links_check1 CHECK (((kind <> 'reset'::text) OR (user_id IS NOT NULL))),
  constraint one_time_links_kind_check CHECK ((kind = ANY (ARRAY['first_admin'::text, 'reset'::text, 'invitation'::text]))),
  constraint one_time_links_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'editor'::text, 'operator'::text, 'viewer'::text]))),
  constraint one_time_links_token_hash_key UNIQUE (token_hash),
  constraint one_time_links_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
  constraint one_time_links_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE
);
CREATE INDEX one_time_links_user ON public.one_time_links USING btree (user_id);
CREATE INDEX one_time_links_workspace ON public.one_time_links USING btree (workspace_id, id);
-- row-level security: forced
create policy instance on one_time_links for all to moulin_instance using (true);
create policy workspace on one_time_links for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on one_time_links to moulin_instance;
grant insert, select, update on one_time_links to moulin_workspace;

create table schema_migrations (
  number integer not null,
  name text not null,
  checksum text not null,
  applied_at timestamp with time zone not null default now(),
  constraint schema_migrations_pkey PRIMARY KEY (number)
);
-- row-level security: forced
create policy instance on schema_migrations for select to moulin_instance using (true);
create policy owner on schema_migrations for all to owner using (true);
grant select on schema_migrations to moulin_instance;

create table secrets (
  id uuid not null,
  workspace_id uuid,
  object_kind text not null,
  object_id text not null,
  field text not null,
  version integer not null default 1,
  data_key_id uuid not null,
  nonce bytea not null,
  ciphertext bytea not null,
  updated_by text not null,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint secrets_pkey PRIMARY KEY (id),
  constraint secrets_data_key_id_fkey FOREIGN KEY (data_key_id) REFERENCES data_keys(id),
  constraint secrets_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE
);
CREATE INDEX secrets_data_key ON public.secrets USING btree (data_key_id);
CREATE INDEX secrets_workspace ON public.secrets USING btree (workspace_id, object_kind, object_id);
CREATE UNIQUE INDEX secrets_place ON public.secrets USING btree (object_kind, object_id, field, COALESCE(workspace_id, '00000000-0000-0000-0000-000000000000'::uuid));
-- row-level security: forced
create policy instance on secrets for all to moulin_instance using (true);
create policy workspace on secrets for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on secrets to moulin_instance;
grant delete, insert, select, update on secrets to moulin_workspace;

create table service_accounts (
  id uuid not null,
  workspace_id uuid not null,
  name text not null,
  role text not null,
  instance_rights text[] not null default '{}'::text[],
  version integer not null default 1,
  created_at timestamp with time zone not null default now(),
  constraint service_accounts_pkey PRIMARY KEY (id),
  constraint service_accounts_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'editor'::text, 'operator'::text, 'viewer'::text]))),
  constraint service_accounts_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE,
  constraint service_accounts_workspace_id_name_key UNIQUE (workspace_id, name)
);
-- row-level security: forced
create policy instance on service_accounts for all to moulin_instance using (true);
create policy workspace on service_accounts for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on service_accounts to moulin_instance;
grant delete, insert, select, update on service_accounts to moulin_workspace;

create table sessions (
  id uuid not null,
  user_id uuid not null,
  token_hash bytea not null,
  ip text not null,
  user_agent text not null,
  created_at timestamp with time zone not null default now(),
  last_seen_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null,
  revoked_at timestamp with time zone,
  constraint sessions_pkey PRIMARY KEY (id),
  constraint sessions_token_hash_key UNIQUE (token_hash),
  constraint sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX sessions_expiry ON public.sessions USING btree (expires_at);
CREATE INDEX sessions_user ON public.sessions USING btree (user_id, id);
-- row-level security: forced
create policy instance on sessions for all to moulin_instance using (true);
grant delete, insert, select, update on sessions to moulin_instance;

create table sign_in_throttle (
  key text not null,
  failures integer not null,
  window_started_at timestamp with time zone not null default now(),
  blocked_until timestamp with time zone,
  constraint sign_in_throttle_pkey PRIMARY KEY (key)
);
-- row-level security: forced
create policy instance on sign_in_throttle for all to moulin_instance using (true);
grant delete, insert, select, update on sign_in_throttle to moulin_instance;

create table user_identities (
  issuer text not null,
  subject text not null,
  user_id uuid not null,
  created_at timestamp with time zone not null default now(),
  constraint user_identities_pkey PRIMARY KEY (issuer, subject),
  constraint user_identities_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX user_identities_user ON public.user_identities USING btree (user_id);
-- row-level security: forced
create policy instance on user_identities for all to moulin_instance using (true);
grant delete, insert, select, update on user_identities to moulin_instance;

create table users (
  id uuid not null,
  email text not null,
  name text not null,
  password_hash text,
  locale text,
  theme text,
  disabled_at timestamp with time zone,
  version integer not null default 1,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint users_pkey PRIMARY KEY (id),
  constraint users_locale_check CHECK ((locale = ANY (ARRAY['en'::text, 'fr'::text]))),
  constraint users_theme_check CHECK ((theme = ANY (ARRAY['light'::text, 'dark'::text])))
);
CREATE UNIQUE INDEX users_email ON public.users USING btree (lower(email));
-- row-level security: forced
create policy instance on users for all to moulin_instance using (true);
create policy workspace on users for select to moulin_workspace using ((EXISTS ( SELECT
   FROM memberships m
  WHERE ((m.user_id = users.id) AND (m.workspace_id = current_workspace())))));
grant delete, insert, select, update on users to moulin_instance;
grant select (created_at, disabled_at, email, id, name) on users to moulin_workspace;

create table workspace_slugs (
  slug text not null,
  workspace_id uuid not null,
  created_at timestamp with time zone not null default now(),
  constraint workspace_slugs_pkey PRIMARY KEY (slug),
  constraint workspace_slugs_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE
);
CREATE INDEX workspace_slugs_workspace ON public.workspace_slugs USING btree (workspace_id);
-- row-level security: forced
create policy instance on workspace_slugs for all to moulin_instance using (true);
create policy workspace on workspace_slugs for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on workspace_slugs to moulin_instance;
grant delete, insert, select on workspace_slugs to moulin_workspace;

create table workspaces (
  id uuid not null,
  slug text not null,
  name text not null,
  time_zone text not null default 'UTC'::text,
  version integer not null default 1,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint workspaces_pkey PRIMARY KEY (id),
  constraint workspaces_slug_key UNIQUE (slug)
);
-- row-level security: forced
create policy instance on workspaces for all to moulin_instance using (true);
create policy workspace on workspaces for all to moulin_workspace using ((id = current_workspace()));
grant delete, insert, select, update on workspaces to moulin_instance;
grant delete, select, update on workspaces to moulin_workspace;

grant usage on schema public to moulin_instance;
grant usage on schema public to moulin_workspace;
