import { StateLink } from './state-link.tsx';
import css from './tabs.module.css';

interface TabsProps<Tab extends string> {
  /** What they are parts of, for those who cannot see where they stand. */
  label: string;
  /** The first one is the page as it is opened, and has no name in the address. */
  tabs: readonly { id: Tab; label: string }[];
  current: Tab;
}

/** Links, because each is an address; what else is in the address stays. */
export function Tabs<Tab extends string>({ label, tabs, current }: TabsProps<Tab>) {
  return (
    <nav className={css.tabs} aria-label={label}>
      {tabs.map((tab, position) => (
        <StateLink
          key={tab.id}
          change={{ tab: position === 0 ? null : tab.id }}
          className={css.tab}
          aria-current={tab.id === current ? 'page' : undefined}
        >
          {tab.label}
        </StateLink>
      ))}
    </nav>
  );
}
