import type { z } from 'zod';
import type { Store, Tx } from '../../base/db/index.ts';
import { type Clock, toTimestamp } from '../../base/kit/clock.ts';
import { fail } from '../../base/kit/errors.ts';
import { newId } from '../../base/kit/ids.ts';
import type { Outbound } from '../../base/kit/outbound.ts';
import { readCursor, rowsOf, timeKey, toPage } from '../../base/kit/pages.ts';
import type { alertRoutes, WEBHOOK_KINDS, webhookSchema } from '../../contract/alerts.ts';
import type { Call, Handlers } from '../../contract/route.ts';
import {
  type Actor,
  type AuditNote,
  actorOf,
  CHANGED,
  type Changes,
  changesOf,
  type Secrets,
} from '../access/index.ts';
import { testMessage } from './message.ts';
import {
  addTestDelivery,
  countIncidents,
  deleteWebhook,
  deliveriesBefore,
  dropWaiting,
  incidentsBefore,
  markSeen,
  saveWebhook,
  type WebhookRow,
  webhookOf,
  workspaceName,
} from './store.ts';
import { readReceiver, secretOf, send } from './webhook.ts';

export interface AlertRouteParts {
  store: Store;
  secrets: Secrets;
  outbound: Outbound;
  clock: Clock;
  /** The audit entry and the event, in the transaction of the change. */
  record: (tx: Tx, actor: Actor, ...notes: AuditNote[]) => Promise<void>;
}

type Routes = typeof alertRoutes;

export function alertHandlers(parts: AlertRouteParts): Handlers<Routes> {
  const { store, secrets, record } = parts;
  return {
    'incidents.list': async ({ workspace_id, principal, query: { limit, cursor, open } }) => {
      const viewer = { workspace_id, user_id: principal.id };
      return store.withWorkspace(
        { workspace_id },
        async tx => {
          const rows = await incidentsBefore(
            tx,
            { ...viewer, open },
            readCursor(cursor, timeKey),
            rowsOf(limit),
          );
          const page = toPage(rows, limit, row => [row.changed_at, row.id]);
          return { ...page, ...(await countIncidents(tx, viewer)) };
        },
        { read_only: true },
      );
    },
    'incidents.seen': async ({ workspace_id, principal }) => {
      await store.withWorkspace({ workspace_id }, tx =>
        markSeen(tx, { workspace_id, user_id: principal.id }),
      );
      return undefined;
    },

    'webhook.show': async ({ workspace_id }) => ({
      webhook: await store.withWorkspace(
        { workspace_id },
        async tx => {
          const row = await webhookOf(tx, workspace_id);
          return row ? toWebhook(parts, tx, workspace_id, row) : null;
        },
        { read_only: true },
      ),
    }),
    'webhook.put': call => put(parts, call),
    'webhook.delete': async call => {
      const { workspace_id } = call;
      await store.withWorkspace({ workspace_id }, async tx => {
        if (!(await deleteWebhook(tx, workspace_id))) return;
        const { object_kind, object_id } = secretOf(workspace_id, 'url');
        await secrets.removeAll(tx, { workspace_id, object_kind, object_id });
        await dropWaiting(tx, workspace_id, 'the webhook was deleted');
        await record(tx, actorOf(call), { workspace_id, action: 'webhook.deleted', object: OBJECT });
      });
      return undefined;
    },
    'webhook.test': call => test(parts, call),
    'webhook.deliveries': async ({ workspace_id, query: { limit, cursor } }) => {
      const rows = await store.withWorkspace(
        { workspace_id },
        tx => deliveriesBefore(tx, workspace_id, readCursor(cursor, timeKey), rowsOf(limit)),
        { read_only: true },
      );
      return toPage(rows, limit, row => [row.created_at, row.id]);
    },
  };
}

const OBJECT = { kind: 'webhook', id: 'webhook', name: 'webhook' };

async function put(parts: AlertRouteParts, call: Call<Routes['webhook.put']>) {
  const { store, secrets, outbound, record } = parts;
  const { workspace_id, body, principal } = call;
  const { url, signing_secret, ...settings } = body;
  if (url !== undefined) await outbound.check(url);
  return store.withWorkspace({ workspace_id }, async tx => {
    const before = await webhookOf(tx, workspace_id);
    const shown_url = url === undefined ? before?.shown_url : new URL(url).origin;
    if (shown_url === undefined) throw fail('webhook.no_url');
    if (url !== undefined) await secrets.put(tx, secretOf(workspace_id, 'url'), url, principal.name);
    await putSigningSecret(parts, tx, call);
    const after = { ...settings, shown_url };
    await saveWebhook(tx, { workspace_id, ...after });
    await record(tx, actorOf(call), {
      workspace_id,
      action: 'webhook.changed',
      object: OBJECT,
      changes: changesTo(before, after, { url, signing_secret }),
    });
    const row = await webhookOf(tx, workspace_id);
    if (!row) throw new Error('a webhook was saved and is not there');
    return toWebhook(parts, tx, workspace_id, row);
  });
}

async function putSigningSecret(
  { secrets }: AlertRouteParts,
  tx: Tx,
  { workspace_id, body: { signing_secret }, principal }: Call<Routes['webhook.put']>,
): Promise<void> {
  const ref = secretOf(workspace_id, 'signing_secret');
  if (signing_secret === null) await secrets.remove(tx, ref);
  else if (signing_secret !== undefined) await secrets.put(tx, ref, signing_secret, principal.name);
}

type Settings = Pick<WebhookRow, 'enabled' | 'format' | 'shown_url' | 'on_kinds'>;

/** That a secret was changed, never to what. */
function changesTo(
  before: Settings | undefined,
  after: Settings,
  given: { url?: string; signing_secret?: string | null },
): Changes {
  return {
    ...changesOf<Partial<Settings>>(before ?? {}, after),
    ...(given.url !== undefined && { url: CHANGED }),
    ...(given.signing_secret !== undefined && {
      signing_secret: given.signing_secret === null ? { after: 'removed' } : CHANGED,
    }),
  };
}

async function toWebhook({ secrets }: AlertRouteParts, tx: Tx, workspace_id: string, row: WebhookRow) {
  const signing = await secrets.describe(tx, secretOf(workspace_id, 'signing_secret'));
  return {
    ...row,
    on_kinds: row.on_kinds as OnKinds,
    has_signing_secret: signing !== undefined,
  } satisfies z.input<typeof webhookSchema>;
}

type OnKinds = (typeof WEBHOOK_KINDS)[number][];

/** Whether it is switched on or not: one tries it before one does. */
async function test(parts: AlertRouteParts, call: Call<Routes['webhook.test']>) {
  const { store, secrets, outbound, clock, record } = parts;
  const { workspace_id, signal } = call;
  const { receiver, workspace } = await store.withWorkspace({ workspace_id }, async tx => {
    const row = await webhookOf(tx, workspace_id);
    const receiver = row && (await readReceiver(tx, secrets, workspace_id, row.format));
    return { receiver, workspace: await workspaceName(tx, workspace_id) };
  });
  if (!receiver || !workspace) throw fail('webhook.missing');
  const body = testMessage(workspace, toTimestamp(clock.now()));
  const delivery = { id: newId(), body };
  const answered = await send({ outbound, now: clock.now, signal }, receiver, delivery);
  return store.withWorkspace({ workspace_id }, async tx => {
    await record(tx, actorOf(call), { workspace_id, action: 'webhook.tested', object: OBJECT });
    return addTestDelivery(tx, { ...delivery, workspace_id, answered });
  });
}
