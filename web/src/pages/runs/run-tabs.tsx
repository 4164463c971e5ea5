import { useTranslation } from 'react-i18next';
import { StateLink } from '../../parts/state-link.tsx';
import { TABS, type Tab } from './run.ts';
import css from './run-page.module.css';

/** Links, because each is an address; what else is in the address stays. */
export function RunTabs({ current }: { current: Tab }) {
  const { t } = useTranslation('runs');
  return (
    <nav className={css.tabs} aria-label={t('tabs.label')}>
      {TABS.map(tab => (
        <StateLink
          key={tab}
          change={{ tab: tab === 'graph' ? null : tab }}
          className={css.tab}
          aria-current={tab === current ? 'page' : undefined}
        >
          {t(`tabs.${tab}`)}
        </StateLink>
      ))}
    </nav>
  );
}
