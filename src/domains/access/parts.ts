import type { Store, Tx } from '../../base/db/index.ts';
import { type Clock, toTimestamp } from '../../base/kit/clock.ts';
import type { Log } from '../../base/kit/log.ts';
import type { Outbound } from '../../base/kit/outbound.ts';
import type { Redactor } from '../../base/kit/redact.ts';
import type { Config } from '../../contract/config.ts';
import type { Actor } from './audit/actor.ts';
import type { AuditNote } from './audit/entry.ts';
import { createFloodGate, FLOOD_LIMITS, type FloodLimits } from './audit/flood.ts';
import { recordAudit, recordChange } from './audit/record.ts';
import type { Secrets } from './secrets/index.ts';
import { openPasswords, type Passwords } from './sign-in/password.ts';

/** What the composition root gives. */
export interface AccessOptions {
  store: Store;
  config: Pick<Config, 'oidc' | 'session'>;
  /** Where people reach this server: in links, and as the redirect address of the identity provider. */
  url: () => string;
  clock: Clock;
  log: Log;
  redactor: Redactor;
  outbound: Outbound;
  secrets: Secrets;
  flood_limits?: FloodLimits;
}

/** What every part of this room works with. */
export interface Parts extends AccessOptions {
  passwords: Passwords;
  /** The clock's time as the store writes it. */
  now: () => string;
  /** In the transaction of the change it tells: the audit entries and the events. */
  record: (tx: Tx, actor: Actor, ...notes: AuditNote[]) => Promise<void>;
  /** The entries alone: where the change itself tells its event. */
  audit: (tx: Tx, actor: Actor, ...notes: AuditNote[]) => Promise<void>;
  /** The entry alone, in a transaction of its own, and bounded: what strangers can repeat. */
  recordRefusal: (key: string, actor: Actor, note: AuditNote) => Promise<void>;
}

export function assemble(options: AccessOptions): Parts {
  const { store, clock, redactor } = options;
  const flood = createFloodGate(clock, options.flood_limits ?? FLOOD_LIMITS);
  // The last net: whatever a caller put into a name, a registered secret does not get into the log that is never deleted.
  // Only into text: somebody whose secret is the id of the workspace must not make every entry about it impossible.
  const coveredActor = (actor: Actor) => ({ ...actor, name: redactor.redact(actor.name) });
  const covered = ({ object, changes, ...note }: AuditNote): AuditNote => ({
    ...note,
    ...(object && { object: { ...object, name: redactor.redact(object.name) } }),
    ...(changes && { changes: redactor.redactValue(changes) }),
  });
  return {
    ...options,
    passwords: openPasswords(),
    now: () => toTimestamp(clock.now()),
    record: (tx, actor, ...notes) => recordChange(tx, coveredActor(actor), ...notes.map(covered)),
    audit: (tx, actor, ...notes) => recordAudit(tx, coveredActor(actor), ...notes.map(covered)),
    async recordRefusal(key, actor, note) {
      const left_out = flood.pass(key);
      if (left_out === undefined) return;
      const said =
        left_out === 0 ? note : { ...note, changes: { ...note.changes, left_out: { after: left_out } } };
      await store.withInstance('audit', tx => recordAudit(tx, coveredActor(actor), covered(said)));
    },
  };
}
