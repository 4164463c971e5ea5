import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { callApi, useApi, useApiChange } from '../../api.ts';
import { Card } from '../../parts/card.tsx';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { StatePill } from '../../parts/state-pill.tsx';
import { toastDone, toastProblem } from '../../parts/toasts.tsx';
import { useMe } from '../../session.ts';
import css from './identity-card.module.css';

/** The other way in, where the installation has one: whether the provider's account is linked with this one. */
export function IdentityCard() {
  const { t } = useTranslation('account');
  const { has_identity } = useMe();
  const [unlinking, setUnlinking] = useState(false);
  const { data: options } = useApi('sign_in.options', {});
  const provider = options?.oidc?.name;
  if (provider === undefined) return null;
  return (
    <Card
      title={provider}
      aside={
        has_identity ? (
          <StatePill state="succeeded">{t('identity.linked')}</StatePill>
        ) : (
          <StatePill state="skipped">{t('identity.not_linked')}</StatePill>
        )
      }
    >
      <div className={css.way}>
        <p className="dim">{t(has_identity ? 'identity.linked_text' : 'identity.text', { provider })}</p>
        {has_identity ? (
          <Button onClick={() => setUnlinking(true)}>{t('identity.unlink')}</Button>
        ) : (
          <Button onClick={() => goAndLink().catch(toastProblem)}>{t('identity.link')}</Button>
        )}
      </div>
      {unlinking && <UnlinkDialog provider={provider} onClose={() => setUnlinking(false)} />}
    </Card>
  );
}

/** The provider asks who one is on its own pages, and sends one back here. */
async function goAndLink(): Promise<void> {
  const { url } = await callApi('my_identity.link', {});
  location.assign(url);
}

function UnlinkDialog({ provider, onClose }: { provider: string; onClose: () => void }) {
  const { t } = useTranslation('account');
  const unlink = useApiChange('my_identity.delete', { also: ['me'] });
  return (
    <ConfirmDialog
      title={t('identity.unlink_title', { provider })}
      action={t('identity.unlink')}
      destructive
      run={async () => {
        await unlink.mutateAsync({});
        toastDone({ message: t('identity.unlinked', { provider }) });
      }}
      onClose={onClose}
    >
      {t('identity.unlink_text')}
    </ConfirmDialog>
  );
}
