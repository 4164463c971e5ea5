import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Item, useApiChange, useApiList } from '../../api.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { AddIcon, DeleteIcon, ScheduleIcon } from '../../icons.ts';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { RelativeTime } from '../../parts/relative-time.tsx';
import { RowMenu } from '../../parts/row-menu.tsx';
import type { Column } from '../../parts/table/column.ts';
import { DataTable } from '../../parts/table/data-table.tsx';
import { useTableView } from '../../parts/table/use-table-view.ts';
import { toastDone } from '../../parts/toasts.tsx';
import { useMay, useMembership } from '../../session.ts';
import { useBlackoutWords } from './use-blackout-words.ts';

type Calendar = Item<'calendars.list'>;

export default function CalendarsPage() {
  const { t } = useTranslation(['schedules', 'common']);
  const may = useMay();
  const slug = useMembership()?.workspace.slug ?? '';
  const list = useApiList('calendars.list', {});
  const view = useTableView();
  const [deleting, setDeleting] = useState<Calendar>();
  const make = may('schedules:edit') && (
    <Button
      component={Link}
      to={`/w/${slug}/schedules/calendars/new`}
      variant="filled"
      leftSection={<AddIcon size={15} />}
    >
      {t('calendars.make')}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={t('common:pages.calendars')}
        crumbs={[{ label: t('common:pages.schedules'), to: `/w/${slug}/schedules` }]}
        facts={t('calendars.about')}
        actions={list.rows?.length !== 0 && make}
      />
      <DataTable
        id="calendars"
        caption={t('common:pages.calendars')}
        columns={useColumns()}
        list={list}
        rowId={calendar => calendar.id}
        view={view}
        search={t('calendars.search')}
        link={calendar => `/w/${slug}/schedules/calendars/${calendar.id}`}
        empty={{
          title: t('calendars.empty'),
          text: t('calendars.empty_text'),
          icon: <ScheduleIcon size={18} />,
          action: make,
        }}
        actions={
          may('schedules:edit') ? calendar => <Menu calendar={calendar} ask={setDeleting} /> : undefined
        }
      />
      {deleting !== undefined && <DeleteDialog calendar={deleting} onClose={() => setDeleting(undefined)} />}
    </>
  );
}

function Menu({ calendar, ask }: { calendar: Calendar; ask: (calendar: Calendar) => void }) {
  const { t } = useTranslation('schedules');
  return (
    <RowMenu
      name={calendar.name}
      actions={[
        {
          label: t('calendars.delete'),
          icon: <DeleteIcon size={15} />,
          destructive: true,
          run: () => ask(calendar),
        },
      ]}
    />
  );
}

function useColumns(): Column<Calendar>[] {
  const { t } = useTranslation('schedules');
  const { list, number } = useFormat();
  const words = useBlackoutWords();
  return [
    { id: 'name', header: t('calendars.name'), value: calendar => calendar.name },
    {
      id: 'count',
      header: t('calendars.count'),
      value: calendar => calendar.blackouts.length,
      cell: calendar => number(calendar.blackouts.length),
      figures: true,
    },
    {
      id: 'what',
      header: t('calendars.what'),
      value: calendar => list(calendar.blackouts.map(words)),
      wide: true,
    },
    {
      id: 'updated',
      header: t('calendars.updated'),
      value: calendar => calendar.updated_at,
      cell: calendar => <RelativeTime at={calendar.updated_at} />,
    },
  ];
}

function DeleteDialog({ calendar, onClose }: { calendar: Calendar; onClose: () => void }) {
  const { t } = useTranslation('schedules');
  const remove = useApiChange('calendars.delete');
  const { id, name } = calendar;
  return (
    <ConfirmDialog
      title={t('delete_title', { name })}
      action={t('calendars.delete')}
      destructive
      run={async () => {
        await remove.mutateAsync({ params: { id } });
        toastDone({ message: t('deleted', { name }) });
      }}
      onClose={onClose}
    >
      {t('calendars.delete_text')}
    </ConfirmDialog>
  );
}
