import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Item, useApiChange, useApiList } from '../../api.ts';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { RelativeTime } from '../../parts/relative-time.tsx';
import type { Column } from '../../parts/table/column.ts';
import { DataTable } from '../../parts/table/data-table.tsx';
import { useTableView } from '../../parts/table/use-table-view.ts';
import { toastDone } from '../../parts/toasts.tsx';

type Invitation = Item<'invitations.list'>;

/** Links that were made and not used yet. Nobody misses an empty list of them. */
export function Invitations() {
  const { t } = useTranslation('settings');
  const list = useApiList('invitations.list', {});
  const withdraw = useApiChange('invitations.delete');
  const view = useTableView({ prefix: 'invitations' });
  const columns = useColumns();
  const [asked, setAsked] = useState<Invitation>();
  if (list.rows?.length === 0) return null;
  return (
    <>
      <DataTable
        id="invitations"
        titled
        caption={t('invitations.caption')}
        columns={columns}
        list={list}
        rowId={invitation => invitation.id}
        view={view}
        empty={{ title: t('invitations.empty') }}
        actions={invitation => (
          <Button
            variant="subtle"
            aria-label={t('invitations.withdraw_of', { email: invitation.email })}
            onClick={() => setAsked(invitation)}
          >
            {t('invitations.withdraw')}
          </Button>
        )}
      />
      {asked !== undefined && (
        <ConfirmDialog
          title={t('invitations.withdraw_title', { email: asked.email })}
          action={t('invitations.withdraw')}
          destructive
          run={async () => {
            await withdraw.mutateAsync({ params: { id: asked.id } });
            toastDone({ message: t('invitations.withdrawn', { email: asked.email }) });
          }}
          onClose={() => setAsked(undefined)}
        >
          {t('invitations.withdraw_text')}
        </ConfirmDialog>
      )}
    </>
  );
}

function useColumns(): Column<Invitation>[] {
  const { t } = useTranslation(['settings', 'common']);
  return [
    { id: 'email', header: t('invitations.email'), value: invitation => invitation.email, wide: true },
    { id: 'role', header: t('invitations.role'), value: invitation => t(`common:roles.${invitation.role}`) },
    { id: 'by', header: t('invitations.by'), value: invitation => invitation.created_by },
    {
      id: 'created',
      header: t('invitations.created'),
      value: invitation => invitation.created_at,
      cell: invitation => <RelativeTime at={invitation.created_at} />,
      optional: 'hidden',
    },
    {
      id: 'expires',
      header: t('invitations.expires'),
      value: invitation => invitation.expires_at,
      cell: invitation => <RelativeTime at={invitation.expires_at} />,
    },
  ];
}
