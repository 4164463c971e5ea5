import { useNavigate } from '@tanstack/react-router';
import { type ComponentType, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { allPages, areaOf, pageAddress } from '../areas.ts';
import { LANGUAGES } from '../i18n/languages.ts';
import { KeyboardIcon, LanguageIcon, SignOutIcon } from '../icons.ts';
import { useMay, useMembership } from '../session.ts';
import { usePreferences } from '../use-preferences.ts';
import { SCHEMES, useSignOut } from './user-menu.tsx';

export interface Command {
  id: string;
  group: string;
  label: string;
  detail?: string | undefined;
  icon?: ComponentType<{ size?: number; 'aria-hidden'?: 'true' }> | undefined;
  run: () => void;
}

/** The pages one may open, and what can be done from anywhere. */
export function useCommands(onHelp: () => void): Command[] {
  const pages = usePageCommands();
  const actions = useActions(onHelp);
  return useMemo(() => [...pages, ...actions], [pages, actions]);
}

function usePageCommands(): Command[] {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const may = useMay();
  const workspace = useMembership()?.workspace.slug;
  return useMemo(
    () =>
      allPages.flatMap(page => {
        const to = pageAddress(page, workspace);
        if (page.unlisted || to === undefined || !may(page.needs)) return [];
        const area = areaOf(page);
        const command: Command = {
          id: to,
          group: t('palette.pages'),
          label: t(`pages.${page.title}`),
          detail: area?.title && t(`pages.${area.title}`),
          icon: area?.icon,
          run: () => void navigate({ to }),
        };
        return [command];
      }),
    [t, navigate, may, workspace],
  );
}

function useActions(onHelp: () => void): Command[] {
  const { t } = useTranslation();
  const { setScheme, setLanguage } = usePreferences();
  const signOut = useSignOut();
  const group = t('palette.actions');
  return [
    ...SCHEMES.map(({ scheme, icon }) => ({
      id: `theme:${scheme}`,
      group,
      icon,
      label: t('palette.theme', { theme: t(`theme.${scheme}`) }),
      run: () => setScheme(scheme),
    })),
    ...LANGUAGES.map(language => ({
      id: `language:${language}`,
      group,
      icon: LanguageIcon,
      label: t('palette.language', { language: t(`languages.${language}`) }),
      run: () => setLanguage(language),
    })),
    { id: 'keys', group, icon: KeyboardIcon, label: t('keys.help'), run: onHelp },
    { id: 'sign_out', group, icon: SignOutIcon, label: t('sign_out'), run: signOut },
  ];
}
