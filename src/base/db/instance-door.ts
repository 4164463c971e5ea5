/**
 * Everything that may be touched across workspaces, with the commands: the door `withInstance` opens on these tables and on
 * no others. A test compares the list with what the migrations grant, so that a new line here is a decision somebody made.
 */
export const INSTANCE_DOOR: Readonly<Record<string, { may: string; why: string }>> = {
  schema_migrations: { may: 'select', why: 'health shows the version of the schema' },
  instance: { may: 'insert select update', why: 'identity and key canary' },
  workspaces: {
    may: 'delete insert select update',
    why: 'creating and listing them; a request names one by slug',
  },
  workspace_slugs: { may: 'delete insert select update', why: 'former slugs keep answering' },
  users: { may: 'delete insert select update', why: 'people belong to the installation' },
  user_identities: { may: 'delete insert select update', why: 'sign-in through an identity provider' },
  instance_grants: { may: 'delete insert select update', why: 'instance rights' },
  memberships: {
    may: 'delete insert select update',
    why: 'which workspaces a person has; groups give and take roles',
  },
  service_accounts: {
    may: 'delete insert select update',
    why: 'a token is looked up before its workspace is known',
  },
  api_tokens: {
    may: 'delete insert select update',
    why: 'a token is looked up before its workspace is known',
  },
  sessions: { may: 'delete insert select update', why: 'a session is not bound to a workspace' },
  one_time_links: { may: 'delete insert select update', why: 'a link is looked up by its hash alone' },
  known_devices: { may: 'delete insert select update', why: 'sign-in' },
  sign_in_throttle: { may: 'delete insert select update', why: 'sign-in' },
  audit_entries: {
    may: 'insert select',
    why: 'sign-ins and changes of the installation; nobody changes or deletes',
  },
  data_keys: { may: 'delete insert select update', why: 'keys are rotated for all workspaces' },
  secrets: { may: 'delete insert select update', why: 'keys are rotated for all workspaces' },
  events: { may: 'delete insert select update', why: 'the sequencer, readers of all workspaces, retention' },
  event_consumers: { may: 'delete insert select update', why: 'cursors' },
  idempotency_keys: {
    may: 'delete insert select update',
    why: 'the HTTP door, before it knows the workspace',
  },
  workers: { may: 'delete insert select update', why: 'workers belong to the installation' },
  schedules: { may: 'delete insert select update', why: 'the tick fires the schedules of all workspaces' },
  calendars: { may: 'delete insert select update', why: 'the tick reads blackouts' },
  pipeline_runs: { may: 'delete insert select update', why: 'transitions, overlap, retention' },
  task_runs: { may: 'delete insert select update', why: 'claim, sweep, transitions' },
  task_edges: { may: 'delete insert select update', why: 'what a transition makes ready' },
  task_attempts: { may: 'delete insert select update', why: 'claim and sweep' },
  task_stages: { may: 'delete insert select update', why: 'retention' },
  concurrency_limits: { may: 'delete insert select update', why: 'claim' },
  diagnostic_marks: { may: 'delete insert select update', why: 'retention' },
  log_pieces: { may: 'delete insert select update', why: 'written by workers, packed, retention' },
  incidents: { may: 'delete insert select update', why: 'consumers of events, retention' },
  incident_views: { may: 'delete insert select update', why: 'retention' },
  webhooks: { may: 'delete insert select update', why: 'deliveries of all workspaces' },
  webhook_deliveries: { may: 'delete insert select update', why: 'deliveries of all workspaces' },
};
