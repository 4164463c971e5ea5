import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Run } from '../../../../src/contract/runs.ts';
import { RunIcon } from '../../icons.ts';
import { PageHeader } from '../../parts/page-header.tsx';
import { DataTable } from '../../parts/table/data-table.tsx';
import type { Selection } from '../../parts/table/data-table-props.ts';
import { usePagedList } from '../../parts/table/list.ts';
import { useMay, useMembership } from '../../session.ts';
import { BulkActions } from './bulk-actions.tsx';
import { useRunColumns } from './run-columns.tsx';
import { StartDialog } from './start-dialog.tsx';
import { useRunFilters } from './use-run-filters.ts';
import { useRunsView } from './use-runs-view.ts';

export default function RunsPage() {
  const { t } = useTranslation(['runs', 'common']);
  const may = useMay();
  const slug = useMembership()?.workspace.slug ?? '';
  const { view, query } = useRunsView();
  const list = usePagedList('runs.list', { query }, view);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [starting, setStarting] = useState(false);
  // The built-in kind is all that can be started by hand so far, and it has a permission of its own.
  const start = may('runs:start') && may('runs:diagnose') && (
    <Button variant="filled" leftSection={<RunIcon size={15} />} onClick={() => setStarting(true)}>
      {t('list.start')}
    </Button>
  );
  const selection: Selection<Run> = {
    ids: chosen,
    change: setChosen,
    label: run => t('list.choose', { title: run.title }),
    actions: <BulkActions chosen={chosen} runs={list.rows ?? []} onDone={setChosen} />,
  };
  return (
    <>
      <PageHeader title={t('common:pages.runs')} facts={t('list.about')} actions={start} />
      <DataTable
        id="runs"
        caption={t('list.caption')}
        columns={useRunColumns()}
        list={list}
        rowId={run => run.id}
        view={view}
        filters={useRunFilters(view, list.rows)}
        search={t('list.search')}
        link={run => `/w/${slug}/runs/${run.id}`}
        empty={{ title: t('list.empty'), text: t('list.empty_text'), icon: <RunIcon size={18} /> }}
        selection={may('runs:start') ? selection : undefined}
      />
      {starting && <StartDialog onClose={() => setStarting(false)} />}
    </>
  );
}
