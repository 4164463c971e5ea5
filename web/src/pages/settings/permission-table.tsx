import { useId, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { ROLES, roleHolds, workspacePermissions } from '../../../../src/contract/permissions.ts';
import { DoneIcon } from '../../icons.ts';
import { usePermissionText } from '../../parts/access/words.ts';
import { useScrollable } from '../../parts/table/use-scrollable.ts';
import { useMembership } from '../../session.ts';
import css from './permission-table.module.css';

/** The table of `contract/permissions.ts` as it is in force, not a description of it. */
export function PermissionTable() {
  const { t } = useTranslation(['access', 'common']);
  const permissionText = usePermissionText();
  const mine = useMembership()?.role;
  const box = useRef<HTMLDivElement>(null);
  const scrollable = useScrollable(box);
  const caption = useId();
  return (
    <div
      ref={box}
      className={css.scroll}
      {...(scrollable && { tabIndex: 0, role: 'region', 'aria-labelledby': caption })}
    >
      <table className={css.table}>
        <caption id={caption} className={css.hidden}>
          {t('permission_table.caption')}
        </caption>
        <thead>
          <tr>
            <th scope="col">{t('permission_table.permission')}</th>
            {ROLES.map(role => (
              <th key={role} scope="col" data-mine={role === mine || undefined}>
                {t(`common:roles.${role}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {workspacePermissions.map(permission => (
            <tr key={permission}>
              <th scope="row">
                {permissionText(permission)} <code translate="no">{permission}</code>
              </th>
              {ROLES.map(role => (
                <td key={role} data-mine={role === mine || undefined}>
                  <Answer yes={roleHolds(role, permission)} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Answer({ yes }: { yes: boolean }) {
  const { t } = useTranslation('access');
  return (
    <>
      {yes ? (
        <DoneIcon size={15} className={css.yes} aria-hidden="true" />
      ) : (
        <span aria-hidden="true">–</span>
      )}
      <span className={css.hidden}>{yes ? t('permission_table.yes') : t('permission_table.no')}</span>
    </>
  );
}
