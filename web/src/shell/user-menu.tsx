import { Menu, VisuallyHidden } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { callApi } from '../api.ts';
import { allPages } from '../areas.ts';
import { LANGUAGES } from '../i18n/languages.ts';
import {
  DarkIcon,
  DoneIcon,
  KeyboardIcon,
  LightIcon,
  PersonIcon,
  SignOutIcon,
  SystemThemeIcon,
} from '../icons.ts';
import { forgetAllDrafts } from '../parts/form/use-draft.ts';
import { toastProblem } from '../parts/toasts.tsx';
import type { Scheme } from '../preferences.ts';
import { useMe } from '../session.ts';
import { usePreferences } from '../use-preferences.ts';
import css from './user-menu.module.css';

export const SCHEMES: readonly { scheme: Scheme; icon: typeof LightIcon }[] = [
  { scheme: 'light', icon: LightIcon },
  { scheme: 'dark', icon: DarkIcon },
  { scheme: 'system', icon: SystemThemeIcon },
];

/** Where one's own pages begin, once there are some. */
const accountPage = allPages.find(page => page.path.startsWith('/account'));

export function UserMenu({ onHelp }: { onHelp: () => void }) {
  const { t } = useTranslation();
  const me = useMe();
  const { scheme, setScheme, language, setLanguage } = usePreferences();
  const signOut = useSignOut();
  const button = useRef<HTMLButtonElement>(null);
  const help = () => {
    button.current?.focus();
    onHelp();
  };
  return (
    <Menu width={230} checkIcon={<DoneIcon size={14} />}>
      <Menu.Target>
        <button ref={button} type="button" className={css.avatar}>
          <span aria-hidden="true" translate="no">
            {initials(me.name)}
          </span>
          <VisuallyHidden>{t('shell.account_of', { name: me.name })}</VisuallyHidden>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <div className={css.who}>
          <bdi className={css.name}>{me.name}</bdi>
          {me.email !== null && <span className={css.email}>{me.email}</span>}
        </div>
        {accountPage !== undefined && (
          <Menu.Item component={Link} to={accountPage.path} leftSection={<PersonIcon size={16} />}>
            {t('shell.account')}
          </Menu.Item>
        )}
        <Menu.Item leftSection={<KeyboardIcon size={16} />} onClick={help}>
          {t('keys.title')}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t('theme.label')}</Menu.Label>
        {SCHEMES.map(({ scheme: offered }) => (
          <Menu.RadioItem
            key={offered}
            value={offered}
            checked={offered === scheme}
            onChange={() => setScheme(offered)}
          >
            {t(`theme.${offered}`)}
          </Menu.RadioItem>
        ))}
        <Menu.Label>{t('language')}</Menu.Label>
        {LANGUAGES.map(offered => (
          <Menu.RadioItem
            key={offered}
            value={offered}
            checked={offered === language}
            onChange={() => setLanguage(offered)}
          >
            <span lang={offered}>{t(`languages.${offered}`)}</span>
          </Menu.RadioItem>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<SignOutIcon size={16} />} onClick={signOut}>
          {t('sign_out')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

export function useSignOut(): () => void {
  const queries = useQueryClient();
  const navigate = useNavigate();
  return () => {
    callApi('sign_out', {})
      .then(forgetAllDrafts)
      .then(() => navigate({ to: '/sign-in' }))
      .then(() => queries.clear())
      .catch(toastProblem);
  };
}

/** AD for "Ada Dupont", ÉD for "éléonore dupont", 李 for a name of one word. */
export function initials(name: string): string {
  const words = name.split(/[\s.@_-]+/u).filter(word => /\p{L}|\p{N}/u.test(word));
  const ends = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return ends.map(word => [...(word ?? '?')][0]?.toLocaleUpperCase() ?? '').join('');
}
