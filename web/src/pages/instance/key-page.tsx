import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type ApiOutput, useApi, useApiChange } from '../../api.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { Awaited } from '../../parts/awaited.tsx';
import { Card } from '../../parts/card.tsx';
import { Narrow } from '../../parts/columns.tsx';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { Facts } from '../../parts/facts.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { StatePill } from '../../parts/state-pill.tsx';
import { toastDone, toastProblem } from '../../parts/toasts.tsx';
import css from './key-page.module.css';

type KeyStatus = ApiOutput<'keys.show'>;
type Verified = ApiOutput<'keys.verify'>;

/** The key that protects every secret: which it is, where it lies, and that it must be saved somewhere else. */
export default function KeyPage() {
  const { t } = useTranslation(['instance', 'common']);
  const status = useApi('keys.show', {});
  const verify = useApiChange('keys.verify');
  const [rotating, setRotating] = useState(false);
  return (
    <>
      <PageHeader
        title={t('common:pages.instance_key')}
        facts={t('key.about')}
        actions={
          <>
            <Button onClick={() => setRotating(true)}>{t('key.rotate')}</Button>
            <Button
              variant="filled"
              loading={verify.isPending}
              onClick={() => verify.mutate({}, { onError: toastProblem })}
            >
              {t('key.verify')}
            </Button>
          </>
        }
      />
      <Awaited query={status}>
        {loaded => (
          <Narrow>
            <Status status={loaded} />
            {verify.data !== undefined && <Verification verified={verify.data} />}
          </Narrow>
        )}
      </Awaited>
      {rotating && <RotateDialog onClose={() => setRotating(false)} />}
    </>
  );
}

function Status({ status }: { status: KeyStatus }) {
  const { t } = useTranslation('instance');
  const { number } = useFormat();
  return (
    <Card>
      <Facts
        facts={[
          { term: t('key.id'), value: status.key_id, mono: true },
          { term: t('key.provider'), value: t(`key.providers.${status.provider}`) },
          { term: t('key.place'), value: status.place, mono: true },
          { term: t('key.secrets'), value: number(status.secrets) },
          { term: t('key.data_keys'), value: number(status.data_keys) },
          ...(status.waiting > 0 ? [{ term: t('key.waiting'), value: number(status.waiting) }] : []),
        ]}
      />
      <p className={css.advice}>{t('key.save_it')}</p>
      <code className={css.command} translate="no">
        moulin keys export FILE
      </code>
    </Card>
  );
}

function Verification({ verified }: { verified: Verified }) {
  const { t } = useTranslation('instance');
  return (
    <Card title={t('key.verification')}>
      <div role="status" className={css.verified}>
        {verified.broken_count === 0 ? (
          <StatePill state="succeeded">{t('key.verified')}</StatePill>
        ) : (
          <StatePill state="failed">{t('key.broken', { count: verified.broken_count })}</StatePill>
        )}
        <ul>
          {verified.broken.map(broken => (
            <li key={`${broken.workspace_id} ${broken.object}`}>
              <code translate="no">{broken.object}</code> <span className="dim">{broken.reason}</span>
            </li>
          ))}
        </ul>
      </div>
    </Card>
  );
}

function RotateDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('instance');
  const rotate = useApiChange('keys.rotate');
  return (
    <ConfirmDialog
      title={t('key.rotate_title')}
      action={t('key.rotate')}
      run={async () => {
        const { reencrypted } = await rotate.mutateAsync({ body: {} });
        toastDone({ message: t('key.rotated', { count: reencrypted }) });
      }}
      onClose={onClose}
    >
      {t('key.rotate_text')}
    </ConfirmDialog>
  );
}
