import { Button } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Item, useApiChange, useApiList } from '../../api.ts';
import { AddIcon } from '../../icons.ts';
import { PageHeader } from '../../parts/page-header.tsx';
import { RelativeTime } from '../../parts/relative-time.tsx';
import type { Column } from '../../parts/table/column.ts';
import { DataTable } from '../../parts/table/data-table.tsx';
import { useTableView } from '../../parts/table/use-table-view.ts';
import { useMay, useMembership } from '../../session.ts';
import { ServiceAccountDialog } from './service-account-dialog.tsx';

export type ServiceAccount = Item<'service_accounts.list'>;

export default function ServiceAccountsPage() {
  const { t } = useTranslation(['settings', 'common']);
  const may = useMay();
  const slug = useMembership()?.workspace.slug ?? '';
  const list = useApiList('service_accounts.list', {});
  const view = useTableView();
  const [making, setMaking] = useState(false);
  const make = may('service_accounts:edit') && (
    <Button variant="filled" leftSection={<AddIcon size={15} />} onClick={() => setMaking(true)}>
      {t('service_accounts.make')}
    </Button>
  );
  const isEmpty = list.rows?.length === 0;
  return (
    <>
      <PageHeader
        title={t('common:pages.service_accounts')}
        facts={t('service_accounts.about')}
        actions={!isEmpty && make}
      />
      <DataTable
        id="service-accounts"
        caption={t('service_accounts.caption')}
        columns={useColumns()}
        list={list}
        rowId={account => account.id}
        view={view}
        search={t('service_accounts.search')}
        link={account => `/w/${slug}/settings/service-accounts/${account.id}`}
        empty={{ title: t('service_accounts.empty'), text: t('service_accounts.empty_text'), action: make }}
      />
      {making && <NewServiceAccount onClose={() => setMaking(false)} />}
    </>
  );
}

function NewServiceAccount({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('settings');
  const slug = useMembership()?.workspace.slug ?? '';
  const create = useApiChange('service_accounts.create');
  const navigate = useNavigate();
  return (
    <ServiceAccountDialog
      title={t('service_accounts.make')}
      submit={t('service_accounts.make')}
      initial={{ name: '', role: 'editor' }}
      run={async body => {
        const made = await create.mutateAsync({ body });
        // Next comes a token, and it is made there.
        await navigate({ to: `/w/${slug}/settings/service-accounts/${made.id}` });
      }}
      onClose={onClose}
    />
  );
}

function useColumns(): Column<ServiceAccount>[] {
  const { t } = useTranslation(['settings', 'common']);
  return [
    { id: 'name', header: t('service_accounts.name'), value: account => account.name, wide: true },
    { id: 'role', header: t('service_accounts.role'), value: account => t(`common:roles.${account.role}`) },
    {
      id: 'rights',
      header: t('service_accounts.rights'),
      value: account => account.instance_rights.join(' '),
      mono: true,
      optional: 'hidden',
    },
    {
      id: 'created',
      header: t('service_accounts.created'),
      value: account => account.created_at,
      cell: account => <RelativeTime at={account.created_at} />,
    },
  ];
}
