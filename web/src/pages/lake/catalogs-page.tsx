import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LakeMount } from '../../../../src/contract/lake.ts';
import { useApiChange, useApiList } from '../../api.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { AddIcon, DeleteIcon, LakeIcon, RetryIcon } from '../../icons.ts';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { RelativeTime } from '../../parts/relative-time.tsx';
import { type RowAction, RowMenu } from '../../parts/row-menu.tsx';
import { StatePill } from '../../parts/state-pill.tsx';
import type { Column } from '../../parts/table/column.ts';
import { DataTable } from '../../parts/table/data-table.tsx';
import { useTableView } from '../../parts/table/use-table-view.ts';
import { toastDone, toastProblem } from '../../parts/toasts.tsx';
import { useMay, useMembership } from '../../session.ts';
import { MountDialog } from './mount-dialog.tsx';

const ALSO = ['lake_tables', 'lake_namespaces', 'lake'] as const;

/** Catalogs of others, shown beside our own and only read. */
export default function CatalogsPage() {
  const { t } = useTranslation(['lake', 'common']);
  const slug = useMembership()?.workspace.slug ?? '';
  const may = useMay();
  const view = useTableView();
  const list = useApiList('lake_mounts.list', { query: {} });
  const refresh = useApiChange('lake_mounts.refresh', { also: ALSO });
  const remove = useApiChange('lake_mounts.delete', { also: ALSO });
  const [adding, setAdding] = useState(false);
  const [leaving, setLeaving] = useState<LakeMount>();
  const add = may('lake:configure') && (
    <Button variant="filled" leftSection={<AddIcon size={15} />} onClick={() => setAdding(true)}>
      {t('mounts.add')}
    </Button>
  );
  const actionsOf = (mount: LakeMount): (RowAction | false)[] => [
    may('lake:maintain') && {
      label: t('mounts.refresh'),
      icon: <RetryIcon size={15} />,
      run: () => {
        refresh
          .mutateAsync({ params: { id: mount.id } })
          .then(() => toastDone({ message: t('mounts.refreshed', { name: mount.name }) }), toastProblem);
      },
    },
    may('lake:configure') && {
      label: t('mounts.delete'),
      icon: <DeleteIcon size={15} />,
      destructive: true,
      run: () => setLeaving(mount),
    },
  ];
  return (
    <>
      <PageHeader
        title={t('common:pages.lake_catalogs')}
        crumbs={[{ label: t('common:pages.lake'), to: `/w/${slug}/lake` }]}
        facts={t('mounts.about')}
        actions={add}
      />
      <DataTable
        id="lake-catalogs"
        caption={t('common:pages.lake_catalogs')}
        columns={useMountColumns()}
        list={list}
        rowId={({ id }) => id}
        view={view}
        actions={mount => (
          <RowMenu name={mount.name} actions={actionsOf(mount).filter(action => action !== false)} />
        )}
        empty={{
          title: t('mounts.empty'),
          text: t('mounts.empty_text'),
          icon: <LakeIcon size={18} />,
          action: add,
        }}
      />
      {adding && <MountDialog onClose={() => setAdding(false)} />}
      {leaving !== undefined && (
        <ConfirmDialog
          title={t('mounts.delete_title', { name: leaving.name })}
          action={t('mounts.delete')}
          destructive
          onClose={() => setLeaving(undefined)}
          run={async () => {
            await remove.mutateAsync({ params: { id: leaving.id } });
            toastDone({ message: t('mounts.deleted', { name: leaving.name }) });
          }}
        >
          {t('mounts.delete_text')}
        </ConfirmDialog>
      )}
    </>
  );
}

function useMountColumns(): Column<LakeMount>[] {
  const { t } = useTranslation('lake');
  const { number } = useFormat();
  return [
    { id: 'name', header: t('list.name'), value: ({ name }) => name },
    { id: 'url', header: t('mounts.url'), value: ({ url }) => url, mono: true, wide: true },
    {
      id: 'state',
      header: t('list.health'),
      value: ({ error }) => error?.message ?? null,
      cell: ({ error }) =>
        error === null ? (
          <StatePill state="succeeded">{t('health.well')}</StatePill>
        ) : (
          <span title={error.message}>
            <StatePill state="failed">{t('health.broken')}</StatePill>
          </span>
        ),
    },
    { id: 'tables', header: t('mounts.tables'), value: ({ tables }) => number(tables), figures: true },
    {
      id: 'refreshed',
      header: t('mounts.seen'),
      value: ({ refreshed_at }) => refreshed_at,
      cell: ({ refreshed_at }) =>
        refreshed_at === null ? <span className="faint">–</span> : <RelativeTime at={refreshed_at} />,
    },
  ];
}
