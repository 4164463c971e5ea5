import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { OfflineIcon } from '../icons.ts';
import { useLive } from '../live-provider.tsx';
import css from './stale-banner.module.css';

/** Says that the page no longer follows what happens; goes by itself when it does again. */
export function StaleBanner() {
  const { t } = useTranslation();
  const { state, retry } = useLive();
  return (
    <div role="status">
      {state === 'lost' && (
        <div className={css.banner}>
          <OfflineIcon size={16} aria-hidden="true" />
          <span>{t('live.stale')}</span>
          <Button variant="subtle" onClick={retry}>
            {t('retry')}
          </Button>
        </div>
      )}
    </div>
  );
}
