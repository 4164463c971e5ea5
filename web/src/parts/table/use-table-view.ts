import { useCallback, useMemo } from 'react';
import { useUrlState } from '../../use-url-state.ts';
import { readView, type View, writeView } from './view.ts';

export interface TableView {
  view: View;
  change: (change: Partial<View>, options?: { replace?: boolean }) => void;
}

/** What is to be seen of a list, from the address. `filters` names the keys; `prefix` keeps two lists of a page apart. */
export function useTableView(options: { filters?: readonly string[]; prefix?: string } = {}): TableView {
  const [state, changeState] = useUrlState();
  const { prefix } = options;
  const filters = (options.filters ?? []).join(',');
  const names = useMemo(
    () => ({ filters: filters === '' ? [] : filters.split(','), ...(prefix !== undefined && { prefix }) }),
    [filters, prefix],
  );
  const view = useMemo(() => readView(state, names), [state, names]);
  const change = useCallback(
    (wanted: Partial<View>, how?: { replace?: boolean }) => changeState(writeView(view, wanted, names), how),
    [changeState, view, names],
  );
  return { view, change };
}
