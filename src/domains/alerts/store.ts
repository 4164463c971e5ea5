import { sql } from 'kysely';
import type { Tx } from '../../base/db/index.ts';
import type { TimeKey } from '../../base/kit/pages.ts';
import type { Delivery, Incident } from '../../contract/alerts.ts';
import type { Answered, Next } from './attempt.ts';
import type { OpenIncident, Recovery } from './incident.ts';
import type { Message, MessageKind, WebhookFormat } from './message.ts';

// ── Taking events in: through the instance door ─────────────────────────────────────────────────────

const APPLIED = 'alerts: applied';

/**
 * Up to which event the incidents are. It is moved in the transaction that changes them, so that an event that comes twice,
 * or to two processes at once, counts once: the row is locked until then.
 */
export async function lockApplied(tx: Tx): Promise<string> {
  await tx
    .insertInto('event_consumers')
    .values({ name: APPLIED })
    .onConflict(conflict => conflict.doNothing())
    .execute();
  const row = await tx
    .selectFrom('event_consumers')
    .select('position')
    .where('name', '=', APPLIED)
    .forUpdate()
    .executeTakeFirstOrThrow();
  return row.position;
}

export async function moveApplied(tx: Tx, position: string): Promise<void> {
  await tx
    .updateTable('event_consumers')
    .set({ position, updated_at: sql`now()` })
    .where('name', '=', APPLIED)
    .execute();
}

export interface WorkspaceName {
  id: string;
  slug: string;
  name: string;
}

/** Those that are still there, and stay until the transaction ends. */
export async function holdWorkspaces(tx: Tx, ids: readonly string[]): Promise<WorkspaceName[]> {
  const { rows } = await sql<WorkspaceName>`
    select id, slug, name from workspaces where id = any(${[...ids]}::uuid[]) for key share`.execute(tx);
  return rows;
}

interface Subject {
  workspace_id: string;
  subject: string;
}

export async function openIncidentsOf(tx: Tx, subjects: readonly Subject[]): Promise<OpenIncident[]> {
  const { rows } = await sql<OpenIncident>`
    select id, workspace_id, subject, kind, title, run_id, first_run_id, count, error, opened_at, last_at
    from incidents join jsonb_to_recordset(${JSON.stringify(subjects)}::jsonb)
      wanted(workspace_id uuid, subject text) using (workspace_id, subject)
    where recovered_at is null order by opened_at, id`.execute(tx);
  return rows;
}

export async function addIncidents(tx: Tx, incidents: readonly OpenIncident[]): Promise<void> {
  if (incidents.length === 0) return;
  await tx
    .insertInto('incidents')
    .values(
      incidents.map(({ error, ...incident }) => ({
        ...incident,
        error: error === null ? null : JSON.stringify(error),
        changed_at: sql<string>`clock_timestamp()`,
      })),
    )
    .execute();
}

export async function repeatIncidents(tx: Tx, incidents: readonly OpenIncident[]): Promise<void> {
  if (incidents.length === 0) return;
  await sql`
    update incidents set title = now.title, run_id = now.run_id, count = now.count, error = now.error,
      last_at = now.last_at, changed_at = clock_timestamp()
    from jsonb_to_recordset(${JSON.stringify(incidents)}::jsonb)
      now(id uuid, title text, run_id uuid, count int, error jsonb, last_at timestamptz)
    where incidents.id = now.id`.execute(tx);
}

export async function recoverIncidents(tx: Tx, recoveries: readonly Recovery[]): Promise<void> {
  if (recoveries.length === 0) return;
  const rows = recoveries.map(({ incident, run_id, at }) => ({ id: incident.id, run_id, at }));
  await sql`
    update incidents set recovered_at = now.at, recovered_run_id = now.run_id, changed_at = clock_timestamp()
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) now(id uuid, run_id uuid, at timestamptz)
    where incidents.id = now.id`.execute(tx);
}

// ── The bell: through the door of the workspace ─────────────────────────────────────────────────────

const FIELDS = sql`
  id, subject, title, kind, run_id, first_run_id, count, error, opened_at, last_at, recovered_at, recovered_run_id`;

interface Viewer {
  workspace_id: string;
  user_id: string;
}

/** Who never looked has seen nothing. */
function seenAt({ workspace_id, user_id }: Viewer) {
  return sql`coalesce((
    select seen_at from incident_views where workspace_id = ${workspace_id} and user_id = ${user_id}), '-infinity')`;
}

export type IncidentRow = Incident & { changed_at: string };

/** What changed last comes first. */
export async function incidentsBefore(
  tx: Tx,
  viewer: Viewer & { open?: boolean },
  before: TimeKey | undefined,
  rows: number,
): Promise<IncidentRow[]> {
  const { workspace_id, open } = viewer;
  const conditions = [
    sql`workspace_id = ${workspace_id}`,
    open !== undefined && (open ? sql`recovered_at is null` : sql`recovered_at is not null`),
    before !== undefined && sql`(changed_at, id) < (${before[0]}::timestamptz, ${before[1]}::uuid)`,
  ].filter(condition => condition !== false);
  const { rows: found } = await sql<IncidentRow>`
    select ${FIELDS}, changed_at, changed_at > ${seenAt(viewer)} unseen from incidents
    where ${sql.join(conditions, sql` and `)}
    order by changed_at desc, id desc limit ${rows}`.execute(tx);
  return found;
}

export async function countIncidents(tx: Tx, viewer: Viewer): Promise<{ unseen: number; open: number }> {
  const { workspace_id } = viewer;
  const { rows } = await sql<{ unseen: number; open: number }>`
    select
      (select count(*)::int from incidents
        where workspace_id = ${workspace_id} and changed_at > ${seenAt(viewer)}) unseen,
      (select count(*)::int from incidents
        where workspace_id = ${workspace_id} and recovered_at is null) "open"`.execute(tx);
  return rows[0] ?? { unseen: 0, open: 0 };
}

export async function markSeen(tx: Tx, { workspace_id, user_id }: Viewer): Promise<void> {
  await sql`
    insert into incident_views (workspace_id, user_id, seen_at) values (${workspace_id}, ${user_id}, clock_timestamp())
    on conflict (workspace_id, user_id) do update set seen_at = excluded.seen_at`.execute(tx);
}

// ── The webhook: through the door of the workspace ──────────────────────────────────────────────────

export interface WebhookRow {
  enabled: boolean;
  format: WebhookFormat;
  shown_url: string;
  on_kinds: string[];
  version: number;
  updated_at: string;
}

export async function webhookOf(tx: Tx, workspace_id: string): Promise<WebhookRow | undefined> {
  return tx
    .selectFrom('webhooks')
    .select(['enabled', 'format', 'shown_url', 'on_kinds', 'version', 'updated_at'])
    .where('workspace_id', '=', workspace_id)
    .executeTakeFirst();
}

export async function workspaceName(tx: Tx, id: string): Promise<{ slug: string; name: string } | undefined> {
  return tx.selectFrom('workspaces').select(['slug', 'name']).where('id', '=', id).executeTakeFirst();
}

export async function saveWebhook(
  tx: Tx,
  webhook: Pick<WebhookRow, 'enabled' | 'format' | 'shown_url' | 'on_kinds'> & { workspace_id: string },
): Promise<void> {
  const { workspace_id: _, ...settings } = webhook;
  await tx
    .insertInto('webhooks')
    .values(webhook)
    .onConflict(conflict =>
      conflict
        .column('workspace_id')
        .doUpdateSet({ ...settings, version: sql`webhooks.version + 1`, updated_at: sql`now()` }),
    )
    .execute();
}

export async function deleteWebhook(tx: Tx, workspace_id: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('webhooks')
    .where('workspace_id', '=', workspace_id)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** What waits to be sent is not sent any more. */
export async function dropWaiting(tx: Tx, workspace_id: string, error: string): Promise<void> {
  await tx
    .updateTable('webhook_deliveries')
    .set({ state: 'failed', error, next_at: null, ended_at: sql`now()` })
    .where('workspace_id', '=', workspace_id)
    .where('state', '=', 'waiting')
    .execute();
}

const DELIVERY_FIELDS = [
  'id',
  'incident_id',
  'kind',
  'state',
  'attempts',
  'next_at',
  'status',
  'error',
  'body',
  'created_at',
  'ended_at',
] as const;

export async function deliveriesBefore(
  tx: Tx,
  workspace_id: string,
  before: TimeKey | undefined,
  rows: number,
): Promise<Delivery[]> {
  return tx
    .selectFrom('webhook_deliveries')
    .select(DELIVERY_FIELDS)
    .where('workspace_id', '=', workspace_id)
    .$if(before !== undefined, query =>
      query.where(sql<boolean>`(created_at, id) < (${before?.[0]}::timestamptz, ${before?.[1]}::uuid)`),
    )
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(rows)
    .execute();
}

/** A test has its one attempt behind it when it is written. */
export async function addTestDelivery(
  tx: Tx,
  test: { id: string; workspace_id: string; body: Message; answered: Answered },
): Promise<Delivery> {
  const { id, workspace_id, body, answered } = test;
  return tx
    .insertInto('webhook_deliveries')
    .values({
      ...{ id, workspace_id, incident_id: null, kind: 'test', attempts: 1, next_at: null },
      state: answered.error === null ? 'delivered' : 'failed',
      status: answered.status,
      error: answered.error,
      body: JSON.stringify(body),
      ended_at: sql`now()`,
    })
    .returning(DELIVERY_FIELDS)
    .executeTakeFirstOrThrow();
}

// ── Deliveries: through the instance door ───────────────────────────────────────────────────────────

export interface Wish {
  workspace_id: string;
  on_kinds: string[];
}

/** Which of the workspaces are to be told, and of what. */
export async function webhooksIn(tx: Tx, workspace_ids: readonly string[]): Promise<Wish[]> {
  return tx
    .selectFrom('webhooks')
    .select(['workspace_id', 'on_kinds'])
    .where(sql<boolean>`workspace_id = any(${[...workspace_ids]}::uuid[])`)
    .where('enabled', '=', true)
    .execute();
}

export interface NewDelivery {
  id: string;
  workspace_id: string;
  incident_id: string;
  kind: MessageKind;
  body: Message;
}

/** Once per incident and kind, whatever happens. */
export async function addDeliveries(tx: Tx, deliveries: readonly NewDelivery[]): Promise<void> {
  if (deliveries.length === 0) return;
  await tx
    .insertInto('webhook_deliveries')
    .values(
      deliveries.map(({ body, ...delivery }) => ({
        ...delivery,
        state: 'waiting' as const,
        next_at: sql<string>`now()`,
        body: JSON.stringify(body),
      })),
    )
    .onConflict(conflict => conflict.doNothing())
    .execute();
}

export interface DueDelivery {
  id: string;
  workspace_id: string;
  kind: MessageKind;
  /** With the one that is now to be made. */
  attempts: number;
  body: Message;
  /** Null when the workspace has none any more. */
  format: WebhookFormat | null;
  enabled: boolean | null;
}

/**
 * One of each workspace, so that a slow receiver holds up its own workspace only. The attempt is counted before it is made:
 * a process that dies over it comes back to it later, and not for ever.
 */
export async function takeDue(tx: Tx, rows: number, lease_seconds: number): Promise<DueDelivery[]> {
  const { rows: due } = await sql<DueDelivery>`
    with due as (
      select distinct on (workspace_id) id from webhook_deliveries
      where state = 'waiting' and next_at <= now()
      order by workspace_id, next_at, id limit ${rows}),
    taken as (
      update webhook_deliveries
      set attempts = attempts + 1, next_at = now() + make_interval(secs => ${lease_seconds})
      where id in (select id from due) and state = 'waiting' and next_at <= now()
      returning id, workspace_id, kind, attempts, body)
    select taken.*, format, enabled from taken left join webhooks using (workspace_id)`.execute(tx);
  return due;
}

/** Guarded by the attempt: an answer that comes after its lease says nothing about the attempt that followed. */
export async function finishAttempt(
  tx: Tx,
  { id, attempts }: Pick<DueDelivery, 'id' | 'attempts'>,
  { status, error }: Answered,
  next: Next,
): Promise<void> {
  const waits = next.state === 'waiting';
  await tx
    .updateTable('webhook_deliveries')
    .set({
      state: next.state,
      status,
      error,
      next_at: waits ? sql<string>`now() + make_interval(secs => ${next.seconds})` : null,
      ended_at: waits ? null : sql<string>`now()`,
    })
    .where('id', '=', id)
    .where('attempts', '=', attempts)
    .where('state', '=', 'waiting')
    .execute();
}

// ── Retention: through the instance door ────────────────────────────────────────────────────────────

const KEEP_DAYS = { incidents: 90, deliveries: 30 };

/** Incidents that are over, and deliveries that ended, a bounded number at a time. */
export async function sweepAlerts(tx: Tx, rows: number): Promise<void> {
  await sql`
    delete from incidents where id in (
      select id from incidents
      where recovered_at < now() - make_interval(days => ${KEEP_DAYS.incidents}) limit ${rows})`.execute(tx);
  await sql`
    delete from webhook_deliveries where id in (
      select id from webhook_deliveries
      where ended_at < now() - make_interval(days => ${KEEP_DAYS.deliveries}) limit ${rows})`.execute(tx);
}
