import { useContext, useMemo, useState } from 'react';
import type { ApiInput } from '../../api.ts';
import { periodBounds } from '../../parts/access/period.ts';
import { type TableView, useTableView } from '../../parts/table/use-table-view.ts';
import { TimeZone } from '../../time-zone.ts';

export type RunsQuery = NonNullable<ApiInput<'runs.list'>['query']>;
type Trigger = RunsQuery['trigger'];

const FILTERS = ['state', 'kind', 'trigger', 'schedule_id', 'period', 'from', 'to'] as const;
/** Choices of the state filter that are more than one state. */
export const STATE_GROUPS: Readonly<Record<string, string>> = {
  open: 'queued,running,cancelling',
  unwell: 'failed,lost',
};

/** What of the runs is asked for, from the address. */
export function useRunsView(): { view: TableView; query: RunsQuery } {
  const view = useTableView({ filters: FILTERS });
  const zone = useContext(TimeZone);
  const { state, kind, trigger, schedule_id, ...chosen } = view.view.filters;
  const [now] = useState(() => Date.now());
  const { from, to } = periodBounds(chosen, now, zone);
  const text = view.view.search === '' ? undefined : view.view.search;
  const query = useMemo(
    () => ({
      ...(state === 'late' ? { late: 'true' } : { state: state && (STATE_GROUPS[state] ?? state) }),
      kind,
      trigger: trigger as Trigger,
      schedule_id,
      text,
      since: from,
      until: to,
    }),
    [state, kind, trigger, schedule_id, text, from, to],
  );
  return { view, query };
}
