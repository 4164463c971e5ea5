import {
  ActionIcon,
  Button,
  Checkbox,
  CloseButton,
  Popover,
  Select,
  TextInput,
  Tooltip,
} from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { MOST_ROWS } from '../../api.ts';
import { saveFile } from '../../download.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { ColumnsIcon, ExportIcon, SearchIcon } from '../../icons.ts';
import { toastProblem } from '../toasts.tsx';
import type { Column } from './column.ts';
import { toCsv } from './csv.ts';
import css from './data-table.module.css';
import type { DataTableProps, Selection } from './data-table-props.ts';
import type { Filter } from './filters.ts';
import { isPaged } from './list.ts';
import type { ListTable } from './use-list-table.ts';
import type { TableView } from './use-table-view.ts';
import { isFiltered } from './view.ts';

interface ToolbarProps<Row extends object> extends DataTableProps<Row> {
  table: ListTable<Row>;
  showColumns: (ids: string[] | null) => void;
  shownRows: number;
}

export function Toolbar<Row extends object>(props: ToolbarProps<Row>) {
  const { search, filters = [], view, columns, list } = props;
  const { t } = useTranslation();
  const optional = columns.filter(column => column.optional !== undefined);
  const { selection } = props;
  if (selection !== undefined && selection.ids.size > 0) return <Chosen selection={selection} />;
  return (
    <div className={css.toolbar}>
      {props.titled && <h2 className={css.title}>{props.caption}</h2>}
      {search !== undefined && <Search label={search} view={view} />}
      {filters.map(filter => (
        <FilterField key={filter.id} filter={filter} view={view} />
      ))}
      {isFiltered(view.view) && (
        <Button variant="subtle" onClick={() => view.change({ search: '', filters: {} })}>
          {t('table.clear_filters')}
        </Button>
      )}
      <div className={css.tools}>
        {list.rows !== undefined && <Count {...props} />}
        {optional.length > 0 && <ColumnChoice {...props} optional={optional} />}
        <Export {...props} />
      </div>
    </div>
  );
}

function Chosen<Row>({ selection }: { selection: Selection<Row> }) {
  const { t } = useTranslation();
  const { number } = useFormat();
  const count = selection.ids.size;
  return (
    <div className={css.toolbar}>
      <p role="status" className="figures">
        {t('table.chosen', { count, shown: number(count) })}
      </p>
      {selection.actions}
      <Button variant="subtle" onClick={() => selection.change(new Set())}>
        {t('table.choose_none')}
      </Button>
    </div>
  );
}

/** Said aloud when it changes, so that filtering is heard as well as seen. */
function Count<Row extends object>({ list, shownRows }: ToolbarProps<Row>) {
  const { t } = useTranslation();
  const { number } = useFormat();
  const all = list.rows?.length ?? 0;
  const cut = !isPaged(list) && list.cut;
  const words = isPaged(list)
    ? t('table.rows_here', { count: all })
    : shownRows === all
      ? t('table.rows', { count: all, shown: number(all) })
      : t('table.rows_of', { count: all, shown: number(shownRows), all: number(all) });
  return (
    <p role="status" className="small faint figures">
      {cut ? t('table.cut', { count: MOST_ROWS, shown: number(MOST_ROWS) }) : words}
    </p>
  );
}

const TYPING_MS = 250;

/** Filters at once; the address follows when the typing pauses, and Back leaves the list instead of the last letter. */
function Search({ label, view }: { label: string; view: TableView }) {
  const { t } = useTranslation();
  const asked = view.view.search;
  const [text, setText] = useState(asked);
  useEffect(() => setText(asked), [asked]);
  useEffect(() => {
    if (text === asked) return;
    const timer = setTimeout(() => view.change({ search: text }, { replace: true }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, asked, view]);
  return (
    <TextInput
      type="search"
      className={css.search}
      aria-label={label}
      placeholder={label}
      leftSection={<SearchIcon size={14} />}
      rightSection={
        text === '' ? null : (
          <CloseButton size="xs" aria-label={t('table.clear_search')} onClick={() => setText('')} />
        )
      }
      value={text}
      onChange={event => setText(event.currentTarget.value)}
    />
  );
}

function FilterField<Row>({ filter, view }: { filter: Filter<Row>; view: TableView }) {
  const value = view.view.filters[filter.id] ?? '';
  const set = (wanted: string | null) => {
    const { [filter.id]: _, ...others } = view.view.filters;
    view.change({ filters: wanted === null || wanted === '' ? others : { ...others, [filter.id]: wanted } });
  };
  if (filter.kind === 'choice')
    return (
      <Select
        className={css.filter}
        aria-label={filter.label}
        placeholder={filter.label}
        data={[...(filter.options ?? [])]}
        value={value === '' ? null : value}
        onChange={set}
        clearable
        searchable={(filter.options?.length ?? 0) > 8}
      />
    );
  if (filter.kind === 'date')
    return (
      <TextInput
        type="date"
        className={css.filter}
        aria-label={filter.label}
        leftSection={<span className={css.dateLabel}>{filter.label}</span>}
        leftSectionWidth="auto"
        value={value}
        onChange={event => set(event.currentTarget.value)}
      />
    );
  return <TextFilter key={value} label={filter.label} value={value} set={set} />;
}

/** Asks the server, so it waits for Enter or for the field to be left. */
function TextFilter({ label, value, set }: { label: string; value: string; set: (text: string) => void }) {
  return (
    <TextInput
      className={css.filter}
      aria-label={label}
      placeholder={label}
      defaultValue={value}
      onBlur={event => event.currentTarget.value !== value && set(event.currentTarget.value)}
      onKeyDown={event => event.key === 'Enter' && set(event.currentTarget.value)}
    />
  );
}

function ColumnChoice<Row extends object>(props: ToolbarProps<Row> & { optional: readonly Column<Row>[] }) {
  const { optional, table, showColumns } = props;
  const { t } = useTranslation();
  const shown = optional
    .filter(column => table.getColumn(column.id)?.getIsVisible())
    .map(column => column.id);
  const toggle = (id: string, on: boolean) =>
    showColumns(on ? [...shown, id] : shown.filter(other => other !== id));
  return (
    <Popover position="bottom-end" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <Tooltip label={t('table.columns')}>
          <ActionIcon aria-label={t('table.columns')}>
            <ColumnsIcon size={16} aria-hidden="true" />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown>
        <fieldset className={css.columns}>
          <legend className="small faint">{t('table.columns')}</legend>
          {optional.map(column => (
            <Checkbox
              key={column.id}
              label={column.header}
              checked={shown.includes(column.id)}
              onChange={event => toggle(column.id, event.currentTarget.checked)}
            />
          ))}
          <Button variant="subtle" onClick={() => showColumns(null)}>
            {t('table.columns_reset')}
          </Button>
        </fieldset>
      </Popover.Dropdown>
    </Popover>
  );
}

function Export<Row extends object>({ id, columns, table, list, exportAll }: ToolbarProps<Row>) {
  const { t } = useTranslation();
  if (isPaged(list) && exportAll === undefined) return null;
  const run = async () => {
    if (exportAll !== undefined) return exportAll();
    const shown = columns.filter(column => table.getColumn(column.id)?.getIsVisible());
    const rows = table.getRowModel().rows.map(row => row.original);
    saveFile(`${id}.csv`, 'text/csv;charset=utf-8', [toCsv(shown, rows)]);
  };
  return (
    <Tooltip label={t('table.export')}>
      <ActionIcon aria-label={t('table.export')} onClick={() => run().catch(toastProblem)}>
        <ExportIcon size={16} aria-hidden="true" />
      </ActionIcon>
    </Tooltip>
  );
}
