import { Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useReturnFocus } from './use-return-focus.ts';

interface DialogProps {
  title: string;
  onClose: () => void;
  /** For what is compared or chosen from many. */
  wide?: boolean;
  /** Holds something that could not be shown again: only a button closes it. */
  firm?: boolean;
  children: ReactNode;
}

/** Open while it is rendered; the focus goes in, stays in, and returns to where it was. */
export function Dialog({ title, onClose, wide = false, firm = false, children }: DialogProps) {
  const { t } = useTranslation();
  useReturnFocus();
  return (
    <Modal
      opened
      title={title}
      size={wide ? 'lg' : 'md'}
      onClose={onClose}
      closeOnClickOutside={!firm}
      closeOnEscape={!firm}
      closeButtonProps={{ 'aria-label': t('close') }}
    >
      {children}
    </Modal>
  );
}
