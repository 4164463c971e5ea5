import { Button } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import dialog from '../dialog.module.css';
import { Dialog } from '../dialog.tsx';

/** Back, a link or closing the tab loses nothing without a question. */
export function LeaveGuard({ active, kept }: { active: boolean; kept: boolean }) {
  const { t } = useTranslation();
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: ({ current, next }) => active && current.pathname !== next.pathname,
    enableBeforeUnload: active,
    withResolver: true,
  });
  if (status !== 'blocked') return null;
  return (
    <Dialog title={t('leave.title')} onClose={reset}>
      <div className={dialog.stack}>
        <p>{t(kept ? 'leave.kept' : 'leave.text')}</p>
        <div className={dialog.buttons}>
          <Button onClick={proceed}>{t('leave.leave')}</Button>
          <Button variant="filled" onClick={reset} data-autofocus>
            {t('leave.stay')}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
