import { Menu } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { DoneIcon, OpenIcon } from '../icons.ts';
import { useMe, useMembership } from '../session.ts';
import css from './workspace-switch.module.css';

/** Which workspace this is, and the way to the others; each is a link, so it opens in a tab of its own. */
export function WorkspaceSwitch() {
  const { t } = useTranslation();
  const { memberships } = useMe();
  const current = useMembership();
  return (
    <Menu position="bottom-start" width="target">
      <Menu.Target>
        <button type="button" className={css.target} disabled={memberships.length === 0}>
          <span className={css.label}>{t('shell.workspace')}</span>
          <bdi className={css.name}>{current?.workspace.name ?? t('shell.no_workspace')}</bdi>
          <OpenIcon size={14} aria-hidden="true" />
        </button>
      </Menu.Target>
      <Menu.Dropdown className={css.dropdown}>
        {memberships.map(({ workspace, role }) => (
          <Menu.Item
            key={workspace.id}
            component={Link}
            to={`/w/${workspace.slug}`}
            aria-current={workspace.id === current?.workspace.id || undefined}
            rightSection={
              workspace.id === current?.workspace.id ? <DoneIcon size={14} aria-hidden="true" /> : null
            }
          >
            <bdi className={css.item}>{workspace.name}</bdi>
            <span className={css.role}>{t(`roles.${role}`)}</span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
