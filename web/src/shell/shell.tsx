import { ActionIcon, Drawer } from '@mantine/core';
import { useLocation } from '@tanstack/react-router';
import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { MenuIcon, SearchIcon } from '../icons.ts';
import { Activity } from './activity.tsx';
import { KeyboardHelp } from './keyboard-help.tsx';
import { Mark } from './mark.tsx';
import { Navigation } from './navigation.tsx';
import { Palette } from './palette.tsx';
import { SectionNavigation } from './section-navigation.tsx';
import css from './shell.module.css';
import { StaleBanner } from './stale-banner.tsx';
import { useKeyboard } from './use-keyboard.ts';
import { UserMenu } from './user-menu.tsx';

/** Navigation at the side, what is always at hand above, the page in the rest. On a small screen the side is a drawer. */
export function Shell({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const [drawer, setDrawer] = useState(false);
  const [open, setOpen] = useState<'palette' | 'help' | null>(null);
  const { pathname } = useLocation();
  useKeyboard({ onPalette: () => setOpen('palette'), onHelp: () => setOpen('help') });
  // biome-ignore lint/correctness/useExhaustiveDependencies: having arrived somewhere closes the drawer
  useEffect(() => setDrawer(false), [pathname]);
  return (
    <div className={css.shell}>
      <a href="#content" className={css.skip}>
        {t('skip_to_content')}
      </a>
      <div className={css.side}>
        <Navigation />
      </div>
      <header className={css.header}>
        <ActionIcon
          className={css.burger}
          aria-label={t('shell.open_navigation')}
          aria-expanded={drawer}
          onClick={() => setDrawer(true)}
        >
          <MenuIcon size={18} aria-hidden="true" />
        </ActionIcon>
        <span className={css.headerMark}>
          <Mark />
        </span>
        <button type="button" className={css.find} onClick={() => setOpen('palette')}>
          <SearchIcon size={14} aria-hidden="true" />
          <span className={css.findLong}>{t('shell.find')}</span>
          <span className={css.findShort}>{t('shell.find_short')}</span>
          <span className={css.findKeys} aria-hidden="true">
            <kbd>{isApple() ? '⌘' : 'Ctrl'}</kbd> <kbd>K</kbd>
          </span>
        </button>
        <div className={css.right}>
          <Activity />
          <UserMenu onHelp={() => setOpen('help')} />
        </div>
      </header>
      <Drawer
        opened={drawer}
        onClose={() => setDrawer(false)}
        size={280}
        withCloseButton={false}
        padding={0}
        attributes={{ content: { 'aria-label': t('shell.open_navigation') } }}
      >
        <Navigation />
      </Drawer>
      <main id="content" className={css.main} tabIndex={-1}>
        <StaleBanner />
        <div className={css.page}>
          <SectionNavigation />
          <div className={css.content}>{children}</div>
        </div>
      </main>
      {open === 'palette' && <Palette onClose={() => setOpen(null)} onHelp={() => setOpen('help')} />}
      {open === 'help' && <KeyboardHelp onClose={() => setOpen(null)} />}
    </div>
  );
}

function isApple(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.userAgent);
}
