import type { ApiError } from '../../../../src/contract/client.ts';
import {
  type ApiInput,
  type Item,
  type ListRoute,
  type Page,
  useApiPage,
  type WholeList,
} from '../../api.ts';
import type { TableView } from './use-table-view.ts';

/** A list read page by page: too long to hold, so the server orders and filters it. */
export interface PagedList<Row> {
  rows: Row[] | undefined;
  error: ApiError | null;
  updated_at: number;
  next_cursor: string | null;
  retry(): void;
}

export type List<Row> = WholeList<Row> | PagedList<Row>;

export function isPaged<Row>(list: List<Row>): list is PagedList<Row> {
  return 'next_cursor' in list;
}

/** The page of a list that the address names. `argument.query` holds the filters; limit and cursor come from here. */
export function usePagedList<N extends ListRoute>(
  name: N,
  argument: ApiInput<N>,
  { view }: TableView,
): PagedList<Item<N>> {
  const given: { query?: object } = argument;
  const query = { ...given.query, ...(view.cursor !== null && { cursor: view.cursor }) };
  const answer = useApiPage(name, { ...given, query } as ApiInput<N>);
  const page = answer.data as Page<Item<N>> | undefined;
  return {
    rows: page?.items,
    next_cursor: page?.next_cursor ?? null,
    error: answer.error,
    updated_at: answer.dataUpdatedAt,
    retry: () => void answer.refetch(),
  };
}
