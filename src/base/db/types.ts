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

export interface DataKeysTable {
  id: string;
  workspace_id: string | null;
  key_id: string;
  wrapped_key: Buffer;
  created_at: Generated<string>;
  retired_at: string | null;
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

export interface IdempotencyKeysTable {
  scope: string;
  key: string;
  request_hash: Buffer;
  status: number | null;
  response: JsonOrNull;
  headers: JsonOrNull;
  created_at: Generated<string>;
}

export interface InstanceTable {
  singleton: Generated<boolean>;
  id: string;
  created_at: Generated<string>;
  key_id: string | null;
  key_canary: Buffer | null;
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
  data_keys: DataKeysTable;
  event_consumers: EventConsumersTable;
  events: EventsTable;
  idempotency_keys: IdempotencyKeysTable;
  instance: InstanceTable;
  instance_grants: InstanceGrantsTable;
  known_devices: KnownDevicesTable;
  memberships: MembershipsTable;
  one_time_links: OneTimeLinksTable;
  schema_migrations: SchemaMigrationsTable;
  secrets: SecretsTable;
  service_accounts: ServiceAccountsTable;
  sessions: SessionsTable;
  sign_in_throttle: SignInThrottleTable;
  user_identities: UserIdentitiesTable;
  users: UsersTable;
  workspace_slugs: WorkspaceSlugsTable;
  workspaces: WorkspacesTable;
}
