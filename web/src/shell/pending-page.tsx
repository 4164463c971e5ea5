import { Skeleton } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import css from './pending-page.module.css';

/** The outline of a page whose code or first answer is still on its way. */
export function PendingPage() {
  const { t } = useTranslation();
  return (
    <div className={css.pending} role="status" aria-label={t('loading')}>
      <Skeleton height={22} width={220} />
      <Skeleton height={12} width={320} />
      <Skeleton height={240} radius="lg" />
    </div>
  );
}
