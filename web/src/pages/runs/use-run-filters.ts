import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { RUN_STATES, TRIGGERS } from '../../../../src/contract/run-words.ts';
import type { Run } from '../../../../src/contract/runs.ts';
import { PERIODS } from '../../parts/access/period.ts';
import type { Filter } from '../../parts/table/filters.ts';
import type { TableView } from '../../parts/table/use-table-view.ts';

export function useRunFilters(view: TableView, rows: readonly Run[] | undefined): Filter<Run>[] {
  const { t } = useTranslation(['runs', 'common', 'access']);
  const { filters } = view.view;
  const kinds = useSeen(rows, run => [run.kind, run.kind], filters.kind, ['diagnostic']);
  const schedules = useSeen(
    rows,
    run => (run.schedule === null ? undefined : [run.schedule.id, run.schedule.name]),
    filters.schedule_id,
  );
  const day = (id: 'from' | 'to'): Filter<Run> => ({ id, label: t(`access:audit.${id}`), kind: 'date' });
  return [
    {
      id: 'state',
      label: t('list.state'),
      kind: 'choice',
      options: [
        ...(['open', 'unwell', 'late'] as const).map(value => ({ value, label: t(`list.states.${value}`) })),
        ...RUN_STATES.map(value => ({ value, label: t(`common:run_states.${value}`) })),
      ],
    },
    {
      id: 'trigger',
      label: t('list.trigger'),
      kind: 'choice',
      options: TRIGGERS.map(value => ({ value, label: t(`triggers.${value}`) })),
    },
    { id: 'kind', label: t('list.kind'), kind: 'choice', options: kinds },
    ...(schedules.length === 0
      ? []
      : [{ id: 'schedule_id', label: t('list.schedule'), kind: 'choice' as const, options: schedules }]),
    {
      id: 'period',
      label: t('access:audit.period'),
      kind: 'choice',
      options: PERIODS.map(period => ({ value: period, label: t(`access:audit.periods.${period}`) })),
    },
    ...(filters.period === 'custom' ? [day('from'), day('to')] : []),
  ];
}

/** One may filter by what has been seen in the list, so that opening the page asks for nothing more. */
function useSeen(
  rows: readonly Run[] | undefined,
  seenIn: (run: Run) => [value: string, label: string] | undefined,
  chosen: string | undefined,
  always: readonly string[] = [],
): { value: string; label: string }[] {
  const seen = useRef(new Map(always.map(value => [value, value])));
  if (chosen !== undefined && !seen.current.has(chosen)) seen.current.set(chosen, chosen);
  for (const row of rows ?? []) {
    const found = seenIn(row);
    if (found !== undefined) seen.current.set(...found);
  }
  return [...seen.current].map(([value, label]) => ({ value, label }));
}
