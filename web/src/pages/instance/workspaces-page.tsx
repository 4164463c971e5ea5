import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { callApi, type Item, makeStale, useApiList } from '../../api.ts';
import { AddIcon } from '../../icons.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Form } from '../../parts/form/form.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { RelativeTime } from '../../parts/relative-time.tsx';
import type { Column } from '../../parts/table/column.ts';
import { DataTable } from '../../parts/table/data-table.tsx';
import { useTableView } from '../../parts/table/use-table-view.ts';
import { toastDone } from '../../parts/toasts.tsx';
import { useMe } from '../../session.ts';
import { useTimeZones } from '../../time-zones.ts';
import { WorkspaceName } from './workspace-name.tsx';

type Workspace = Item<'workspaces.list'>;

export default function WorkspacesPage() {
  const { t } = useTranslation(['instance', 'common']);
  const list = useApiList('workspaces.list', {});
  const view = useTableView();
  const [making, setMaking] = useState(false);
  return (
    <>
      <PageHeader
        title={t('common:pages.workspaces')}
        facts={t('workspaces.about')}
        actions={
          <Button variant="filled" leftSection={<AddIcon size={15} />} onClick={() => setMaking(true)}>
            {t('workspaces.make')}
          </Button>
        }
      />
      <DataTable
        id="workspaces"
        caption={t('workspaces.caption')}
        columns={useColumns()}
        list={list}
        rowId={workspace => workspace.id}
        view={view}
        search={t('workspaces.search')}
        empty={{ title: t('workspaces.empty') }}
      />
      {making && <NewWorkspace onClose={() => setMaking(false)} />}
    </>
  );
}

function useColumns(): Column<Workspace>[] {
  const { t } = useTranslation(['instance', 'common']);
  const { memberships } = useMe();
  const roleIn = (workspace: Workspace) =>
    memberships.find(membership => membership.workspace.id === workspace.id)?.role;
  return [
    {
      id: 'name',
      header: t('workspaces.name'),
      value: workspace => workspace.name,
      cell: workspace => <WorkspaceName workspace={workspace} linked={roleIn(workspace) !== undefined} />,
      wide: true,
    },
    { id: 'slug', header: t('workspaces.slug'), value: workspace => workspace.slug, mono: true },
    {
      id: 'mine',
      header: t('workspaces.mine'),
      value: workspace => {
        const role = roleIn(workspace);
        return role === undefined ? t('workspaces.not_mine') : t(`common:roles.${role}`);
      },
    },
    { id: 'time_zone', header: t('workspaces.time_zone'), value: workspace => workspace.time_zone },
    {
      id: 'created',
      header: t('workspaces.created'),
      value: workspace => workspace.created_at,
      cell: workspace => <RelativeTime at={workspace.created_at} />,
    },
  ];
}

type Values = { name: string; slug: string; time_zone: string };

function NewWorkspace({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('instance');
  const queries = useQueryClient();
  const navigate = useNavigate();
  const zones = useTimeZones();
  const make = async ({ name, slug, time_zone }: Values) => {
    const made = await callApi('workspaces.create', {
      body: { name, time_zone, ...(slug !== '' && { slug }) },
    });
    await makeStale(queries, ['me', 'workspaces']);
    await navigate({ to: `/w/${made.slug}` });
    toastDone({ message: t('workspaces.made', { name: made.name }) });
  };
  return (
    <Dialog title={t('workspaces.make')} onClose={onClose}>
      <Form<Values>
        fields={[
          { name: 'name', kind: 'text', label: t('workspaces.name'), required: true },
          {
            name: 'slug',
            kind: 'text',
            label: t('workspaces.slug'),
            description: t('workspaces.slug_help'),
            mono: true,
          },
          {
            name: 'time_zone',
            kind: 'choice',
            label: t('workspaces.time_zone'),
            options: zones,
            required: true,
          },
        ]}
        initial={{ name: '', slug: '', time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone }}
        submit={t('workspaces.make')}
        run={make}
        onCancel={onClose}
      />
    </Dialog>
  );
}
