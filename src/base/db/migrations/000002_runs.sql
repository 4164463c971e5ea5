-- Running work: runs, their tasks, attempts and stages, what limits them, schedules, workers, logs, and being told.
--
-- Our tables are the queue (foundations §5). Every change of a task's state is one statement guarded by the state it leaves
-- and, where a worker speaks, by the fence of its lease.

create table workers (
  id uuid primary key,
  name text not null,
  host text not null,
  pid integer not null,
  version text not null,
  tags text[] not null default '{}',
  concurrency integer not null,
  -- `lost`: it stopped beating without a word; `gone`: it said that it ends.
  state text not null check (state in ('active', 'draining', 'lost', 'gone')),
  drain_requested_at timestamptz,
  -- Counted up by the worker; whoever judges looks whether it moves, never at a clock of another machine.
  beat bigint not null default 0,
  started_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  ended_at timestamptz,
  -- Pool and memory, as of the last beat.
  stats jsonb not null default '{}'
);
create index workers_alive on workers (id) where state in ('active', 'draining');
create index workers_ended on workers (ended_at) where ended_at is not null;

create table schedules (
  id uuid primary key,
  workspace_id uuid not null references workspaces on delete cascade,
  name text not null,
  description text not null default '',
  enabled boolean not null default true,
  -- When: exactly one of the three.
  cron text,
  every_seconds integer check (every_seconds between 1 and 31622400),
  once_at timestamptz,
  -- NULL follows the workspace's.
  time_zone text,
  starts_at timestamptz,
  ends_at timestamptz,
  jitter_seconds integer not null default 0 check (jitter_seconds between 0 and 86400),
  catch_up text not null default 'latest' check (catch_up in ('skip', 'latest', 'all')),
  catch_up_limit integer not null default 10 check (catch_up_limit between 1 and 1000),
  overlap text not null default 'queue' check (overlap in ('queue', 'skip', 'cancel_previous')),
  calendar_id uuid,
  -- What: the tasks of the run it makes, as `runs.create` takes them.
  definition jsonb not null,
  priority integer not null default 0,
  -- A run that has not ended this long after its fire time is late.
  late_after_seconds integer check (late_after_seconds between 1 and 31622400),
  run_as_kind text not null check (run_as_kind in ('person', 'service', 'local')),
  run_as_id text not null,
  version integer not null default 1,
  -- The next fire time without jitter, and when it is due with it. NULL: none (paused, ended, never again).
  next_fire_at timestamptz,
  next_due_at timestamptz,
  last_fire_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (workspace_id, name),
  unique (workspace_id, id),
  check (num_nonnulls(cron, every_seconds, once_at) = 1)
);
create index schedules_due on schedules (next_due_at) where enabled and next_due_at is not null;
create index schedules_workspace on schedules (workspace_id, id);

-- Days and hours at which nothing fires, by the schedule's time zone.
create table calendars (
  id uuid primary key,
  workspace_id uuid not null references workspaces on delete cascade,
  name text not null,
  -- [{"from": "2026-12-24T00:00", "to": "2026-12-27T00:00", "note": "…"}] in local time, [{"weekday": 6}], yearly ones.
  blackouts jsonb not null default '[]',
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (workspace_id, name),
  unique (workspace_id, id)
);
alter table schedules add foreign key (workspace_id, calendar_id) references calendars (workspace_id, id);

create table pipeline_runs (
  id uuid primary key,
  workspace_id uuid not null references workspaces on delete cascade,
  title text not null,
  -- What it does, in one word: the kind of its only task, or `pipeline`.
  kind text not null,
  state text not null check (state in
    ('queued', 'running', 'cancelling', 'succeeded', 'partial', 'failed', 'lost', 'cancelled', 'skipped')),
  -- Its definition, when it has one that is kept elsewhere.
  definition_id uuid,
  definition_version integer,
  parameters jsonb not null default '{}',
  window_start timestamptz,
  window_end timestamptz,
  trigger text not null check (trigger in ('manual', 'api', 'schedule', 'retry', 'backfill', 'event', 'system')),
  cause text,
  schedule_id uuid,
  fire_time timestamptz,
  parent_id uuid,
  dedupe_key text,
  -- Runs with the same key do not overlap.
  overlap_key text,
  overlap text not null default 'queue' check (overlap in ('queue', 'skip', 'cancel_previous')),
  -- It waits until the run before it with the same key has ended.
  held_back boolean not null default false,
  run_as_kind text not null check (run_as_kind in ('person', 'service', 'local')),
  run_as_id text not null,
  run_as_name text not null default '',
  priority integer not null default 0,
  -- Counted in the transaction of each transition; `open` = not ended.
  tasks_total integer not null default 0,
  tasks_open integer not null default 0,
  tasks_active integer not null default 0,
  tasks_succeeded integer not null default 0,
  tasks_partial integer not null default 0,
  tasks_failed integer not null default 0,
  tasks_lost integer not null default 0,
  tasks_cancelled integer not null default 0,
  tasks_skipped integer not null default 0,
  -- Of the first task that failed: {code, message, hint, task_id, task_name}.
  error jsonb,
  reason text,
  -- Late when it is still open then.
  late_at timestamptz,
  late boolean not null default false,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  ended_at timestamptz,
  check (tasks_open >= 0 and tasks_active >= 0)
);
create unique index pipeline_runs_dedupe on pipeline_runs (workspace_id, dedupe_key) where dedupe_key is not null;
create unique index pipeline_runs_fire on pipeline_runs (schedule_id, fire_time) where schedule_id is not null and fire_time is not null;
create index pipeline_runs_newest on pipeline_runs (workspace_id, created_at desc, id desc);
create index pipeline_runs_state on pipeline_runs (workspace_id, state, created_at desc, id desc);
create index pipeline_runs_kind on pipeline_runs (workspace_id, kind, created_at desc, id desc);
create index pipeline_runs_trigger on pipeline_runs (workspace_id, trigger, created_at desc, id desc);
create index pipeline_runs_were_late on pipeline_runs (workspace_id, created_at desc, id desc) where late;
create index pipeline_runs_day on pipeline_runs (workspace_id, ended_at, state) where ended_at is not null;
create index pipeline_runs_definition on pipeline_runs (workspace_id, definition_id, created_at desc, id desc)
  where definition_id is not null;
create index pipeline_runs_schedule on pipeline_runs (workspace_id, schedule_id, created_at desc, id desc) where schedule_id is not null;
create index pipeline_runs_open_key on pipeline_runs (workspace_id, overlap_key, created_at, id)
  where overlap_key is not null and ended_at is null;
create index pipeline_runs_late on pipeline_runs (late_at) where ended_at is null and late_at is not null and not late;
create index pipeline_runs_ended on pipeline_runs (ended_at) where ended_at is not null;
create index pipeline_runs_parent on pipeline_runs (parent_id) where parent_id is not null;

create table task_runs (
  id uuid primary key,
  workspace_id uuid not null references workspaces on delete cascade,
  run_id uuid not null references pipeline_runs on delete cascade,
  name text not null,
  kind text not null,
  input jsonb not null default '{}',
  state text not null check (state in ('queued', 'starting', 'running', 'retrying', 'succeeded', 'partial', 'failed',
    'cancelling', 'cancelled', 'skipped', 'lost')),

  -- Dependencies: how many tasks before it have not ended, and how those that ended did.
  condition text not null default 'all_succeeded' check (condition in ('all_succeeded', 'all_done', 'any_failed')),
  waits_for integer not null default 0 check (waits_for >= 0),
  before_failed integer not null default 0,
  before_unsuccessful integer not null default 0,

  -- Ready = queued or retrying, waits_for = 0, parked is null. What it is parked for: `time` (until not_before),
  -- `run` (the run is held back), `key:<limit key>` (its slots are taken).
  parked text,
  not_before timestamptz,
  ready_at timestamptz,
  priority integer not null default 0,
  tags text[] not null default '{}',
  -- Each of them may be limited: `connection:<id>`, `key:<given>`.
  limit_keys text[] not null default '{}',
  resource_class text not null default 'standard',

  -- {max_attempts, delay_seconds, factor, max_delay_seconds, jitter} and {queue, start, run, silence} in seconds.
  retry jsonb not null default '{}',
  timeouts jsonb not null default '{}',
  max_attempts integer not null default 1,
  queue_deadline timestamptz,

  -- The lease: who works on it, under which fence, and whether the beat still moves.
  attempt integer not null default 0,
  worker_id uuid,
  fence bigint not null default 0,
  beat bigint not null default 0,
  cancel_requested_at timestamptz,
  cancel_reason text,

  -- What is known of it.
  stage integer not null default 0,
  stage_state jsonb,
  result jsonb,
  error jsonb,
  progress jsonb,
  -- Set by hand by somebody who knows better; the attempts keep saying what happened.
  marked_by text,
  started_at timestamptz,
  ended_at timestamptz,
  created_at timestamptz not null default now(),
  unique (run_id, name),
  unique (workspace_id, id)
);
create index task_runs_ready on task_runs (workspace_id, priority desc, ready_at, id)
  where state in ('queued', 'retrying') and waits_for = 0 and parked is null;
create index task_runs_parked on task_runs (workspace_id, parked, priority desc, ready_at, id)
  where state in ('queued', 'retrying') and parked is not null;
create index task_runs_due on task_runs (not_before) where state in ('queued', 'retrying') and parked = 'time';
create index task_runs_active on task_runs (worker_id) where state in ('starting', 'running', 'cancelling');
create index task_runs_active_workspace on task_runs (workspace_id) where state in ('starting', 'running', 'cancelling');
create index task_runs_queue_deadline on task_runs (queue_deadline)
  where state in ('queued', 'retrying') and queue_deadline is not null;
create index task_runs_run on task_runs (run_id, created_at, id);

create table task_edges (
  workspace_id uuid not null references workspaces on delete cascade,
  run_id uuid not null references pipeline_runs on delete cascade,
  before_id uuid not null references task_runs on delete cascade,
  after_id uuid not null references task_runs on delete cascade,
  primary key (before_id, after_id)
);
create index task_edges_after on task_edges (after_id);
create index task_edges_run on task_edges (run_id);

create table task_attempts (
  task_id uuid not null references task_runs on delete cascade,
  number integer not null,
  workspace_id uuid not null references workspaces on delete cascade,
  run_id uuid not null references pipeline_runs on delete cascade,
  state text not null check (state in ('starting', 'running', 'succeeded', 'partial', 'failed', 'cancelled', 'lost', 'released')),
  worker_id uuid,
  worker_name text not null default '',
  fence bigint not null,
  -- The stage it went on from.
  from_stage integer not null default 0,
  claimed_at timestamptz not null default now(),
  started_at timestamptz,
  ended_at timestamptz,
  -- {code, message, hint, retry, exit_code, signal, stderr}
  error jsonb,
  -- {max_rss_bytes, cpu_ms, …}
  metrics jsonb not null default '{}',
  log_lines bigint not null default 0,
  log_bytes bigint not null default 0,
  log_dropped bigint not null default 0,
  primary key (task_id, number)
);
create index task_attempts_run on task_attempts (run_id);

create table task_stages (
  task_id uuid not null references task_runs on delete cascade,
  n integer not null,
  workspace_id uuid not null references workspaces on delete cascade,
  run_id uuid not null references pipeline_runs on delete cascade,
  attempt integer not null,
  state jsonb,
  facts jsonb not null default '[]',
  committed_at timestamptz not null default now(),
  primary key (task_id, n)
);
create index task_stages_run on task_stages (run_id);

-- How many tasks with a key run at once. `workspace` is the workspace itself; a connection's and a given key are like it.
create table concurrency_limits (
  workspace_id uuid not null references workspaces on delete cascade,
  key text not null,
  slots integer not null check (slots between 0 and 10000),
  updated_at timestamptz not null default now(),
  primary key (workspace_id, key)
);

-- What the built-in diagnostic kind writes in its commit: proof that an effect happened once.
create table diagnostic_marks (
  id uuid primary key,
  workspace_id uuid not null references workspaces on delete cascade,
  task_id uuid not null,
  stage integer not null,
  attempt integer not null,
  mark text not null default '',
  at timestamptz not null default now()
);
create index diagnostic_marks_task on diagnostic_marks (task_id, stage);
create index diagnostic_marks_workspace on diagnostic_marks (workspace_id, at);

-- Log lines of one attempt, compressed, in order. A piece is written once; closed ones move into objects of the storage.
create table log_pieces (
  task_id uuid not null,
  attempt integer not null,
  first_line bigint not null,
  workspace_id uuid not null references workspaces on delete cascade,
  run_id uuid not null,
  lines integer not null,
  raw_bytes integer not null,
  -- The worst and the least level in it (10 trace … 60 fatal): a filter by level skips what cannot match.
  min_level smallint not null,
  max_level smallint not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  -- Either here or in an object, at an offset.
  data bytea,
  object text,
  object_offset bigint,
  object_bytes integer,
  written_at timestamptz not null default now(),
  primary key (task_id, attempt, first_line),
  check (num_nonnulls(data, object) = 1)
);
create index log_pieces_unpacked on log_pieces (written_at) where data is not null;
create index log_pieces_object on log_pieces (object) where object is not null;
create index log_pieces_workspace on log_pieces (workspace_id);
create index log_pieces_age on log_pieces (written_at);
-- Compressed already.
alter table log_pieces alter column data set storage external;

-- Being told. One row per thing that went wrong, until it is well again.
create table incidents (
  id uuid primary key,
  workspace_id uuid not null references workspaces on delete cascade,
  -- What keeps failing: the schedule, the definition, or the run itself.
  subject text not null,
  title text not null,
  kind text not null check (kind in ('failed', 'lost', 'late')),
  run_id uuid,
  first_run_id uuid,
  count integer not null default 1,
  error jsonb,
  opened_at timestamptz not null default now(),
  last_at timestamptz not null default now(),
  recovered_at timestamptz,
  recovered_run_id uuid,
  -- Opened, happened again or recovered: what the bell is sorted by, and what somebody may not have seen.
  changed_at timestamptz not null default now()
);
create unique index incidents_open on incidents (workspace_id, subject, kind) where recovered_at is null;
create index incidents_newest on incidents (workspace_id, changed_at desc, id desc);
create index incidents_open_newest on incidents (workspace_id, changed_at desc, id desc) where recovered_at is null;

-- Up to where somebody has looked at the bell.
create table incident_views (
  workspace_id uuid not null references workspaces on delete cascade,
  user_id text not null,
  seen_at timestamptz not null default now(),
  primary key (workspace_id, user_id)
);

create table webhooks (
  workspace_id uuid primary key references workspaces on delete cascade,
  enabled boolean not null default true,
  format text not null check (format in ('json', 'slack', 'teams', 'mattermost')),
  -- The address holds a secret in most products: it is one, in the table of secrets; this is what may be shown.
  shown_url text not null,
  on_kinds text[] not null default '{failed,lost,late,recovered}',
  version integer not null default 1,
  updated_at timestamptz not null default now()
);

create table webhook_deliveries (
  id uuid primary key,
  workspace_id uuid not null references workspaces on delete cascade,
  incident_id uuid,
  kind text not null check (kind in ('failed', 'lost', 'late', 'recovered', 'test')),
  state text not null check (state in ('waiting', 'delivered', 'failed')),
  attempts integer not null default 0,
  next_at timestamptz,
  status integer,
  error text,
  body jsonb not null,
  created_at timestamptz not null default now(),
  ended_at timestamptz
);
create unique index webhook_deliveries_once on webhook_deliveries (incident_id, kind) where incident_id is not null;
create index webhook_deliveries_due on webhook_deliveries (next_at) where state = 'waiting';
create index webhook_deliveries_newest on webhook_deliveries (workspace_id, created_at desc, id desc);

-- The mark that the storage of this installation carries.
alter table instance add column storage_id uuid;

-- ── Rights ──
alter table workers enable row level security;
alter table workers force row level security;
alter table schedules enable row level security;
alter table schedules force row level security;
alter table calendars enable row level security;
alter table calendars force row level security;
alter table pipeline_runs enable row level security;
alter table pipeline_runs force row level security;
alter table task_runs enable row level security;
alter table task_runs force row level security;
alter table task_edges enable row level security;
alter table task_edges force row level security;
alter table task_attempts enable row level security;
alter table task_attempts force row level security;
alter table task_stages enable row level security;
alter table task_stages force row level security;
alter table concurrency_limits enable row level security;
alter table concurrency_limits force row level security;
alter table diagnostic_marks enable row level security;
alter table diagnostic_marks force row level security;
alter table log_pieces enable row level security;
alter table log_pieces force row level security;
alter table incidents enable row level security;
alter table incidents force row level security;
alter table incident_views enable row level security;
alter table incident_views force row level security;
alter table webhooks enable row level security;
alter table webhooks force row level security;
alter table webhook_deliveries enable row level security;
alter table webhook_deliveries force row level security;

-- The workspace door.
create policy workspace on schedules to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on calendars to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on pipeline_runs to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on task_runs to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on task_edges to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on task_attempts to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on task_stages to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on concurrency_limits to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on diagnostic_marks to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on log_pieces to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on incidents to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on incident_views to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on webhooks to moulin_workspace using (workspace_id = current_workspace());
create policy workspace on webhook_deliveries to moulin_workspace using (workspace_id = current_workspace());
grant select, insert, update, delete on schedules, calendars, pipeline_runs, task_runs, task_edges, task_attempts, task_stages, concurrency_limits, diagnostic_marks, log_pieces, incidents, incident_views, webhooks, webhook_deliveries
  to moulin_workspace;

-- The instance door: claiming, sweeping, firing and retention span workspaces.
create policy instance on workers to moulin_instance using (true);
create policy instance on schedules to moulin_instance using (true);
create policy instance on calendars to moulin_instance using (true);
create policy instance on pipeline_runs to moulin_instance using (true);
create policy instance on task_runs to moulin_instance using (true);
create policy instance on task_edges to moulin_instance using (true);
create policy instance on task_attempts to moulin_instance using (true);
create policy instance on task_stages to moulin_instance using (true);
create policy instance on concurrency_limits to moulin_instance using (true);
create policy instance on diagnostic_marks to moulin_instance using (true);
create policy instance on log_pieces to moulin_instance using (true);
create policy instance on incidents to moulin_instance using (true);
create policy instance on incident_views to moulin_instance using (true);
create policy instance on webhooks to moulin_instance using (true);
create policy instance on webhook_deliveries to moulin_instance using (true);
grant select, insert, update, delete on workers, schedules, calendars, pipeline_runs, task_runs, task_edges, task_attempts, task_stages, concurrency_limits, diagnostic_marks, log_pieces, incidents, incident_views, webhooks, webhook_deliveries
  to moulin_instance;
