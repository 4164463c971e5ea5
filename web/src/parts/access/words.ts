import type { ParseKeys } from 'i18next';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import type { Scope } from '../../../../src/contract/permissions.ts';

export type Right = Exclude<Scope, '*'>;
type Key = ParseKeys<'access'>;

/** What a permission lets somebody do, in words. */
export function usePermissionText(): (right: Right) => string {
  const { t } = useTranslation('access');
  // `members:read` is `permissions.members.read` in the catalogue: a colon there separates namespaces.
  return useCallback(right => t(`permissions.${right.replace(':', '.')}` as Key), [t]);
}

/** What a permission is about: `members` of `members:read`. */
export function rightGroup(right: Right): string {
  return right.slice(0, right.indexOf(':'));
}

export function useGroupText(): (group: string) => string {
  const { t } = useTranslation('access');
  return useCallback(group => t(`permission_groups.${group}` as Key), [t]);
}
