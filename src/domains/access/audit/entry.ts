import type { AuditEntry } from '../../../contract/access.ts';
import type { AuditAction } from '../../../contract/audit-actions.ts';

export type Changes = AuditEntry['changes'];
type Value = Exclude<Changes[string]['after'], undefined>;

/** One thing that happened; the same words name the event that open pages hear. */
export interface AuditNote {
  /** Null: about the installation. */
  workspace_id: string | null;
  /** `member.role_changed`: what it was done to, and what was done. */
  action: AuditAction;
  object?: { kind: string; id: string; name: string };
  changes?: Changes;
}

/** The fields that differ. A secret never comes in here: its caller writes "changed". */
export function changesOf<T extends object>(before: T, after: Partial<T>): Changes {
  const pairs = Object.entries(after) as [keyof T & string, Value | undefined][];
  const different = pairs.filter(
    ([key, value]) => value !== undefined && JSON.stringify(value) !== JSON.stringify(before[key]),
  );
  return Object.fromEntries(
    different.map(([key, value]) => [key, { before: before[key] as Value, after: value }]),
  );
}

/** A new object: its fields, with nothing before them. */
export function created(fields: Record<string, Value>): Changes {
  return Object.fromEntries(Object.entries(fields).map(([key, after]) => [key, { after }]));
}

export const CHANGED: Changes[string] = { after: 'changed' };
