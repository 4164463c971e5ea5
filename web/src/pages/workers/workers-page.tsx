import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Worker } from '../../../../src/contract/runs.ts';
import { useApi, useApiChange, type WholeList } from '../../api.ts';
import { InstanceIcon } from '../../icons.ts';
import { PageHeader } from '../../parts/page-header.tsx';
import { DataTable } from '../../parts/table/data-table.tsx';
import { useTableView } from '../../parts/table/use-table-view.ts';
import { toastDone, toastProblem } from '../../parts/toasts.tsx';
import { useWorkerColumns } from './worker-columns.tsx';
import { WorkerTasks } from './worker-tasks.tsx';

/** Workers belong to no workspace, whose stream of events would tell of them. */
const REFRESH_MS = 3000;
const STATES = ['active', 'draining', 'lost', 'gone'] as const;

export default function WorkersPage() {
  const { t } = useTranslation(['workers', 'common']);
  const view = useTableView({ filters: ['state'] });
  const answer = useApi('workers.list', {}, { refresh_ms: REFRESH_MS });
  const list: WholeList<Worker> = {
    rows: answer.data?.items,
    cut: false,
    error: answer.error,
    loading: answer.isPending,
    updated_at: answer.dataUpdatedAt,
    retry: () => void answer.refetch(),
  };
  return (
    <>
      <PageHeader title={t('common:pages.workers')} facts={t('about')} />
      <DataTable
        id="workers"
        caption={t('common:pages.workers')}
        columns={useWorkerColumns(answer.data?.server_version)}
        list={list}
        rowId={worker => worker.id}
        view={view}
        filters={[
          {
            id: 'state',
            label: t('any_state'),
            kind: 'choice',
            options: STATES.map(state => ({ value: state, label: t(`states.${state}`) })),
            matches: (worker, state) => worker.state === state,
          },
        ]}
        search={t('search')}
        detail={{
          label: worker => t('tasks_of', { name: worker.name }),
          show: worker => <WorkerTasks worker={worker} />,
        }}
        actions={worker => <Drain worker={worker} />}
        empty={{
          title: t('empty'),
          text: t('empty_text'),
          icon: <InstanceIcon size={18} />,
        }}
      />
    </>
  );
}

/** Taken back as easily as done; only who is alive can be asked to stop. */
function Drain({ worker }: { worker: Worker }) {
  const { t } = useTranslation('workers');
  const change = useApiChange('workers.drain');
  if (worker.ended_at !== null) return null;
  const { id, name } = worker;
  const drain = worker.state !== 'draining';
  const ask = (wanted: boolean) => change.mutateAsync({ params: { id }, body: { drain: wanted } });
  const run = async () => {
    await ask(drain);
    toastDone({ message: t(drain ? 'drains' : 'takes', { name }), undo: () => ask(!drain) });
  };
  return (
    <Button
      variant="subtle"
      aria-label={t(drain ? 'drain_of' : 'take_of', { name })}
      loading={change.isPending}
      onClick={() => run().catch(toastProblem)}
    >
      {t(drain ? 'drain' : 'take')}
    </Button>
  );
}
