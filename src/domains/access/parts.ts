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
  const cover = (actor: Actor, notes: readonly AuditNote[]) => coverSecrets(redactor, actor, notes);
  return {
    ...options,
    passwords: openPasswords(),
    now: () => toTimestamp(clock.now()),
    async record(tx, actor, ...notes) {
      const covered = cover(actor, notes);
      await recordChange(tx, covered.actor, ...covered.notes);
    },
    async audit(tx, actor, ...notes) {
      const covered = cover(actor, notes);
      await recordAudit(tx, covered.actor, ...covered.notes);
    },
    async recordRefusal(key, actor, note) {
      const left_out = flood.pass(key);
      if (left_out === undefined) return;
      const said =
        left_out === 0 ? note : { ...note, changes: { ...note.changes, left_out: { after: left_out } } };
      const covered = cover(actor, [said]);
      await store.withInstance('audit', tx => recordAudit(tx, covered.actor, ...covered.notes));
    },
  };
}

/**
 * The last net: whatever a caller put into a name, a registered secret does not get into the log that is never deleted. Each
 * entry is covered for those who may read it, so that nobody tries guesses at the secrets of another workspace. Only text:
 * somebody whose secret is the id of the workspace must not make every entry about it impossible.
 */
function coverSecrets(redactor: Redactor, actor: Actor, notes: readonly AuditNote[]) {
  const [first] = notes;
  const isOneWorkspace = notes.every(note => note.workspace_id === first?.workspace_id);
  // One actor stands in all entries, so of entries in several logs it may show only what is covered in all.
  const { redact } = redactor.of(isOneWorkspace ? (first?.workspace_id ?? null) : null);
  return {
    actor: { ...actor, name: redact(actor.name) },
    notes: notes.map(note => coverNote(redactor, note)),
  };
}

function coverNote(redactor: Redactor, { object, changes, ...note }: AuditNote): AuditNote {
  const { redact, redactValue } = redactor.of(note.workspace_id);
  return {
    ...note,
    ...(object && { object: { ...object, name: redact(object.name) } }),
    ...(changes && { changes: redactValue(changes) }),
  };
}
