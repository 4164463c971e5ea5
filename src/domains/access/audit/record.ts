import { appendEvents, type NewEvent, type Tx } from '../../../base/db/index.ts';
import type { Actor } from './actor.ts';
import type { AuditNote } from './entry.ts';
import { addEntries } from './store.ts';

/** In the transaction of what it tells: neither is true without the other. However many, it is one statement. */
export async function recordAudit(tx: Tx, actor: Actor, ...notes: AuditNote[]): Promise<void> {
  await addEntries(tx, actor, notes);
}

/**
 * The entries, and the events from which open pages learn that what they show has changed. An event says what and who, not
 * how: everybody in the workspace hears it, and reads the rest with their own rights.
 */
export async function recordChange(tx: Tx, actor: Actor, ...notes: AuditNote[]): Promise<void> {
  await recordAudit(tx, actor, ...notes);
  await appendEvents(
    tx,
    notes.map(note => toEvent(actor, note)),
  );
}

function toEvent(actor: Actor, { workspace_id, action, object }: AuditNote): NewEvent {
  return {
    workspace_id,
    type: action,
    subject: object ? `${object.kind}:${object.id}` : 'installation',
    actor: actor.id === null ? actor.kind : `${actor.kind}:${actor.id}`,
    cause: actor.request_id,
  };
}
