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

create table calendars (
  id uuid not null,
  workspace_id uuid not null,
  name text not null,
  blackouts jsonb not null default '[]'::jsonb,
  version integer not null default 1,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint calendars_pkey PRIMARY KEY (id),
  constraint calendars_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE,
  constraint calendars_workspace_id_id_key UNIQUE (workspace_id, id),
  constraint calendars_workspace_id_name_key UNIQUE (workspace_id, name)
);
-- row-level security: forced
create policy instance on calendars for all to moulin_instance using (true);
create policy workspace on calendars for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on calendars to moulin_instance;
grant delete, insert, select, update on calendars to moulin_workspace;

create table concurrency_limits (
  workspace_id uuid not null,
  key text not null,
  slots integer not null,
  updated_at timestamp with time zone not null default now(),
  constraint concurrency_limits_pkey PRIMARY KEY (workspace_id, key),
  constraint concurrency_limits_slots_check CHECK (((slots >= 0) AND (slots <= 10000))),
  constraint concurrency_limits_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE
);
-- row-level security: forced
create policy instance on concurrency_limits for all to moulin_instance using (true);
create policy workspace on concurrency_limits for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on concurrency_limits to moulin_instance;
grant delete, insert, select, update on concurrency_limits to moulin_workspace;

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

create table diagnostic_marks (
  id uuid not null,
  workspace_id uuid not null,
  task_id uuid not null,
  stage integer not null,
  attempt integer not null,
  mark text not null default ''::text,
  at timestamp with time zone not null default now(),
  constraint diagnostic_marks_pkey PRIMARY KEY (id),
  constraint diagnostic_marks_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE
);
CREATE INDEX diagnostic_marks_task ON public.diagnostic_marks USING btree (task_id, stage);
CREATE INDEX diagnostic_marks_workspace ON public.diagnostic_marks USING btree (workspace_id, at);
-- row-level security: forced
create policy instance on diagnostic_marks for all to moulin_instance using (true);
create policy workspace on diagnostic_marks for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on diagnostic_marks to moulin_instance;
grant delete, insert, select, update on diagnostic_marks to moulin_workspace;

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

create table iceberg_namespace_properties (
  catalog_name character varying(255) not null,
  namespace character varying(255) not null,
  property_key character varying(255) not null,
  property_value character varying(1000),
  workspace_id uuid not null generated always as ((catalog_name)::uuid) stored,
  constraint iceberg_namespace_properties_pkey PRIMARY KEY (catalog_name, namespace, property_key),
  constraint iceberg_namespace_properties_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE
);
CREATE INDEX iceberg_namespace_properties_workspace ON public.iceberg_namespace_properties USING btree (workspace_id);
-- row-level security: forced
create policy instance on iceberg_namespace_properties for all to moulin_instance using (true);
create policy workspace on iceberg_namespace_properties for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on iceberg_namespace_properties to moulin_instance;
grant delete, insert, select, update on iceberg_namespace_properties to moulin_workspace;

create table iceberg_tables (
  catalog_name character varying(255) not null,
  table_namespace character varying(255) not null,
  table_name character varying(255) not null,
  metadata_location character varying(1000),
  previous_metadata_location character varying(1000),
  iceberg_type character varying(5),
  workspace_id uuid not null generated always as ((catalog_name)::uuid) stored,
  constraint iceberg_tables_pkey PRIMARY KEY (catalog_name, table_namespace, table_name),
  constraint iceberg_tables_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE
);
CREATE INDEX iceberg_tables_workspace ON public.iceberg_tables USING btree (workspace_id);
-- row-level security: forced
create policy instance on iceberg_tables for all to moulin_instance using (true);
create policy workspace on iceberg_tables for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on iceberg_tables to moulin_instance;
grant delete, insert, select, update on iceberg_tables to moulin_workspace;

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

create table incident_views (
  workspace_id uuid not null,
  user_id text not null,
  seen_at timestamp with time zone not null default now(),
  constraint incident_views_pkey PRIMARY KEY (workspace_id, user_id),
  constraint incident_views_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE
);
-- row-level security: forced
create policy instance on incident_views for all to moulin_instance using (true);
create policy workspace on incident_views for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on incident_views to moulin_instance;
grant delete, insert, select, update on incident_views to moulin_workspace;

create table incidents (
  id uuid not null,
  workspace_id uuid not null,
  subject text not null,
  title text not null,
  kind text not null,
  run_id uuid,
  first_run_id uuid,
  count integer not null default 1,
  error jsonb,
  opened_at timestamp with time zone not null default now(),
  last_at timestamp with time zone not null default now(),
  recovered_at timestamp with time zone,
  recovered_run_id uuid,
  changed_at timestamp with time zone not null default now(),
  constraint incidents_pkey PRIMARY KEY (id),
  constraint incidents_kind_check CHECK ((kind = ANY (ARRAY['failed'::text, 'lost'::text, 'late'::text]))),
  constraint incidents_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE
);
CREATE INDEX incidents_newest ON public.incidents USING btree (workspace_id, changed_at DESC, id DESC);
CREATE INDEX incidents_open_newest ON public.incidents USING btree (workspace_id, changed_at DESC, id DESC) WHERE (recovered_at IS NULL);
CREATE UNIQUE INDEX incidents_open ON public.incidents USING btree (workspace_id, subject, kind) WHERE (recovered_at IS NULL);
-- row-level security: forced
create policy instance on incidents for all to moulin_instance using (true);
create policy workspace on incidents for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on incidents to moulin_instance;
grant delete, insert, select, update on incidents to moulin_workspace;

create table instance (
  singleton boolean not null default true,
  id uuid not null,
  created_at timestamp with time zone not null default now(),
  key_id text,
  key_canary bytea,
  storage_id uuid,
  lake_root text,
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

create table lake_commits (
  id uuid not null,
  workspace_id uuid not null,
  table_id uuid not null,
  at timestamp with time zone not null default now(),
  via text not null,
  actor jsonb not null,
  operation text not null,
  snapshot_id bigint,
  metadata_location text not null,
  summary jsonb not null default '{}'::jsonb,
  run_id uuid,
  task_id uuid,
  request_id text,
  constraint lake_commits_pkey PRIMARY KEY (id),
  constraint lake_commits_table_id_fkey FOREIGN KEY (table_id) REFERENCES lake_tables(id) ON DELETE CASCADE,
  constraint lake_commits_via_check CHECK ((via = ANY (ARRAY['task'::text, 'rest'::text, 'api'::text, 'maintenance'::text, 'rollback'::text]))),
  constraint lake_commits_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE
);
CREATE INDEX lake_commits_table ON public.lake_commits USING btree (table_id, at DESC, id DESC);
CREATE INDEX lake_commits_workspace ON public.lake_commits USING btree (workspace_id, at);
-- row-level security: forced
create policy instance on lake_commits for all to moulin_instance using (true);
create policy workspace on lake_commits for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on lake_commits to moulin_instance;
grant delete, insert, select, update on lake_commits to moulin_workspace;

create table lake_garbage (
  id uuid not null,
  workspace_id uuid not null,
  table_id uuid,
  location text not null,
  reason text not null,
  created_at timestamp with time zone not null default now(),
  not_before timestamp with time zone not null default now(),
  constraint lake_garbage_pkey PRIMARY KEY (id),
  constraint lake_garbage_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE
);
CREATE INDEX lake_garbage_due ON public.lake_garbage USING btree (not_before, id);
CREATE INDEX lake_garbage_table ON public.lake_garbage USING btree (table_id);
CREATE INDEX lake_garbage_workspace ON public.lake_garbage USING btree (workspace_id);
-- row-level security: forced
create policy instance on lake_garbage for all to moulin_instance using (true);
create policy workspace on lake_garbage for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on lake_garbage to moulin_instance;
grant delete, insert, select, update on lake_garbage to moulin_workspace;

create table lake_maintenance (
  id uuid not null,
  workspace_id uuid not null,
  table_id uuid not null,
  kind text not null,
  at timestamp with time zone not null default now(),
  run_id uuid,
  task_id uuid,
  result jsonb not null default '{}'::jsonb,
  constraint lake_maintenance_pkey PRIMARY KEY (id),
  constraint lake_maintenance_table_id_fkey FOREIGN KEY (table_id) REFERENCES lake_tables(id) ON DELETE CASCADE,
  constraint lake_maintenance_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE
);
CREATE INDEX lake_maintenance_table ON public.lake_maintenance USING btree (table_id, at DESC, id DESC);
CREATE INDEX lake_maintenance_workspace ON public.lake_maintenance USING btree (workspace_id, at);
-- row-level security: forced
create policy instance on lake_maintenance for all to moulin_instance using (true);
create policy workspace on lake_maintenance for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on lake_maintenance to moulin_instance;
grant delete, insert, select, update on lake_maintenance to moulin_workspace;

create table lake_mounts (
  id uuid not null,
  workspace_id uuid not null,
  name text not null,
  url text not null,
  warehouse text,
  options jsonb not null default '{}'::jsonb,
  error jsonb,
  refreshed_at timestamp with time zone,
  created_by jsonb not null,
  version integer not null default 1,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint lake_mounts_pkey PRIMARY KEY (id),
  constraint lake_mounts_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX lake_mounts_name ON public.lake_mounts USING btree (workspace_id, lower(name));
-- row-level security: forced
create policy instance on lake_mounts for all to moulin_instance using (true);
create policy workspace on lake_mounts for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on lake_mounts to moulin_instance;
grant delete, insert, select, update on lake_mounts to moulin_workspace;

create table lake_namespaces (
  id uuid not null,
  workspace_id uuid not null,
  mount_id uuid,
  levels text[] not null,
  path text not null,
  description text not null default ''::text,
  properties jsonb not null default '{}'::jsonb,
  version integer not null default 1,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint lake_namespaces_pkey PRIMARY KEY (id),
  constraint lake_namespaces_mount_id_fkey FOREIGN KEY (mount_id) REFERENCES lake_mounts(id) ON DELETE CASCADE,
  constraint lake_namespaces_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE
);
CREATE INDEX lake_namespaces_mount ON public.lake_namespaces USING btree (mount_id) WHERE (mount_id IS NOT NULL);
CREATE UNIQUE INDEX lake_namespaces_mounted ON public.lake_namespaces USING btree (workspace_id, mount_id, path) WHERE (mount_id IS NOT NULL);
CREATE UNIQUE INDEX lake_namespaces_path ON public.lake_namespaces USING btree (workspace_id, lower(path)) WHERE (mount_id IS NULL);
-- row-level security: forced
create policy instance on lake_namespaces for all to moulin_instance using (true);
create policy workspace on lake_namespaces for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on lake_namespaces to moulin_instance;
grant delete, insert, select, update on lake_namespaces to moulin_workspace;

create table lake_pins (
  id uuid not null,
  workspace_id uuid not null,
  table_id uuid not null,
  snapshot_id bigint,
  holder text not null,
  until timestamp with time zone not null,
  created_at timestamp with time zone not null default now(),
  constraint lake_pins_pkey PRIMARY KEY (id),
  constraint lake_pins_table_id_fkey FOREIGN KEY (table_id) REFERENCES lake_tables(id) ON DELETE CASCADE,
  constraint lake_pins_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE
);
CREATE INDEX lake_pins_table ON public.lake_pins USING btree (table_id);
CREATE INDEX lake_pins_until ON public.lake_pins USING btree (until);
-- row-level security: forced
create policy instance on lake_pins for all to moulin_instance using (true);
create policy workspace on lake_pins for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on lake_pins to moulin_instance;
grant delete, insert, select, update on lake_pins to moulin_workspace;

create table lake_policies (
  workspace_id uuid not null,
  policy jsonb not null,
  version integer not null default 1,
  updated_at timestamp with time zone not null default now(),
  constraint lake_policies_pkey PRIMARY KEY (workspace_id),
  constraint lake_policies_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE
);
-- row-level security: forced
create policy instance on lake_policies for all to moulin_instance using (true);
create policy workspace on lake_policies for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on lake_policies to moulin_instance;
grant delete, insert, select, update on lake_policies to moulin_workspace;

create table lake_tables (
  id uuid not null,
  workspace_id uuid not null,
  namespace_id uuid not null,
  name text not null,
  kind text not null default 'table'::text,
  zone text not null,
  location text not null,
  places text[] not null default '{}'::text[],
  table_uuid uuid,
  metadata_location text,
  description text not null default ''::text,
  format_version integer,
  snapshot_id bigint,
  committed_at timestamp with time zone,
  rows bigint,
  bytes bigint,
  files bigint,
  delete_files bigint,
  snapshots integer not null default 0,
  metadata_bytes bigint,
  columns integer,
  partitioned_by text[] not null default '{}'::text[],
  health jsonb not null default '{}'::jsonb,
  health_at timestamp with time zone,
  policy jsonb not null default '{}'::jsonb,
  error jsonb,
  created_by jsonb not null,
  version integer not null default 1,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  dropped_at timestamp with time zone,
  constraint lake_tables_pkey PRIMARY KEY (id),
  constraint lake_tables_kind_check CHECK ((kind = ANY (ARRAY['table'::text, 'view'::text]))),
  constraint lake_tables_namespace_id_fkey FOREIGN KEY (namespace_id) REFERENCES lake_namespaces(id) ON DELETE CASCADE,
  constraint lake_tables_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE,
  constraint lake_tables_zone_check CHECK ((zone = ANY (ARRAY['raw'::text, 'curated'::text, 'foreign'::text])))
);
CREATE INDEX lake_tables_dropped ON public.lake_tables USING btree (dropped_at) WHERE (dropped_at IS NOT NULL);
CREATE INDEX lake_tables_health ON public.lake_tables USING btree (health_at NULLS FIRST) WHERE ((dropped_at IS NULL) AND (kind = 'table'::text));
CREATE INDEX lake_tables_workspace ON public.lake_tables USING btree (workspace_id, id) WHERE (dropped_at IS NULL);
CREATE UNIQUE INDEX lake_tables_name ON public.lake_tables USING btree (namespace_id, lower(name)) WHERE (dropped_at IS NULL);
-- row-level security: forced
create policy instance on lake_tables for all to moulin_instance using (true);
create policy workspace on lake_tables for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on lake_tables to moulin_instance;
grant delete, insert, select, update on lake_tables to moulin_workspace;

create table log_pieces (
  task_id uuid not null,
  attempt integer not null,
  first_line bigint not null,
  workspace_id uuid not null,
  run_id uuid not null,
  lines integer not null,
  raw_bytes integer not null,
  min_level smallint not null,
  max_level smallint not null,
  first_at timestamp with time zone not null,
  last_at timestamp with time zone not null,
  data bytea,
  object text,
  object_offset bigint,
  object_bytes integer,
  written_at timestamp with time zone not null default now(),
  constraint log_pieces_pkey PRIMARY KEY (task_id, attempt, first_line),
  constraint log_pieces_check CHECK ((num_nonnulls(data, object) = 1)),
  constraint log_pieces_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE
);
CREATE INDEX log_pieces_age ON public.log_pieces USING btree (written_at);
CREATE INDEX log_pieces_object ON public.log_pieces USING btree (object) WHERE (object IS NOT NULL);
CREATE INDEX log_pieces_unpacked ON public.log_pieces USING btree (written_at) WHERE (data IS NOT NULL);
CREATE INDEX log_pieces_workspace ON public.log_pieces USING btree (workspace_id);
-- row-level security: forced
create policy instance on log_pieces for all to moulin_instance using (true);
create policy workspace on log_pieces for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on log_pieces to moulin_instance;
grant delete, insert, select, update on log_pieces to moulin_workspace;

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

create table pipeline_runs (
  id uuid not null,
  workspace_id uuid not null,
  title text not null,
  kind text not null,
  state text not null,
  definition_id uuid,
  definition_version integer,
  parameters jsonb not null default '{}'::jsonb,
  window_start timestamp with time zone,
  window_end timestamp with time zone,
  trigger text not null,
  cause text,
  schedule_id uuid,
  fire_time timestamp with time zone,
  parent_id uuid,
  dedupe_key text,
  overlap_key text,
  overlap text not null default 'queue'::text,
  held_back boolean not null default false,
  run_as_kind text not null,
  run_as_id text not null,
  run_as_name text not null default ''::text,
  priority integer not null default 0,
  tasks_total integer not null default 0,
  tasks_open integer not null default 0,
  tasks_active integer not null default 0,
  tasks_succeeded integer not null default 0,
  tasks_partial integer not null default 0,
  tasks_failed integer not null default 0,
  tasks_lost integer not null default 0,
  tasks_cancelled integer not null default 0,
  tasks_skipped integer not null default 0,
  error jsonb,
  reason text,
  late_at timestamp with time zone,
  late boolean not null default false,
  version integer not null default 1,
  created_at timestamp with time zone not null default now(),
  started_at timestamp with time zone,
  ended_at timestamp with time zone,
  constraint pipeline_runs_pkey PRIMARY KEY (id),
  constraint pipeline_runs_check CHECK (((tasks_open >= 0) AND (tasks_active >= 0))),
  constraint pipeline_runs_overlap_check CHECK ((overlap = ANY (ARRAY['queue'::text, 'skip'::text, 'cancel_previous'::text]))),
  constraint pipeline_runs_run_as_kind_check CHECK ((run_as_kind = ANY (ARRAY['person'::text, 'service'::text, 'local'::text]))),
  constraint pipeline_runs_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'running'::text, 'cancelling'::text, 'succeeded'::text, 'partial'::text, 'failed'::text, 'lost'::text, 'cancelled'::text, 'skipped'::text]))),
  constraint pipeline_runs_trigger_check CHECK ((trigger = ANY (ARRAY['manual'::text, 'api'::text, 'schedule'::text, 'retry'::text, 'backfill'::text, 'event'::text, 'system'::text]))),
  constraint pipeline_runs_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE
);
CREATE INDEX pipeline_runs_day ON public.pipeline_runs USING btree (workspace_id, ended_at, state) WHERE (ended_at IS NOT NULL);
CREATE INDEX pipeline_runs_definition ON public.pipeline_runs USING btree (workspace_id, definition_id, created_at DESC, id DESC) WHERE (definition_id IS NOT NULL);
CREATE INDEX pipeline_runs_ended ON public.pipeline_runs USING btree (ended_at) WHERE (ended_at IS NOT NULL);
CREATE INDEX pipeline_runs_kind ON public.pipeline_runs USING btree (workspace_id, kind, created_at DESC, id DESC);
CREATE INDEX pipeline_runs_late ON public.pipeline_runs USING btree (late_at) WHERE ((ended_at IS NULL) AND (late_at IS NOT NULL) AND (NOT late));
CREATE INDEX pipeline_runs_newest ON public.pipeline_runs USING btree (workspace_id, created_at DESC, id DESC);
CREATE INDEX pipeline_runs_open_key ON public.pipeline_runs USING btree (workspace_id, overlap_key, created_at, id) WHERE ((overlap_key IS NOT NULL) AND (ended_at IS NULL));
CREATE INDEX pipeline_runs_parent ON public.pipeline_runs USING btree (parent_id) WHERE (parent_id IS NOT NULL);
CREATE INDEX pipeline_runs_schedule ON public.pipeline_runs USING btree (workspace_id, schedule_id, created_at DESC, id DESC) WHERE (schedule_id IS NOT NULL);
CREATE INDEX pipeline_runs_state ON public.pipeline_runs USING btree (workspace_id, state, created_at DESC, id DESC);
CREATE INDEX pipeline_runs_trigger ON public.pipeline_runs USING btree (workspace_id, trigger, created_at DESC, id DESC);
CREATE INDEX pipeline_runs_were_late ON public.pipeline_runs USING btree (workspace_id, created_at DESC, id DESC) WHERE late;
CREATE UNIQUE INDEX pipeline_runs_dedupe ON public.pipeline_runs USING btree (workspace_id, dedupe_key) WHERE (dedupe_key IS NOT NULL);
CREATE UNIQUE INDEX pipeline_runs_fire ON public.pipeline_runs USING btree (schedule_id, fire_time) WHERE ((schedule_id IS NOT NULL) AND (fire_time IS NOT NULL));
-- row-level security: forced
create policy instance on pipeline_runs for all to moulin_instance using (true);
create policy workspace on pipeline_runs for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on pipeline_runs to moulin_instance;
grant delete, insert, select, update on pipeline_runs to moulin_workspace;

create table schedules (
  id uuid not null,
  workspace_id uuid not null,
  name text not null,
  description text not null default ''::text,
  enabled boolean not null default true,
  cron text,
  every_seconds integer,
  once_at timestamp with time zone,
  time_zone text,
  starts_at timestamp with time zone,
  ends_at timestamp with time zone,
  jitter_seconds integer not null default 0,
  catch_up text not null default 'latest'::text,
  catch_up_limit integer not null default 10,
  overlap text not null default 'queue'::text,
  calendar_id uuid,
  definition jsonb not null,
  priority integer not null default 0,
  late_after_seconds integer,
  run_as_kind text not null,
  run_as_id text not null,
  version integer not null default 1,
  next_fire_at timestamp with time zone,
  next_due_at timestamp with time zone,
  last_fire_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  constraint schedules_pkey PRIMARY KEY (id),
  constraint schedules_catch_up_check CHECK ((catch_up = ANY (ARRAY['skip'::text, 'latest'::text, 'all'::text]))),
  constraint schedules_catch_up_limit_check CHECK (((catch_up_limit >= 1) AND (catch_up_limit <= 1000))),
  constraint schedules_check CHECK ((num_nonnulls(cron, every_seconds, once_at) = 1)),
  constraint schedules_every_seconds_check CHECK (((every_seconds >= 1) AND (every_seconds <= 31622400))),
  constraint schedules_jitter_seconds_check CHECK (((jitter_seconds >= 0) AND (jitter_seconds <= 86400))),
  constraint schedules_late_after_seconds_check CHECK (((late_after_seconds >= 1) AND (late_after_seconds <= 31622400))),
  constraint schedules_overlap_check CHECK ((overlap = ANY (ARRAY['queue'::text, 'skip'::text, 'cancel_previous'::text]))),
  constraint schedules_run_as_kind_check CHECK ((run_as_kind = ANY (ARRAY['person'::text, 'service'::text, 'local'::text]))),
  constraint schedules_workspace_id_calendar_id_fkey FOREIGN KEY (workspace_id, calendar_id) REFERENCES calendars(workspace_id, id),
  constraint schedules_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE,
  constraint schedules_workspace_id_id_key UNIQUE (workspace_id, id),
  constraint schedules_workspace_id_name_key UNIQUE (workspace_id, name)
);
CREATE INDEX schedules_due ON public.schedules USING btree (next_due_at) WHERE (enabled AND (next_due_at IS NOT NULL));
CREATE INDEX schedules_workspace ON public.schedules USING btree (workspace_id, id);
-- row-level security: forced
create policy instance on schedules for all to moulin_instance using (true);
create policy workspace on schedules for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on schedules to moulin_instance;
grant delete, insert, select, update on schedules to moulin_workspace;

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

create table staged_prefixes (
  id uuid not null,
  workspace_id uuid not null,
  table_id uuid,
  prefix text not null,
  task_id uuid,
  attempt integer,
  request_id text,
  created_at timestamp with time zone not null default now(),
  constraint staged_prefixes_pkey PRIMARY KEY (id),
  constraint staged_prefixes_check CHECK ((((task_id IS NULL) = (attempt IS NULL)) AND ((task_id IS NULL) <> (request_id IS NULL)))),
  constraint staged_prefixes_table_id_fkey FOREIGN KEY (table_id) REFERENCES lake_tables(id) ON DELETE CASCADE,
  constraint staged_prefixes_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE
);
CREATE INDEX staged_prefixes_age ON public.staged_prefixes USING btree (created_at);
CREATE INDEX staged_prefixes_table ON public.staged_prefixes USING btree (table_id);
CREATE INDEX staged_prefixes_task ON public.staged_prefixes USING btree (task_id, attempt);
-- row-level security: forced
create policy instance on staged_prefixes for all to moulin_instance using (true);
create policy workspace on staged_prefixes for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on staged_prefixes to moulin_instance;
grant delete, insert, select, update on staged_prefixes to moulin_workspace;

create table task_attempts (
  task_id uuid not null,
  number integer not null,
  workspace_id uuid not null,
  run_id uuid not null,
  state text not null,
  worker_id uuid,
  worker_name text not null default ''::text,
  fence bigint not null,
  from_stage integer not null default 0,
  claimed_at timestamp with time zone not null default now(),
  started_at timestamp with time zone,
  ended_at timestamp with time zone,
  error jsonb,
  metrics jsonb not null default '{}'::jsonb,
  log_lines bigint not null default 0,
  log_bytes bigint not null default 0,
  log_dropped bigint not null default 0,
  constraint task_attempts_pkey PRIMARY KEY (task_id, number),
  constraint task_attempts_run_id_fkey FOREIGN KEY (run_id) REFERENCES pipeline_runs(id) ON DELETE CASCADE,
  constraint task_attempts_state_check CHECK ((state = ANY (ARRAY['starting'::text, 'running'::text, 'succeeded'::text, 'partial'::text, 'failed'::text, 'cancelled'::text, 'lost'::text, 'released'::text]))),
  constraint task_attempts_task_id_fkey FOREIGN KEY (task_id) REFERENCES task_runs(id) ON DELETE CASCADE,
  constraint task_attempts_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE
);
CREATE INDEX task_attempts_run ON public.task_attempts USING btree (run_id);
-- row-level security: forced
create policy instance on task_attempts for all to moulin_instance using (true);
create policy workspace on task_attempts for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on task_attempts to moulin_instance;
grant delete, insert, select, update on task_attempts to moulin_workspace;

create table task_edges (
  workspace_id uuid not null,
  run_id uuid not null,
  before_id uuid not null,
  after_id uuid not null,
  constraint task_edges_pkey PRIMARY KEY (before_id, after_id),
  constraint task_edges_after_id_fkey FOREIGN KEY (after_id) REFERENCES task_runs(id) ON DELETE CASCADE,
  constraint task_edges_before_id_fkey FOREIGN KEY (before_id) REFERENCES task_runs(id) ON DELETE CASCADE,
  constraint task_edges_run_id_fkey FOREIGN KEY (run_id) REFERENCES pipeline_runs(id) ON DELETE CASCADE,
  constraint task_edges_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE
);
CREATE INDEX task_edges_after ON public.task_edges USING btree (after_id);
CREATE INDEX task_edges_run ON public.task_edges USING btree (run_id);
-- row-level security: forced
create policy instance on task_edges for all to moulin_instance using (true);
create policy workspace on task_edges for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on task_edges to moulin_instance;
grant delete, insert, select, update on task_edges to moulin_workspace;

create table task_runs (
  id uuid not null,
  workspace_id uuid not null,
  run_id uuid not null,
  name text not null,
  kind text not null,
  input jsonb not null default '{}'::jsonb,
  state text not null,
  condition text not null default 'all_succeeded'::text,
  waits_for integer not null default 0,
  before_failed integer not null default 0,
  before_unsuccessful integer not null default 0,
  parked text,
  not_before timestamp with time zone,
  ready_at timestamp with time zone,
  priority integer not null default 0,
  tags text[] not null default '{}'::text[],
  limit_keys text[] not null default '{}'::text[],
  resource_class text not null default 'standard'::text,
  retry jsonb not null default '{}'::jsonb,
  timeouts jsonb not null default '{}'::jsonb,
  max_attempts integer not null default 1,
  queue_deadline timestamp with time zone,
  attempt integer not null default 0,
  worker_id uuid,
  fence bigint not null default 0,
  beat bigint not null default 0,
  cancel_requested_at timestamp with time zone,
  cancel_reason text,
  stage integer not null default 0,
  stage_state jsonb,
  result jsonb,
  error jsonb,
  progress jsonb,
  marked_by text,
  started_at timestamp with time zone,
  ended_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  constraint task_runs_pkey PRIMARY KEY (id),
  constraint task_runs_condition_check CHECK ((condition = ANY (ARRAY['all_succeeded'::text, 'all_done'::text, 'any_failed'::text]))),
  constraint task_runs_run_id_fkey FOREIGN KEY (run_id) REFERENCES pipeline_runs(id) ON DELETE CASCADE,
  constraint task_runs_run_id_name_key UNIQUE (run_id, name),
  constraint task_runs_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'starting'::text, 'running'::text, 'retrying'::text, 'succeeded'::text, 'partial'::text, 'failed'::text, 'cancelling'::text, 'cancelled'::text, 'skipped'::text, 'lost'::text]))),
  constraint task_runs_waits_for_check CHECK ((waits_for >= 0)),
  constraint task_runs_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE,
  constraint task_runs_workspace_id_id_key UNIQUE (workspace_id, id)
);
CREATE INDEX task_runs_active ON public.task_runs USING btree (worker_id) WHERE (state = ANY (ARRAY['starting'::text, 'running'::text, 'cancelling'::text]));
CREATE INDEX task_runs_active_workspace ON public.task_runs USING btree (workspace_id) WHERE (state = ANY (ARRAY['starting'::text, 'running'::text, 'cancelling'::text]));
CREATE INDEX task_runs_due ON public.task_runs USING btree (not_before) WHERE ((state = ANY (ARRAY['queued'::text, 'retrying'::text])) AND (parked = 'time'::text));
CREATE INDEX task_runs_parked ON public.task_runs USING btree (workspace_id, parked, priority DESC, ready_at, id) WHERE ((state = ANY (ARRAY['queued'::text, 'retrying'::text])) AND (parked IS NOT NULL));
CREATE INDEX task_runs_queue_deadline ON public.task_runs USING btree (queue_deadline) WHERE ((state = ANY (ARRAY['queued'::text, 'retrying'::text])) AND (queue_deadline IS NOT NULL));
CREATE INDEX task_runs_ready ON public.task_runs USING btree (workspace_id, priority DESC, ready_at, id) WHERE ((state = ANY (ARRAY['queued'::text, 'retrying'::text])) AND (waits_for = 0) AND (parked IS NULL));
CREATE INDEX task_runs_run ON public.task_runs USING btree (run_id, created_at, id);
-- row-level security: forced
create policy instance on task_runs for all to moulin_instance using (true);
create policy workspace on task_runs for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on task_runs to moulin_instance;
grant delete, insert, select, update on task_runs to moulin_workspace;

create table task_stages (
  task_id uuid not null,
  n integer not null,
  workspace_id uuid not null,
  run_id uuid not null,
  attempt integer not null,
  state jsonb,
  facts jsonb not null default '[]'::jsonb,
  committed_at timestamp with time zone not null default now(),
  constraint task_stages_pkey PRIMARY KEY (task_id, n),
  constraint task_stages_run_id_fkey FOREIGN KEY (run_id) REFERENCES pipeline_runs(id) ON DELETE CASCADE,
  constraint task_stages_task_id_fkey FOREIGN KEY (task_id) REFERENCES task_runs(id) ON DELETE CASCADE,
  constraint task_stages_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE
);
CREATE INDEX task_stages_run ON public.task_stages USING btree (run_id);
-- row-level security: forced
create policy instance on task_stages for all to moulin_instance using (true);
create policy workspace on task_stages for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on task_stages to moulin_instance;
grant delete, insert, select, update on task_stages to moulin_workspace;

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

create table webhook_deliveries (
  id uuid not null,
  workspace_id uuid not null,
  incident_id uuid,
  kind text not null,
  state text not null,
  attempts integer not null default 0,
  next_at timestamp with time zone,
  status integer,
  error text,
  body jsonb not null,
  created_at timestamp with time zone not null default now(),
  ended_at timestamp with time zone,
  constraint webhook_deliveries_pkey PRIMARY KEY (id),
  constraint webhook_deliveries_kind_check CHECK ((kind = ANY (ARRAY['failed'::text, 'lost'::text, 'late'::text, 'recovered'::text, 'test'::text]))),
  constraint webhook_deliveries_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'delivered'::text, 'failed'::text]))),
  constraint webhook_deliveries_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE
);
CREATE INDEX webhook_deliveries_due ON public.webhook_deliveries USING btree (next_at) WHERE (state = 'waiting'::text);
CREATE INDEX webhook_deliveries_newest ON public.webhook_deliveries USING btree (workspace_id, created_at DESC, id DESC);
CREATE UNIQUE INDEX webhook_deliveries_once ON public.webhook_deliveries USING btree (incident_id, kind) WHERE (incident_id IS NOT NULL);
-- row-level security: forced
create policy instance on webhook_deliveries for all to moulin_instance using (true);
create policy workspace on webhook_deliveries for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on webhook_deliveries to moulin_instance;
grant delete, insert, select, update on webhook_deliveries to moulin_workspace;

create table webhooks (
  workspace_id uuid not null,
  enabled boolean not null default true,
  format text not null,
  shown_url text not null,
  on_kinds text[] not null default '{failed,lost,late,recovered}'::text[],
  version integer not null default 1,
  updated_at timestamp with time zone not null default now(),
  constraint webhooks_pkey PRIMARY KEY (workspace_id),
  constraint webhooks_format_check CHECK ((format = ANY (ARRAY['json'::text, 'slack'::text, 'teams'::text, 'mattermost'::text]))),
  constraint webhooks_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id) ON DELETE CASCADE
);
-- row-level security: forced
create policy instance on webhooks for all to moulin_instance using (true);
create policy workspace on webhooks for all to moulin_workspace using ((workspace_id = current_workspace()));
grant delete, insert, select, update on webhooks to moulin_instance;
grant delete, insert, select, update on webhooks to moulin_workspace;

create table workers (
  id uuid not null,
  name text not null,
  host text not null,
  pid integer not null,
  version text not null,
  tags text[] not null default '{}'::text[],
  concurrency integer not null,
  state text not null,
  drain_requested_at timestamp with time zone,
  beat bigint not null default 0,
  started_at timestamp with time zone not null default now(),
  seen_at timestamp with time zone not null default now(),
  ended_at timestamp with time zone,
  stats jsonb not null default '{}'::jsonb,
  constraint workers_pkey PRIMARY KEY (id),
  constraint workers_state_check CHECK ((state = ANY (ARRAY['active'::text, 'draining'::text, 'lost'::text, 'gone'::text])))
);
CREATE INDEX workers_alive ON public.workers USING btree (id) WHERE (state = ANY (ARRAY['active'::text, 'draining'::text]));
CREATE INDEX workers_ended ON public.workers USING btree (ended_at) WHERE (ended_at IS NOT NULL);
-- row-level security: forced
create policy instance on workers for all to moulin_instance using (true);
grant delete, insert, select, update on workers to moulin_instance;

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
