import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Me } from '../../../../src/contract/access.ts';
import css from './memberships.module.css';

/** The workspaces somebody belongs to, each with the role there. */
export function Memberships({ me }: { me: Me }) {
  const { t } = useTranslation(['account', 'common']);
  if (me.memberships.length === 0) return t('profile.no_workspace');
  return (
    <ul className={css.list}>
      {me.memberships.map(({ workspace, role }) => (
        <li key={workspace.id}>
          <Link to={`/w/${workspace.slug}`}>
            <bdi>{workspace.name}</bdi>
          </Link>{' '}
          <span className="faint">{t(`common:roles.${role}`)}</span>
        </li>
      ))}
    </ul>
  );
}
