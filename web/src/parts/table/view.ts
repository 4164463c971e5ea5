import type { UrlChange, UrlState } from '../../url-state.ts';

/** What somebody chose to see of a list; all of it is in the address. */
export interface View {
  search: string;
  sort: { column: string; descending: boolean } | null;
  filters: Readonly<Record<string, string>>;
  cursor: string | null;
}

export interface ViewNames {
  /** Two lists on one page: each puts its name before its keys. */
  prefix?: string;
  filters: readonly string[];
}

export function readView(state: UrlState, names: ViewNames): View {
  const key = keyOf(names);
  return {
    search: state[key('q')] ?? '',
    sort: readSort(state[key('sort')]),
    filters: Object.fromEntries(
      names.filters.flatMap(name => {
        const value = state[key(name)];
        return value === undefined ? [] : [[name, value]];
      }),
    ),
    cursor: state[key('cursor')] ?? null,
  };
}

/** What changes the rows leads back to the first page: a cursor belongs to the list it was read from. */
export function writeView(view: View, change: Partial<View>, names: ViewNames): UrlChange {
  const key = keyOf(names);
  const next = { ...view, cursor: null, ...change };
  return {
    [key('q')]: next.search,
    [key('sort')]: next.sort === null ? null : formatSort(next.sort),
    [key('cursor')]: next.cursor,
    ...Object.fromEntries(names.filters.map(name => [key(name), next.filters[name] ?? null])),
  };
}

export function isFiltered(view: View): boolean {
  return view.search !== '' || Object.keys(view.filters).length > 0;
}

/**
 * Up, down, and back to the list's own order. Where that is the order of a column, the column turns round and back: a
 * third step would change nothing.
 */
export function nextSort(sort: View['sort'], column: string, own: View['sort'] = null): View['sort'] {
  if (own?.column === column) return sort?.column === column ? null : { column, descending: !own.descending };
  if (sort?.column !== column) return { column, descending: false };
  return sort.descending ? null : { column, descending: true };
}

export function readSort(text: string | undefined): View['sort'] {
  if (text === undefined || text === '') return null;
  const descending = text.startsWith('-');
  return { column: descending ? text.slice(1) : text, descending };
}

/** As the address and the API write it: `-at`. */
export function formatSort({ column, descending }: NonNullable<View['sort']>): string {
  return `${descending ? '-' : ''}${column}`;
}

function keyOf(names: ViewNames): (key: string) => string {
  return names.prefix === undefined ? key => key : key => `${names.prefix}.${key}`;
}
