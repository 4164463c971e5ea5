import type { ParseKeys, TFunction } from 'i18next';
import type { AuditEntry } from '../../../../src/contract/access.ts';
import { AUDIT_ACTIONS } from '../../../../src/contract/audit-actions.ts';

type Say = TFunction<'access'>;

export function knownActions(): readonly string[] {
  return AUDIT_ACTIONS;
}

/** An action that is newer than this page shows by its code. */
export function actionText(action: string, t: Say): string {
  return t(`audit.actions.${action}` as ParseKeys<'access'>, { defaultValue: action });
}

/** People and service accounts have names; the others are known by what they are. */
export function actorText(
  { actor_kind, actor_name }: Pick<AuditEntry, 'actor_kind' | 'actor_name'>,
  t: Say,
): string {
  if (actor_kind === 'anonymous' || actor_kind === 'system' || actor_kind === 'local')
    return t(`audit.actors.${actor_kind}`);
  return actor_name;
}

export function objectText(
  { object_kind, object_name }: Pick<AuditEntry, 'object_kind' | 'object_name'>,
  t: Say,
): string {
  if (object_kind === null) return '';
  const kind = t(`audit.objects.${object_kind}` as ParseKeys<'access'>, { defaultValue: object_kind });
  return object_name === null ? kind : t('audit.object_named', { kind, name: object_name });
}
