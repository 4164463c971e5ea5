import { z } from 'zod';
import type { Store, Tx } from '../../../base/db/index.ts';
import { fail } from '../../../base/kit/errors.ts';
import { readCursor, rowsOf, toPage } from '../../../base/kit/pages.ts';
import type { Handlers } from '../../../contract/route.ts';
import type { Secret, secretRoutes } from '../../../contract/secrets.ts';
import { type Actor, actorOf } from '../audit/actor.ts';
import { type AuditNote, CHANGED, created } from '../audit/entry.ts';
import type { Secrets } from './secrets.ts';
import { type SecretRef, type SecretState, statesOfKind } from './store.ts';

/** A request is not kept waiting longer; the rest of a rotation is asked for again. */
const ROTATION_MS = 20_000;
const KIND = 'secret';
const nameKey = z.tuple([z.string()]);

interface Parts {
  store: Store;
  secrets: Secrets;
  /** The audit entry and the event, in the transaction of the change. */
  record: (tx: Tx, actor: Actor, note: AuditNote) => Promise<void>;
}

/** Secrets that people name themselves; those of connections are set with the connection. */
export function secretHandlers({ store, secrets, record }: Parts): Handlers<typeof secretRoutes> {
  /** In the transaction of the work itself, where there is one. */
  const note = (
    tx: Tx,
    call: Parameters<typeof actorOf>[0],
    action: AuditNote['action'],
    facts: Record<string, string | number>,
  ) => record(tx, actorOf(call), { workspace_id: null, action, changes: created(facts) });

  return {
    'secrets.list': async ({ workspace_id, query: { limit, cursor } }) => {
      const [after] = readCursor(cursor, nameKey) ?? [];
      const of = { workspace_id, object_kind: KIND };
      const rows = await store.withWorkspace(
        { workspace_id },
        tx => statesOfKind(tx, of, { after, limit: rowsOf(limit) }),
        { read_only: true },
      );
      const { items, next_cursor } = toPage(rows, limit, row => [row.object_id]);
      return { items: items.map(toSecret), next_cursor };
    },

    'secrets.put': async call => {
      const { workspace_id, params, body } = call;
      const ref = refOf(workspace_id, params.name);
      const state = await store.withWorkspace({ workspace_id }, async tx => {
        await secrets.put(tx, ref, body.value, call.principal.name);
        const now = await secrets.describe(tx, ref);
        const action = now?.version === 1 ? 'secret.created' : 'secret.changed';
        await record(tx, actorOf(call), {
          workspace_id,
          action,
          object: objectOf(params.name),
          changes: { value: CHANGED },
        });
        return now;
      });
      if (!state) throw fail('object.not_found', { kind: KIND, id: params.name });
      return toSecret(state);
    },

    'secrets.delete': async call => {
      const { workspace_id, params } = call;
      await store.withWorkspace({ workspace_id }, async tx => {
        const found = await secrets.remove(tx, refOf(workspace_id, params.name));
        if (!found) throw fail('object.not_found', { kind: KIND, id: params.name });
        await record(tx, actorOf(call), {
          workspace_id,
          action: 'secret.deleted',
          object: objectOf(params.name),
        });
      });
      return undefined;
    },

    'keys.show': () => secrets.status(),

    'keys.verify': async call => {
      const found = await secrets.verify();
      const { data_keys, secrets: checked, broken_count: broken } = found;
      const facts = { data_keys, secrets: checked, broken };
      await store.withInstance('record key work', tx => note(tx, call, 'keys.verified', facts));
      return found;
    },

    'keys.rotate': async call => {
      const signal = AbortSignal.any([call.signal, AbortSignal.timeout(ROTATION_MS)]);
      const also = (tx: Tx, data_keys: number) => note(tx, call, 'keys.rotated', { data_keys });
      return secrets.rotate({ resume: call.body.resume, signal, also });
    },

    'keys.rewrap': async call =>
      secrets.rewrap((tx, { key_id, former_key_id }) =>
        note(tx, call, 'keys.rewrapped', { key_id, former_key_id }),
      ),

    'keys.note_export': async call => {
      const facts = { key_ids: call.body.key_ids.join(', ') };
      await store.withInstance('record key work', tx => note(tx, call, 'keys.exported', facts));
      return undefined;
    },
  };
}

function refOf(workspace_id: string, name: string): SecretRef {
  return { workspace_id, object_kind: KIND, object_id: name, field: 'value' };
}

function objectOf(name: string) {
  return { kind: KIND, id: name, name };
}

function toSecret({ object_id, version, updated_by, updated_at }: SecretState): Secret {
  return { name: object_id, version, updated_by, updated_at };
}
