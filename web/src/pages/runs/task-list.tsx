import { useTranslation } from 'react-i18next';
import { TASK_STATES } from '../../../../src/contract/task-states.ts';
import type { WholeList } from '../../api.ts';
import { Duration } from '../../parts/duration.tsx';
import { RunStatePill } from '../../parts/run-state.tsx';
import { StateLink } from '../../parts/state-link.tsx';
import type { Column } from '../../parts/table/column.ts';
import { DataTable } from '../../parts/table/data-table.tsx';
import type { Filter } from '../../parts/table/filters.ts';
import { useTableView } from '../../parts/table/use-table-view.ts';
import css from './task-list.module.css';
import type { RunTask } from './use-run-tasks.ts';

/** All tasks as a list: what the graph shows, for those who cannot see it or look for one of five thousand. */
export function TaskList({ tasks }: { tasks: readonly RunTask[] }) {
  const { t } = useTranslation('runs');
  const view = useTableView({ filters: ['state', 'kind'], prefix: 'tasks' });
  const list: WholeList<RunTask> = {
    rows: [...tasks],
    cut: false,
    error: null,
    loading: false,
    updated_at: Date.now(),
    retry: () => {},
  };
  return (
    <DataTable
      id="run-tasks"
      caption={t('tasks.caption')}
      columns={useColumns()}
      list={list}
      rowId={task => task.id}
      view={view}
      filters={useFilters(tasks)}
      search={t('tasks.search')}
      empty={{ title: t('tasks.empty') }}
      dense
    />
  );
}

function useColumns(): Column<RunTask>[] {
  const { t } = useTranslation(['runs', 'common']);
  const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  return [
    {
      id: 'name',
      header: t('tasks.name'),
      value: task => task.name,
      cell: task => (
        <StateLink change={{ task: task.id, attempt: null, line: null }} className={css.name}>
          <bdi>{task.name}</bdi>
        </StateLink>
      ),
      wide: true,
    },
    {
      id: 'state',
      header: t('tasks.state'),
      value: task => task.state,
      cell: task => <RunStatePill state={task.state} />,
    },
    { id: 'kind', header: t('tasks.kind'), value: task => task.kind, mono: true, optional: 'shown' },
    {
      id: 'attempt',
      header: t('tasks.attempt'),
      value: task => task.attempt || null,
      figures: true,
      optional: 'shown',
    },
    {
      id: 'took',
      header: t('tasks.took'),
      value: task => (task.started === null ? null : (task.ended ?? Date.now()) - task.started),
      cell: task => <Duration from={iso(task.started)} to={iso(task.ended)} />,
      figures: true,
    },
  ];
}

function useFilters(tasks: readonly RunTask[]): Filter<RunTask>[] {
  const { t } = useTranslation(['runs', 'common']);
  const kinds = [...new Set(tasks.map(task => task.kind))];
  return [
    {
      id: 'state',
      label: t('tasks.state'),
      kind: 'choice',
      options: TASK_STATES.map(value => ({ value, label: t(`common:run_states.${value}`) })),
      matches: (task, value) => task.state === value,
    },
    ...(kinds.length < 2
      ? []
      : [
          {
            id: 'kind',
            label: t('tasks.kind'),
            kind: 'choice' as const,
            options: kinds.map(value => ({ value, label: value })),
            matches: (task: RunTask, value: string) => task.kind === value,
          },
        ]),
  ];
}
