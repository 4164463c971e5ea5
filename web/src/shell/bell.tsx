import { ActionIcon, Popover } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../i18n/use-format.ts';
import { BellIcon } from '../icons.ts';
import css from './activity.module.css';
import { Incidents } from './incidents.tsx';

const MOST_SHOWN = 99;

/** How many incidents are new to this person; opened, it shows them, and then they have been seen. */
export function Bell({ unseen }: { unseen: number }) {
  const { t } = useTranslation();
  const { number } = useFormat();
  const [open, setOpen] = useState(false);
  const shown = unseen > MOST_SHOWN ? `${MOST_SHOWN}+` : number(unseen);
  return (
    <Popover
      opened={open}
      onChange={setOpen}
      position="bottom-end"
      // With room beside it on the narrowest screen.
      width={336}
      shadow="md"
      trapFocus
      returnFocus
      withRoles={false}
    >
      <Popover.Target>
        <ActionIcon
          className={css.bell}
          aria-label={t('bell.label', { count: unseen, shown })}
          aria-haspopup="dialog"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          <BellIcon size={17} aria-hidden="true" />
          {unseen > 0 && (
            <span className={css.badge} aria-hidden="true">
              {shown}
            </span>
          )}
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown p={0} role="dialog" aria-label={t('bell.title')}>
        {open && <Incidents onLeave={() => setOpen(false)} />}
      </Popover.Dropdown>
    </Popover>
  );
}
