-- The lake: namespaces, tables and views, where their metadata is, who committed what, what is being staged, read and thrown away.
--
-- The pointer of a table is its row of `iceberg_tables`, in the standard form of Iceberg's JDBC catalog, so that engines which know that
-- form can read the catalog from PostgreSQL itself. One function of the lakehouse writes it together with our own row (foundations §7).

create table iceberg_tables (
  -- The workspace's id.
  catalog_name varchar(255) not null,
  -- Levels joined by a dot.
  table_namespace varchar(255) not null,
  table_name varchar(255) not null,
  metadata_location varchar(1000),
  previous_metadata_location varchar(1000),
  iceberg_type varchar(5),
  workspace_id uuid not null generated always as (catalog_name::uuid) stored references workspaces on delete cascade,
  primary key (catalog_name, table_namespace, table_name)
);
create index iceberg_tables_workspace on iceberg_tables (workspace_id);

create table iceberg_namespace_properties (
  catalog_name varchar(255) not null,
  namespace varchar(255) not null,
  property_key varchar(255) not null,
  property_value varchar(1000),
  workspace_id uuid not null generated always as (catalog_name::uuid) stored references workspaces on delete cascade,
  primary key (catalog_name, namespace, property_key)
);
create index iceberg_namespace_properties_workspace on iceberg_namespace_properties (workspace_id);

-- Another catalog, shown beside our own and only read.
create table lake_mounts (
  id uuid primary key,
  workspace_id uuid not null references workspaces on delete cascade,
  name text not null,
  url text not null,
  warehouse text,
  -- How it signs in, without its secrets.
  options jsonb not null default '{}',
  error jsonb,
  refreshed_at timestamptz,
  created_by jsonb not null,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index lake_mounts_name on lake_mounts (workspace_id, lower(name));

create table lake_namespaces (
  id uuid primary key,
  workspace_id uuid not null references workspaces on delete cascade,
  mount_id uuid references lake_mounts on delete cascade,
  levels text[] not null,
  -- Levels joined by a dot: what people type, and what the JDBC form can say. A dot inside a level may collide, and is refused then.
  path text not null,
  description text not null default '',
  -- As the REST catalog is given them; `location` is computed, never kept.
  properties jsonb not null default '{}',
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
-- Names compare case-insensitively (foundations §7).
create unique index lake_namespaces_path on lake_namespaces (workspace_id, lower(path)) where mount_id is null;
create unique index lake_namespaces_mounted on lake_namespaces (workspace_id, mount_id, path) where mount_id is not null;
create index lake_namespaces_mount on lake_namespaces (mount_id) where mount_id is not null;

create table lake_tables (
  id uuid primary key,
  workspace_id uuid not null references workspaces on delete cascade,
  namespace_id uuid not null references lake_namespaces on delete cascade,
  name text not null,
  kind text not null default 'table' check (kind in ('table', 'view')),
  -- `foreign`: made, registered or mounted by others, wherever its files are.
  zone text not null check (zone in ('raw', 'curated', 'foreign')),
  -- Where it is: never changed by a new name.
  location text not null,
  -- Where else its files are, of a table that others made: nowhere but there and in its location is anything read for it.
  places text[] not null default '{}',
  table_uuid uuid,
  metadata_location text,
  description text not null default '',
  -- What the metadata says, for lists: as of the last commit.
  format_version integer,
  snapshot_id bigint,
  committed_at timestamptz,
  rows bigint,
  bytes bigint,
  files bigint,
  delete_files bigint,
  snapshots integer not null default 0,
  metadata_bytes bigint,
  columns integer,
  partitioned_by text[] not null default '{}',
  -- What maintenance found out, and when: small files, what is due.
  health jsonb not null default '{}',
  health_at timestamptz,
  -- What differs from the workspace's policy.
  policy jsonb not null default '{}',
  error jsonb,
  created_by jsonb not null,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- Its files are still there, for as long as the policy says.
  dropped_at timestamptz
);
create unique index lake_tables_name on lake_tables (namespace_id, lower(name)) where dropped_at is null;
create index lake_tables_workspace on lake_tables (workspace_id, id) where dropped_at is null;
create index lake_tables_dropped on lake_tables (dropped_at) where dropped_at is not null;
create index lake_tables_health on lake_tables (health_at nulls first) where dropped_at is null and kind = 'table';

-- Who moved the pointer, in order. The metadata knows when and what, but not who and why.
create table lake_commits (
  id uuid primary key,
  workspace_id uuid not null references workspaces on delete cascade,
  table_id uuid not null references lake_tables on delete cascade,
  at timestamptz not null default now(),
  via text not null check (via in ('task', 'rest', 'api', 'maintenance', 'rollback')),
  actor jsonb not null,
  operation text not null,
  snapshot_id bigint,
  metadata_location text not null,
  summary jsonb not null default '{}',
  run_id uuid,
  task_id uuid,
  request_id text
);
create index lake_commits_table on lake_commits (table_id, at desc, id desc);
create index lake_commits_workspace on lake_commits (workspace_id, at);

-- Where an attempt of a task, or a request, may be writing files that nothing refers to yet. Recorded before the first byte.
create table staged_prefixes (
  id uuid primary key,
  workspace_id uuid not null references workspaces on delete cascade,
  table_id uuid references lake_tables on delete cascade,
  prefix text not null,
  -- An attempt of a task, or a request of the server.
  task_id uuid,
  attempt integer,
  request_id text,
  created_at timestamptz not null default now(),
  check ((task_id is null) = (attempt is null) and (task_id is null) <> (request_id is null))
);
create index staged_prefixes_task on staged_prefixes (task_id, attempt);
create index staged_prefixes_table on staged_prefixes (table_id);
create index staged_prefixes_age on staged_prefixes (created_at);

-- What somebody reads: no file of that snapshot is deleted before it is let go, or its holder has not renewed it.
create table lake_pins (
  id uuid primary key,
  workspace_id uuid not null references workspaces on delete cascade,
  table_id uuid not null references lake_tables on delete cascade,
  snapshot_id bigint,
  holder text not null,
  -- Set forward while it lasts.
  until timestamptz not null,
  created_at timestamptz not null default now()
);
create index lake_pins_table on lake_pins (table_id);
create index lake_pins_until on lake_pins (until);

-- Files that no snapshot refers to any more. Written with the commit that forgot them, deleted afterwards, when no pin may need them.
create table lake_garbage (
  id uuid primary key,
  workspace_id uuid not null references workspaces on delete cascade,
  table_id uuid,
  location text not null,
  reason text not null,
  created_at timestamptz not null default now(),
  not_before timestamptz not null default now()
);
create index lake_garbage_due on lake_garbage (not_before, id);
create index lake_garbage_table on lake_garbage (table_id);
create index lake_garbage_workspace on lake_garbage (workspace_id);

-- What was done to keep a table well.
create table lake_maintenance (
  id uuid primary key,
  workspace_id uuid not null references workspaces on delete cascade,
  table_id uuid not null references lake_tables on delete cascade,
  kind text not null,
  at timestamptz not null default now(),
  run_id uuid,
  task_id uuid,
  result jsonb not null default '{}'
);
create index lake_maintenance_table on lake_maintenance (table_id, at desc, id desc);
create index lake_maintenance_workspace on lake_maintenance (workspace_id, at);

-- One row per workspace, once it differs from the defaults.
create table lake_policies (
  workspace_id uuid primary key references workspaces on delete cascade,
  policy jsonb not null,
  version integer not null default 1,
  updated_at timestamptz not null default now()
);

-- Where the lake's folder was when a server last had it: another place means that it was moved.
alter table instance add column lake_root text;

-- ── Rights ──
alter table iceberg_tables enable row level security;
alter table iceberg_tables force row level security;
alter table iceberg_namespace_properties enable row level security;
alter table iceberg_namespace_properties force row level security;
alter table lake_mounts enable row level security;
alter table lake_mounts force row level security;
alter table lake_namespaces enable row level security;
alter table lake_namespaces force row level security;
alter table lake_tables enable row level security;
alter table lake_tables force row level security;
alter table lake_commits enable row level security;
alter table lake_commits force row level security;
alter table staged_prefixes enable row level security;
alter table staged_prefixes force row level security;
alter table lake_pins enable row level security;
alter table lake_pins force row level security;
alter table lake_garbage enable row level security;
alter table lake_garbage force row level security;
alter table lake_maintenance enable row level security;
alter table lake_maintenance force row level security;
alter table lake_policies enable row level security;
alter table lake_policies force row level security;

-- The workspace door.
create policy workspace on iceberg_tables to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on iceberg_namespace_properties to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on lake_mounts to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on lake_namespaces to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on lake_tables to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on lake_commits to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on staged_prefixes to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on lake_pins to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on lake_garbage to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on lake_maintenance to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on lake_policies to moulin_workspace using (workspace_id = current_workspace());
grant select, insert, update, delete on iceberg_tables, iceberg_namespace_properties, lake_mounts, lake_namespaces, lake_tables, lake_commits, staged_prefixes, lake_pins, lake_garbage, lake_maintenance, lake_policies
  to moulin_workspace;

-- The instance door: maintenance, garbage and moving the lake span workspaces.
create policy instance on iceberg_tables to moulin_instance using (true);
create policy instance on iceberg_namespace_properties to moulin_instance using (true);
create policy instance on lake_mounts to moulin_instance using (true);
create policy instance on lake_namespaces to moulin_instance using (true);
create policy instance on lake_tables to moulin_instance using (true);
create policy instance on lake_commits to moulin_instance using (true);
create policy instance on staged_prefixes to moulin_instance using (true);
create policy instance on lake_pins to moulin_instance using (true);
create policy instance on lake_garbage to moulin_instance using (true);
create policy instance on lake_maintenance to moulin_instance using (true);
create policy instance on lake_policies to moulin_instance using (true);
grant select, insert, update, delete on iceberg_tables, iceberg_namespace_properties, lake_mounts, lake_namespaces, lake_tables, lake_commits, staged_prefixes, lake_pins, lake_garbage, lake_maintenance, lake_policies
  to moulin_instance;
