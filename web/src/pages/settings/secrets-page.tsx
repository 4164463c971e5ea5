import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Item, useApiChange, useApiList } from '../../api.ts';
import { AddIcon, DeleteIcon, EditIcon } from '../../icons.ts';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { RelativeTime } from '../../parts/relative-time.tsx';
import { RowMenu } from '../../parts/row-menu.tsx';
import type { Column } from '../../parts/table/column.ts';
import { DataTable } from '../../parts/table/data-table.tsx';
import { useTableView } from '../../parts/table/use-table-view.ts';
import { toastDone } from '../../parts/toasts.tsx';
import { useMay } from '../../session.ts';
import { SecretDialog } from './secret-dialog.tsx';

type Secret = Item<'secrets.list'>;
type Asked = { to: 'set' } | { to: 'replace' | 'delete'; secret: Secret };

export default function SecretsPage() {
  const { t } = useTranslation(['settings', 'common']);
  const may = useMay();
  const list = useApiList('secrets.list', {});
  const view = useTableView();
  const [asked, setAsked] = useState<Asked>();
  const close = () => setAsked(undefined);
  const set = may('secrets:edit') && (
    <Button variant="filled" leftSection={<AddIcon size={15} />} onClick={() => setAsked({ to: 'set' })}>
      {t('secrets.set')}
    </Button>
  );
  const isEmpty = list.rows?.length === 0;
  return (
    <>
      <PageHeader title={t('common:pages.secrets')} facts={t('secrets.about')} actions={!isEmpty && set} />
      <DataTable
        id="secrets"
        caption={t('secrets.caption')}
        columns={useColumns()}
        list={list}
        rowId={secret => secret.name}
        view={view}
        search={t('secrets.search')}
        empty={{ title: t('secrets.empty'), text: t('secrets.empty_text'), action: set }}
        actions={
          may('secrets:edit') ? secret => <SecretActions secret={secret} choose={setAsked} /> : undefined
        }
      />
      {asked?.to === 'set' && <SecretDialog onClose={close} />}
      {asked?.to === 'replace' && <SecretDialog name={asked.secret.name} onClose={close} />}
      {asked?.to === 'delete' && <DeleteDialog secret={asked.secret} onClose={close} />}
    </>
  );
}

function SecretActions({ secret, choose }: { secret: Secret; choose: (asked: Asked) => void }) {
  const { t } = useTranslation('settings');
  return (
    <RowMenu
      name={secret.name}
      actions={[
        {
          label: t('secrets.replace'),
          icon: <EditIcon size={15} />,
          run: () => choose({ to: 'replace', secret }),
        },
        {
          label: t('secrets.delete'),
          icon: <DeleteIcon size={15} />,
          destructive: true,
          run: () => choose({ to: 'delete', secret }),
        },
      ]}
    />
  );
}

function useColumns(): Column<Secret>[] {
  const { t } = useTranslation('settings');
  return [
    { id: 'name', header: t('secrets.name'), value: secret => secret.name, mono: true, wide: true },
    { id: 'version', header: t('secrets.version'), value: secret => secret.version, figures: true },
    { id: 'updated_by', header: t('secrets.updated_by'), value: secret => secret.updated_by },
    {
      id: 'updated',
      header: t('secrets.updated'),
      value: secret => secret.updated_at,
      cell: secret => <RelativeTime at={secret.updated_at} />,
    },
  ];
}

function DeleteDialog({ secret, onClose }: { secret: Secret; onClose: () => void }) {
  const { t } = useTranslation('settings');
  const remove = useApiChange('secrets.delete');
  return (
    <ConfirmDialog
      title={t('secrets.delete_title', { name: secret.name })}
      action={t('secrets.delete')}
      destructive
      run={async () => {
        await remove.mutateAsync({ params: { name: secret.name } });
        toastDone({ message: t('secrets.deleted', { name: secret.name }) });
      }}
      onClose={onClose}
    >
      {t('secrets.delete_text')}
    </ConfirmDialog>
  );
}
