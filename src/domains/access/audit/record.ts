import { appendEvents, type Tx } from '../../../base/db/index.ts';
import { newId } from '../../../base/kit/ids.ts';
import type { Actor } from './actor.ts';
import type { AuditNote } from './entry.ts';
import { addEntry } from './store.ts';

/** In the transaction of what it tells: neither is true without the other. */
export async function recordAudit(tx: Tx, actor: Actor, note: AuditNote): Promise<void> {
  await addEntry(tx, newId(), actor, note);
}

/**
 * The entry, and the event from which open pages learn that what they show has changed. The event says what and who, not
 * how: everybody in the workspace hears it, and reads the rest with their own rights.
 */
export async function recordChange(tx: Tx, actor: Actor, note: AuditNote): Promise<void> {
  await recordAudit(tx, actor, note);
  const { workspace_id, action, object } = note;
  await appendEvents(tx, [
    {
      workspace_id,
      type: action,
      subject: object ? `${object.kind}:${object.id}` : 'installation',
      actor: actor.id === null ? actor.kind : `${actor.kind}:${actor.id}`,
      cause: actor.request_id,
    },
  ]);
}
