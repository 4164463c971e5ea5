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
import { formatSort, readSort, type View } from './view.ts';

/** A list read page by page: too long to hold, so the server orders and filters it. */
export interface PagedList<Row> {
  rows: Row[] | undefined;
  error: ApiError | null;
  updated_at: number;
  next_cursor: string | null;
  sorting: Sorting;
  retry(): void;
}

export interface Sorting {
  /** By which columns it can be sorted. */
  offers: (column: string) => boolean;
  /** The order when none is asked for, where it is that of a column. */
  own: View['sort'];
  /** The order that the rows are in. */
  current: View['sort'];
}

export type List<Row> = WholeList<Row> | PagedList<Row>;

export function isPaged<Row>(list: List<Row>): list is PagedList<Row> {
  return 'next_cursor' in list;
}

const UNSORTED: Sorting = { offers: () => false, own: null, current: null };

/**
 * A whole list is sorted here, a page by the server. A list of which only the beginning is here is not sorted at all:
 * its first row would not be the first.
 */
export function sortingOf<Row>(list: List<Row>, asked: View['sort']): Sorting {
  if (isPaged(list)) return list.sorting;
  return list.cut ? UNSORTED : { offers: () => true, own: null, current: asked };
}

/** The orders that a list route offers, as the contract has them. */
type OrderOf<N extends ListRoute> =
  ApiInput<N> extends { query?: infer Query }
    ? NonNullable<Query> extends { sort?: infer Order }
      ? Extract<Order, string>
      : never
    : never;

/**
 * The page of a list that the address names. `argument.query` holds the filters; limit, cursor and order come from here.
 * `orders` are those of the route, its own first; a column whose id is the name of an order can be sorted by.
 */
export function usePagedList<N extends ListRoute>(
  name: N,
  argument: ApiInput<N>,
  { view }: TableView,
  orders: readonly OrderOf<N>[] = [],
): PagedList<Item<N>> {
  const given: { query?: object } = argument;
  const sorting = serverSorting(orders, view.sort);
  const query = {
    ...given.query,
    ...(view.cursor !== null && { cursor: view.cursor }),
    ...(sorting.current !== null && { sort: formatSort(sorting.current) }),
  };
  const answer = useApiPage(name, { ...given, query } as ApiInput<N>);
  const page = answer.data as Page<Item<N>> | undefined;
  return {
    rows: page?.items,
    next_cursor: page?.next_cursor ?? null,
    sorting,
    error: answer.error,
    updated_at: answer.dataUpdatedAt,
    retry: () => void answer.refetch(),
  };
}

/** An order that the address names and the list does not have is none. */
export function serverSorting(orders: readonly string[], asked: View['sort']): Sorting {
  const own = readSort(orders[0]);
  const columns = orders.map(order => readSort(order)?.column);
  return {
    offers: column => columns.includes(column),
    own,
    current: asked !== null && orders.includes(formatSort(asked)) ? asked : own,
  };
}
