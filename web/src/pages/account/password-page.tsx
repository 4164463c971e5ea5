import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApiChange } from '../../api.ts';
import { Card } from '../../parts/card.tsx';
import { Narrow } from '../../parts/columns.tsx';
import type { Field } from '../../parts/form/field.ts';
import { Form } from '../../parts/form/form.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { toastDone } from '../../parts/toasts.tsx';
import { useMe } from '../../session.ts';
import { IdentityCard } from './identity-card.tsx';

type Values = { current_password: string; new_password: string };
const EMPTY: Values = { current_password: '', new_password: '' };

export default function PasswordPage() {
  const { t } = useTranslation(['account', 'common']);
  const { has_password } = useMe();
  const change = useApiChange('me.password', { also: ['me', 'sessions'] });
  // A password that was changed is typed no more: the form begins anew.
  const [round, setRound] = useState(0);
  return (
    <>
      <PageHeader title={t('common:pages.password')} facts={t('password.about')} />
      <Narrow>
        <Card title={t('password.title')}>
          {!has_password && <p className="dim">{t('password.none_yet')}</p>}
          <Form<Values>
            key={round}
            fields={useFields(has_password)}
            initial={EMPTY}
            submit={has_password ? t('password.save') : t('password.set')}
            run={({ current_password, new_password }) =>
              change.mutateAsync({
                body: has_password ? { current_password, new_password } : { new_password },
              })
            }
            onDone={() => {
              toastDone({ message: t('password.saved') });
              setRound(round + 1);
            }}
          />
        </Card>
        <IdentityCard />
      </Narrow>
    </>
  );
}

function useFields(has_password: boolean): Field<Values>[] {
  const { t } = useTranslation(['account', 'common']);
  const current: Field<Values> = {
    name: 'current_password',
    kind: 'password',
    label: t('password.current'),
    autoComplete: 'current-password',
    required: true,
  };
  const wanted: Field<Values> = {
    name: 'new_password',
    kind: 'password',
    label: t('password.new'),
    description: t('password.ends_others'),
    autoComplete: 'new-password',
    required: true,
  };
  return has_password ? [current, wanted] : [wanted];
}
