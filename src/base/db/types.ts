// Made by scripts/generate-db-types.ts from the migrations. Do not edit.
import type { ColumnType, Generated, GeneratedAlways } from 'kysely';

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** Written as text (JSON.stringify): the driver would take a JavaScript array for an array of PostgreSQL's. */
type Json = ColumnType<JsonValue, string, string>;
type JsonOrNull = ColumnType<JsonValue | null, string | null | undefined, string | null>;
type JsonWithDefault = ColumnType<JsonValue, string | undefined, string>;

export interface ApiTokensTable {
  id: string;
  workspace_id: string;
  user_id: string | null;
  service_account_id: string | null;
  name: string;
  prefix: string;
  secret_hash: Buffer;
  scopes: string[];
  expires_at: string | null;
  last_used_at: string | null;
  revoked_at: string | null;
  created_at: Generated<string>;
}

export interface AuditEntriesTable {
  id: string;
  position: GeneratedAlways<string>;
  workspace_id: string | null;
  at: Generated<string>;
  actor_kind: string;
  actor_id: string | null;
  actor_name: string;
  action: string;
  object_kind: string | null;
  object_id: string | null;
  object_name: string | null;
  changes: JsonWithDefault;
  ip: string | null;
  request_id: string | null;
}

export interface CalendarsTable {
  id: string;
  workspace_id: string;
  name: string;
  blackouts: JsonWithDefault;
  version: Generated<number>;
  created_at: Generated<string>;
  updated_at: Generated<string>;
}

export interface ConcurrencyLimitsTable {
  workspace_id: string;
  key: string;
  slots: number;
  updated_at: Generated<string>;
}

export interface DataKeysTable {
  id: string;
  workspace_id: string | null;
  key_id: string;
  wrapped_key: Buffer;
  created_at: Generated<string>;
  retired_at: string | null;
}

export interface DiagnosticMarksTable {
  id: string;
  workspace_id: string;
  task_id: string;
  stage: number;
  attempt: number;
  mark: Generated<string>;
  at: Generated<string>;
}

export interface EventConsumersTable {
  name: string;
  position: Generated<string>;
  updated_at: Generated<string>;
}

export interface EventsTable {
  id: string;
  arrival: GeneratedAlways<string>;
  position: string | null;
  workspace_id: string | null;
  type: string;
  version: Generated<number>;
  subject: string;
  actor: string | null;
  cause: string | null;
  payload: JsonWithDefault;
  at: Generated<string>;
}

export interface IcebergNamespacePropertiesTable {
  catalog_name: string;
  namespace: string;
  property_key: string;
  property_value: string | null;
  workspace_id: GeneratedAlways<string>;
}

export interface IcebergTablesTable {
  catalog_name: string;
  table_namespace: string;
  table_name: string;
  metadata_location: string | null;
  previous_metadata_location: string | null;
  iceberg_type: string | null;
  workspace_id: GeneratedAlways<string>;
}

export interface IdempotencyKeysTable {
  scope: string;
  key: string;
  request_hash: Buffer;
  status: number | null;
  response: JsonOrNull;
  headers: JsonOrNull;
  created_at: Generated<string>;
}

export interface IncidentViewsTable {
  workspace_id: string;
  user_id: string;
  seen_at: Generated<string>;
}

export interface IncidentsTable {
  id: string;
  workspace_id: string;
  subject: string;
  title: string;
  kind: 'failed' | 'lost' | 'late';
  run_id: string | null;
  first_run_id: string | null;
  count: Generated<number>;
  error: JsonOrNull;
  opened_at: Generated<string>;
  last_at: Generated<string>;
  recovered_at: string | null;
  recovered_run_id: string | null;
  changed_at: Generated<string>;
}

export interface InstanceTable {
  singleton: Generated<boolean>;
  id: string;
  created_at: Generated<string>;
  key_id: string | null;
  key_canary: Buffer | null;
  storage_id: string | null;
  lake_root: string | null;
}

export interface InstanceGrantsTable {
  user_id: string;
  instance_right: string;
  created_at: Generated<string>;
}

export interface KnownDevicesTable {
  token_hash: Buffer;
  user_id: string;
  created_at: Generated<string>;
  last_used_at: Generated<string>;
}

export interface LakeCommitsTable {
  id: string;
  workspace_id: string;
  table_id: string;
  at: Generated<string>;
  via: 'task' | 'rest' | 'api' | 'maintenance' | 'rollback';
  actor: Json;
  operation: string;
  snapshot_id: string | null;
  metadata_location: string;
  summary: JsonWithDefault;
  run_id: string | null;
  task_id: string | null;
  request_id: string | null;
}

export interface LakeGarbageTable {
  id: string;
  workspace_id: string;
  table_id: string | null;
  location: string;
  reason: string;
  created_at: Generated<string>;
  not_before: Generated<string>;
}

export interface LakeMaintenanceTable {
  id: string;
  workspace_id: string;
  table_id: string;
  kind: string;
  at: Generated<string>;
  run_id: string | null;
  task_id: string | null;
  result: JsonWithDefault;
}

export interface LakeMountsTable {
  id: string;
  workspace_id: string;
  name: string;
  url: string;
  warehouse: string | null;
  options: JsonWithDefault;
  error: JsonOrNull;
  refreshed_at: string | null;
  created_by: Json;
  version: Generated<number>;
  created_at: Generated<string>;
  updated_at: Generated<string>;
}

export interface LakeNamespacesTable {
  id: string;
  workspace_id: string;
  mount_id: string | null;
  levels: string[];
  path: string;
  description: Generated<string>;
  properties: JsonWithDefault;
  version: Generated<number>;
  created_at: Generated<string>;
  updated_at: Generated<string>;
}

export interface LakePinsTable {
  id: string;
  workspace_id: string;
  table_id: string;
  snapshot_id: string | null;
  holder: string;
  until: string;
  created_at: Generated<string>;
}

export interface LakePoliciesTable {
  workspace_id: string;
  policy: Json;
  version: Generated<number>;
  updated_at: Generated<string>;
}

export interface LakeTablesTable {
  id: string;
  workspace_id: string;
  namespace_id: string;
  name: string;
  kind: Generated<'table' | 'view'>;
  zone: 'raw' | 'curated' | 'foreign';
  location: string;
  places: Generated<string[]>;
  table_uuid: string | null;
  metadata_location: string | null;
  description: Generated<string>;
  format_version: number | null;
  snapshot_id: string | null;
  committed_at: string | null;
  rows: string | null;
  bytes: string | null;
  files: string | null;
  delete_files: string | null;
  snapshots: Generated<number>;
  metadata_bytes: string | null;
  columns: number | null;
  partitioned_by: Generated<string[]>;
  health: JsonWithDefault;
  health_at: string | null;
  policy: JsonWithDefault;
  error: JsonOrNull;
  created_by: Json;
  version: Generated<number>;
  created_at: Generated<string>;
  updated_at: Generated<string>;
  dropped_at: string | null;
}

export interface LogPiecesTable {
  task_id: string;
  attempt: number;
  first_line: string;
  workspace_id: string;
  run_id: string;
  lines: number;
  raw_bytes: number;
  min_level: number;
  max_level: number;
  first_at: string;
  last_at: string;
  data: Buffer | null;
  object: string | null;
  object_offset: string | null;
  object_bytes: number | null;
  written_at: Generated<string>;
}

export interface MembershipsTable {
  workspace_id: string;
  user_id: string;
  role: 'owner' | 'admin' | 'editor' | 'operator' | 'viewer';
  source: Generated<'hand' | 'group'>;
  version: Generated<number>;
  created_at: Generated<string>;
}

export interface OneTimeLinksTable {
  id: string;
  kind: 'first_admin' | 'reset' | 'invitation';
  token_hash: Buffer;
  workspace_id: string | null;
  user_id: string | null;
  email: string | null;
  role: 'owner' | 'admin' | 'editor' | 'operator' | 'viewer' | null;
  created_by: string;
  created_at: Generated<string>;
  expires_at: string;
  used_at: string | null;
  revoked_at: string | null;
}

export interface PipelineRunsTable {
  id: string;
  workspace_id: string;
  title: string;
  kind: string;
  state: 'queued' | 'running' | 'cancelling' | 'succeeded' | 'partial' | 'failed' | 'lost' | 'cancelled' | 'skipped';
  definition_id: string | null;
  definition_version: number | null;
  parameters: JsonWithDefault;
  window_start: string | null;
  window_end: string | null;
  trigger: 'manual' | 'api' | 'schedule' | 'retry' | 'backfill' | 'event' | 'system';
  cause: string | null;
  schedule_id: string | null;
  fire_time: string | null;
  parent_id: string | null;
  dedupe_key: string | null;
  overlap_key: string | null;
  overlap: Generated<'queue' | 'skip' | 'cancel_previous'>;
  held_back: Generated<boolean>;
  run_as_kind: 'person' | 'service' | 'local';
  run_as_id: string;
  run_as_name: Generated<string>;
  priority: Generated<number>;
  tasks_total: Generated<number>;
  tasks_open: Generated<number>;
  tasks_active: Generated<number>;
  tasks_succeeded: Generated<number>;
  tasks_partial: Generated<number>;
  tasks_failed: Generated<number>;
  tasks_lost: Generated<number>;
  tasks_cancelled: Generated<number>;
  tasks_skipped: Generated<number>;
  error: JsonOrNull;
  reason: string | null;
  late_at: string | null;
  late: Generated<boolean>;
  version: Generated<number>;
  created_at: Generated<string>;
  started_at: string | null;
  ended_at: string | null;
}

export interface SchedulesTable {
  id: string;
  workspace_id: string;
  name: string;
  description: Generated<string>;
  enabled: Generated<boolean>;
  cron: string | null;
  every_seconds: number | null;
  once_at: string | null;
  time_zone: string | null;
  starts_at: string | null;
  ends_at: string | null;
  jitter_seconds: Generated<number>;
  catch_up: Generated<'skip' | 'latest' | 'all'>;
  catch_up_limit: Generated<number>;
  overlap: Generated<'queue' | 'skip' | 'cancel_previous'>;
  calendar_id: string | null;
  definition: Json;
  priority: Generated<number>;
  late_after_seconds: number | null;
  run_as_kind: 'person' | 'service' | 'local';
  run_as_id: string;
  version: Generated<number>;
  next_fire_at: string | null;
  next_due_at: string | null;
  last_fire_at: string | null;
  created_at: Generated<string>;
  updated_at: Generated<string>;
}

export interface SchemaMigrationsTable {
  number: number;
  name: string;
  checksum: string;
  applied_at: Generated<string>;
}

export interface SecretsTable {
  id: string;
  workspace_id: string | null;
  object_kind: string;
  object_id: string;
  field: string;
  version: Generated<number>;
  data_key_id: string;
  nonce: Buffer;
  ciphertext: Buffer;
  updated_by: string;
  created_at: Generated<string>;
  updated_at: Generated<string>;
}

export interface ServiceAccountsTable {
  id: string;
  workspace_id: string;
  name: string;
  role: 'owner' | 'admin' | 'editor' | 'operator' | 'viewer';
  instance_rights: Generated<string[]>;
  version: Generated<number>;
  created_at: Generated<string>;
}

export interface SessionsTable {
  id: string;
  user_id: string;
  token_hash: Buffer;
  ip: string;
  user_agent: string;
  created_at: Generated<string>;
  last_seen_at: Generated<string>;
  expires_at: string;
  revoked_at: string | null;
}

export interface SignInThrottleTable {
  key: string;
  failures: number;
  window_started_at: Generated<string>;
  blocked_until: string | null;
}

export interface StagedPrefixesTable {
  id: string;
  workspace_id: string;
  table_id: string | null;
  prefix: string;
  task_id: string | null;
  attempt: number | null;
  request_id: string | null;
  created_at: Generated<string>;
}

export interface TaskAttemptsTable {
  task_id: string;
  number: number;
  workspace_id: string;
  run_id: string;
  state: 'starting' | 'running' | 'succeeded' | 'partial' | 'failed' | 'cancelled' | 'lost' | 'released';
  worker_id: string | null;
  worker_name: Generated<string>;
  fence: string;
  from_stage: Generated<number>;
  claimed_at: Generated<string>;
  started_at: string | null;
  ended_at: string | null;
  error: JsonOrNull;
  metrics: JsonWithDefault;
  log_lines: Generated<string>;
  log_bytes: Generated<string>;
  log_dropped: Generated<string>;
}

export interface TaskEdgesTable {
  workspace_id: string;
  run_id: string;
  before_id: string;
  after_id: string;
}

export interface TaskRunsTable {
  id: string;
  workspace_id: string;
  run_id: string;
  name: string;
  kind: string;
  input: JsonWithDefault;
  state: 'queued' | 'starting' | 'running' | 'retrying' | 'succeeded' | 'partial' | 'failed' | 'cancelling' | 'cancelled' | 'skipped' | 'lost';
  condition: Generated<'all_succeeded' | 'all_done' | 'any_failed'>;
  waits_for: Generated<number>;
  before_failed: Generated<number>;
  before_unsuccessful: Generated<number>;
  parked: string | null;
  not_before: string | null;
  ready_at: string | null;
  priority: Generated<number>;
  tags: Generated<string[]>;
  limit_keys: Generated<string[]>;
  resource_class: Generated<string>;
  retry: JsonWithDefault;
  timeouts: JsonWithDefault;
  max_attempts: Generated<number>;
  queue_deadline: string | null;
  attempt: Generated<number>;
  worker_id: string | null;
  fence: Generated<string>;
  beat: Generated<string>;
  cancel_requested_at: string | null;
  cancel_reason: string | null;
  stage: Generated<number>;
  stage_state: JsonOrNull;
  result: JsonOrNull;
  error: JsonOrNull;
  progress: JsonOrNull;
  marked_by: string | null;
  started_at: string | null;
  ended_at: string | null;
  created_at: Generated<string>;
}

export interface TaskStagesTable {
  task_id: string;
  n: number;
  workspace_id: string;
  run_id: string;
  attempt: number;
  state: JsonOrNull;
  facts: JsonWithDefault;
  committed_at: Generated<string>;
}

export interface UserIdentitiesTable {
  issuer: string;
  subject: string;
  user_id: string;
  created_at: Generated<string>;
}

export interface UsersTable {
  id: string;
  email: string;
  name: string;
  password_hash: string | null;
  locale: 'en' | 'fr' | null;
  theme: 'light' | 'dark' | null;
  disabled_at: string | null;
  version: Generated<number>;
  created_at: Generated<string>;
  updated_at: Generated<string>;
}

export interface WebhookDeliveriesTable {
  id: string;
  workspace_id: string;
  incident_id: string | null;
  kind: 'failed' | 'lost' | 'late' | 'recovered' | 'test';
  state: 'waiting' | 'delivered' | 'failed';
  attempts: Generated<number>;
  next_at: string | null;
  status: number | null;
  error: string | null;
  body: Json;
  created_at: Generated<string>;
  ended_at: string | null;
}

export interface WebhooksTable {
  workspace_id: string;
  enabled: Generated<boolean>;
  format: 'json' | 'slack' | 'teams' | 'mattermost';
  shown_url: string;
  on_kinds: Generated<string[]>;
  version: Generated<number>;
  updated_at: Generated<string>;
}

export interface WorkersTable {
  id: string;
  name: string;
  host: string;
  pid: number;
  version: string;
  tags: Generated<string[]>;
  concurrency: number;
  state: 'active' | 'draining' | 'lost' | 'gone';
  drain_requested_at: string | null;
  beat: Generated<string>;
  started_at: Generated<string>;
  seen_at: Generated<string>;
  ended_at: string | null;
  stats: JsonWithDefault;
}

export interface WorkspaceSlugsTable {
  slug: string;
  workspace_id: string;
  created_at: Generated<string>;
}

export interface WorkspacesTable {
  id: string;
  slug: string;
  name: string;
  time_zone: Generated<string>;
  version: Generated<number>;
  created_at: Generated<string>;
  updated_at: Generated<string>;
}

export interface DB {
  api_tokens: ApiTokensTable;
  audit_entries: AuditEntriesTable;
  calendars: CalendarsTable;
  concurrency_limits: ConcurrencyLimitsTable;
  data_keys: DataKeysTable;
  diagnostic_marks: DiagnosticMarksTable;
  event_consumers: EventConsumersTable;
  events: EventsTable;
  iceberg_namespace_properties: IcebergNamespacePropertiesTable;
  iceberg_tables: IcebergTablesTable;
  idempotency_keys: IdempotencyKeysTable;
  incident_views: IncidentViewsTable;
  incidents: IncidentsTable;
  instance: InstanceTable;
  instance_grants: InstanceGrantsTable;
  known_devices: KnownDevicesTable;
  lake_commits: LakeCommitsTable;
  lake_garbage: LakeGarbageTable;
  lake_maintenance: LakeMaintenanceTable;
  lake_mounts: LakeMountsTable;
  lake_namespaces: LakeNamespacesTable;
  lake_pins: LakePinsTable;
  lake_policies: LakePoliciesTable;
  lake_tables: LakeTablesTable;
  log_pieces: LogPiecesTable;
  memberships: MembershipsTable;
  one_time_links: OneTimeLinksTable;
  pipeline_runs: PipelineRunsTable;
  schedules: SchedulesTable;
  schema_migrations: SchemaMigrationsTable;
  secrets: SecretsTable;
  service_accounts: ServiceAccountsTable;
  sessions: SessionsTable;
  sign_in_throttle: SignInThrottleTable;
  staged_prefixes: StagedPrefixesTable;
  task_attempts: TaskAttemptsTable;
  task_edges: TaskEdgesTable;
  task_runs: TaskRunsTable;
  task_stages: TaskStagesTable;
  user_identities: UserIdentitiesTable;
  users: UsersTable;
  webhook_deliveries: WebhookDeliveriesTable;
  webhooks: WebhooksTable;
  workers: WorkersTable;
  workspace_slugs: WorkspaceSlugsTable;
  workspaces: WorkspacesTable;
}
