import { Button } from '@mantine/core';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isInstanceRight, roleHolds } from '../../../../src/contract/permissions.ts';
import { callApi, useApi, useApiChange, useApiList } from '../../api.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { AddIcon } from '../../icons.ts';
import { TokenDialog } from '../../parts/access/token-dialog.tsx';
import { TokenTable } from '../../parts/access/token-table.tsx';
import type { Right } from '../../parts/access/words.ts';
import { Awaited } from '../../parts/awaited.tsx';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { toastDone } from '../../parts/toasts.tsx';
import { useMay, useMembership } from '../../session.ts';
import { ServiceAccountDialog } from './service-account-dialog.tsx';
import type { ServiceAccount } from './service-accounts-page.tsx';

export default function ServiceAccountPage() {
  const { id = '' }: { id?: string } = useParams({ strict: false });
  const account = useApi('service_accounts.show', { params: { id } });
  return <Awaited query={account}>{loaded => <Account account={loaded} />}</Awaited>;
}

type Asked = 'edit' | 'delete' | 'token';

function Account({ account }: { account: ServiceAccount }) {
  const { t } = useTranslation(['settings', 'access', 'common']);
  const { date } = useFormat();
  const may = useMay();
  const slug = useMembership()?.workspace.slug ?? '';
  const [asked, setAsked] = useState<Asked>();
  const close = () => setAsked(undefined);
  const makeToken = (
    <Button variant="filled" leftSection={<AddIcon size={15} />} onClick={() => setAsked('token')}>
      {t('access:tokens.make')}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={account.name}
        crumbs={[{ label: t('common:pages.service_accounts'), to: `/w/${slug}/settings/service-accounts` }]}
        facts={t('service_accounts.facts', {
          role: t(`common:roles.${account.role}`),
          since: date(account.created_at),
        })}
        actions={
          may('service_accounts:edit') && (
            <>
              <Button variant="subtle" color="bad" onClick={() => setAsked('delete')}>
                {t('service_accounts.delete')}
              </Button>
              <Button onClick={() => setAsked('edit')}>{t('service_accounts.edit')}</Button>
              {makeToken}
            </>
          )
        }
      />
      <Tokens account={account} />
      {asked === 'edit' && <EditDialog account={account} onClose={close} />}
      {asked === 'delete' && <DeleteDialog account={account} onClose={close} />}
      {asked === 'token' && <NewToken account={account} onClose={close} />}
    </>
  );
}

function Tokens({ account }: { account: ServiceAccount }) {
  const { t } = useTranslation('settings');
  const may = useMay();
  const list = useApiList('tokens.list', { query: { owner_id: account.id } });
  const revoke = useApiChange('tokens.delete');
  return (
    <TokenTable
      id="service-account-tokens"
      list={list}
      revoke={
        may('service_accounts:edit') ? token => revoke.mutateAsync({ params: { id: token.id } }) : undefined
      }
      empty={{ title: t('service_accounts.no_tokens'), text: t('service_accounts.no_tokens_text') }}
    />
  );
}

interface DialogProps {
  account: ServiceAccount;
  onClose: () => void;
}

function NewToken({ account, onClose }: DialogProps) {
  const { t } = useTranslation('access');
  const create = useApiChange('tokens.create');
  return (
    <TokenDialog
      everything={t('tokens.scopes_all', { owner: account.name })}
      holds={permission => accountHolds(account, permission)}
      create={({ name, scopes, expires_in_days }) =>
        create.mutateAsync({ params: { id: account.id }, body: { name, scopes, expires_in_days } })
      }
      onClose={onClose}
    />
  );
}

function accountHolds(account: ServiceAccount, permission: Right): boolean {
  return isInstanceRight(permission)
    ? account.instance_rights.includes(permission)
    : roleHolds(account.role, permission);
}

function EditDialog({ account, onClose }: DialogProps) {
  const { t } = useTranslation('settings');
  const workspace = useMembership()?.workspace.slug;
  const edit = useApiChange('service_accounts.edit');
  return (
    <ServiceAccountDialog
      title={t('service_accounts.edit_title', { name: account.name })}
      submit={t('service_accounts.save')}
      initial={{ name: account.name, role: account.role }}
      version={account.version}
      run={async (body, version) => {
        await edit.mutateAsync({ params: { id: account.id }, body, version });
        toastDone({ message: t('service_accounts.saved', { name: body.name }) });
      }}
      reload={async () => {
        const now = await callApi('service_accounts.show', { params: { id: account.id } }, { workspace });
        return { values: { name: now.name, role: now.role }, version: now.version };
      }}
      onClose={onClose}
    />
  );
}

function DeleteDialog({ account, onClose }: DialogProps) {
  const { t } = useTranslation('settings');
  const slug = useMembership()?.workspace.slug ?? '';
  const navigate = useNavigate();
  return (
    <ConfirmDialog
      title={t('service_accounts.delete_title', { name: account.name })}
      action={t('service_accounts.delete')}
      destructive
      run={async () => {
        await callApi('service_accounts.delete', { params: { id: account.id } }, { workspace: slug });
        await navigate({ to: `/w/${slug}/settings/service-accounts` });
        toastDone({ message: t('service_accounts.deleted', { name: account.name }) });
      }}
      onClose={onClose}
    >
      {t('service_accounts.delete_text')}
    </ConfirmDialog>
  );
}
