import { ActionIcon, Menu } from '@mantine/core';
import { type ReactNode, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { MoreIcon } from '../icons.ts';

export interface RowAction {
  label: string;
  icon?: ReactNode;
  run: () => void;
  destructive?: boolean;
}

/** What can be done with one row; nothing at all when nothing can. */
export function RowMenu({ name, actions }: { name: string; actions: readonly RowAction[] }) {
  const { t } = useTranslation();
  const button = useRef<HTMLButtonElement>(null);
  if (actions.length === 0) return null;
  const start = (action: RowAction) => {
    // A dialog that opens now returns the focus to the button: the item it was opened from is gone by then.
    button.current?.focus();
    action.run();
  };
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon ref={button} aria-label={t('actions_for', { name })} size={26}>
          <MoreIcon size={16} aria-hidden="true" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {actions.map(action => (
          <Menu.Item
            key={action.label}
            leftSection={action.icon}
            color={action.destructive ? 'bad' : undefined}
            onClick={() => start(action)}
          >
            {action.label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
