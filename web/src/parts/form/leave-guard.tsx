import { Button, Modal } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import dialog from '../dialog.module.css';

/** Back, a link or closing the tab loses nothing without a question. */
export function LeaveGuard({ active }: { active: boolean }) {
  const { t } = useTranslation();
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: ({ current, next }) => active && current.pathname !== next.pathname,
    enableBeforeUnload: active,
    withResolver: true,
  });
  if (status !== 'blocked') return null;
  return (
    <Modal opened onClose={reset} title={t('leave.title')} closeButtonProps={{ 'aria-label': t('close') }}>
      <div className={dialog.stack}>
        <p>{t('leave.text')}</p>
        <div className={dialog.buttons}>
          <Button onClick={proceed}>{t('leave.leave')}</Button>
          <Button variant="filled" onClick={reset} data-autofocus>
            {t('leave.stay')}
          </Button>
        </div>
      </div>
    </Modal>
  );
}
