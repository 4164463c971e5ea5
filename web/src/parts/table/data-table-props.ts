import type { ReactNode } from 'react';
import type { Column } from './column.ts';
import type { Filter } from './filters.ts';
import type { List } from './list.ts';
import type { TableView } from './use-table-view.ts';

export interface DataTableProps<Row extends object> {
  /** Under which the chosen columns are remembered and a CSV file is named. */
  id: string;
  /** What the list holds, for those who cannot see where it stands. */
  caption: string;
  /** The caption is to be seen as well: there is more than one list on the page. */
  titled?: boolean;
  columns: readonly Column<Row>[];
  list: List<Row>;
  rowId: (row: Row) => string;
  view: TableView;
  filters?: readonly Filter<Row>[];
  /** Words in the search field; without them there is none (a paged list searches only where its route does). */
  search?: string;
  /** Where a row leads. The whole row is one real link, so it opens in a new tab as any link does. */
  link?: (row: Row) => string;
  /** Buttons or a `RowMenu` at the end of the row. */
  actions?: (row: Row) => ReactNode;
  /** What opens below a row. Only for lists too short to be virtual, whose rows may differ in height. */
  detail?: Detail<Row>;
  /** Rows can be chosen, and something done with all of them. */
  selection?: Selection<Row>;
  /** What will be here and the one thing to do. */
  empty: { title: string; text?: string; icon?: ReactNode; action?: ReactNode };
  /** For a paged list: the server's own export. A whole list exports what is shown. */
  exportAll?: () => Promise<unknown>;
  dense?: boolean;
}

export interface Detail<Row> {
  /** What the button that opens it is called: "Next times of …". */
  label: (row: Row) => string;
  show: (row: Row) => ReactNode;
}

export interface Selection<Row> {
  ids: ReadonlySet<string>;
  change: (ids: ReadonlySet<string>) => void;
  /** What the box of a row is called: "Select …". */
  label: (row: Row) => string;
  /** What can be done with those that are chosen; in the place of the filters while there are any. */
  actions: ReactNode;
}
