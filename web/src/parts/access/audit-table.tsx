import { Button } from '@mantine/core';
import { useContext, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ApiInput, Item } from '../../api.ts';
import { TimeZone } from '../../time-zone.ts';
import { useUrlState } from '../../use-url-state.ts';
import { RelativeTime } from '../relative-time.tsx';
import type { Column } from '../table/column.ts';
import { DataTable } from '../table/data-table.tsx';
import type { Filter } from '../table/filters.ts';
import { usePagedList } from '../table/list.ts';
import { type TableView, useTableView } from '../table/use-table-view.ts';
import { AuditEntryDrawer } from './audit-entry-drawer.tsx';
import { actionText, actorText, knownActions, objectText } from './audit-words.ts';
import { PERIODS, periodBounds } from './period.ts';

type AuditEntry = Item<'audit.list'>;
export type AuditQuery = NonNullable<ApiInput<'audit.list'>['query']>;

const FILTERS = ['action', 'actor_id', 'object_id', 'period', 'from', 'to'] as const;

/** What of the log is asked for, from the address. */
export function useAuditView(): { view: TableView; query: AuditQuery } {
  const view = useTableView({ filters: FILTERS });
  const zone = useContext(TimeZone);
  const { action, actor_id, object_id, ...chosen } = view.view.filters;
  const [now] = useState(() => Date.now());
  const { from, to } = periodBounds(chosen, now, zone);
  const query = useMemo(
    () => ({ action, actor_id, object_id, from, to }),
    [action, actor_id, object_id, from, to],
  );
  return { view, query };
}

interface AuditTableProps {
  route: 'audit.list' | 'instance_audit.list';
  view: TableView;
  query: AuditQuery;
}

/** The log, newest first, page by page; a line opens beside the list, and its address can be sent to somebody. */
export function AuditTable({ route, view, query }: AuditTableProps) {
  const { t } = useTranslation('access');
  const list = usePagedList(route, { query }, view, ['-at', 'at']);
  const [{ entry: open }, change] = useUrlState();
  const entry = list.rows?.find(row => row.id === open);
  return (
    <>
      <DataTable
        id={route.replace('.', '-')}
        caption={t('audit.caption')}
        columns={useColumns()}
        list={list}
        rowId={row => row.id}
        view={view}
        filters={useFilters(view, list.rows)}
        empty={{ title: t('audit.empty'), text: t('audit.empty_text') }}
        actions={row => (
          <Button
            variant="subtle"
            aria-label={t('audit.details_of', { action: actionText(row.action, t) })}
            onClick={() => change({ entry: row.id })}
          >
            {t('audit.details')}
          </Button>
        )}
        dense
      />
      {entry !== undefined && (
        <AuditEntryDrawer
          entry={entry}
          only={filter => change({ ...filter, entry: null, cursor: null })}
          onClose={() => change({ entry: null })}
        />
      )}
    </>
  );
}

function useColumns(): Column<AuditEntry>[] {
  const { t } = useTranslation('access');
  return [
    { id: 'at', header: t('audit.at'), value: row => row.at, cell: row => <RelativeTime at={row.at} /> },
    { id: 'actor', header: t('audit.actor'), value: row => actorText(row, t) },
    {
      id: 'action',
      header: t('audit.action'),
      value: row => row.action,
      cell: row => actionText(row.action, t),
    },
    { id: 'object', header: t('audit.object'), value: row => objectText(row, t), wide: true },
    { id: 'ip', header: t('audit.ip'), value: row => row.ip, mono: true, optional: 'hidden' },
    {
      id: 'request',
      header: t('audit.request'),
      value: row => row.request_id,
      mono: true,
      optional: 'hidden',
    },
  ];
}

function useFilters(view: TableView, rows: readonly AuditEntry[] | undefined): Filter<AuditEntry>[] {
  const { t } = useTranslation('access');
  const { filters } = view.view;
  const actors = useSeen(
    rows,
    row => row.actor_id,
    row => actorText(row, t),
    filters.actor_id,
  );
  const objects = useSeen(
    rows,
    row => row.object_id,
    row => objectText(row, t),
    filters.object_id,
  );
  const day = (id: 'from' | 'to'): Filter<AuditEntry> => ({ id, label: t(`audit.${id}`), kind: 'date' });
  return [
    {
      id: 'action',
      label: t('audit.action'),
      kind: 'choice',
      options: knownActions().map(action => ({ value: action, label: actionText(action, t) })),
    },
    { id: 'actor_id', label: t('audit.actor'), kind: 'choice', options: actors },
    ...(filters.object_id === undefined
      ? []
      : [{ id: 'object_id', label: t('audit.object'), kind: 'choice' as const, options: objects }]),
    {
      id: 'period',
      label: t('audit.period'),
      kind: 'choice',
      options: PERIODS.map(period => ({ value: period, label: t(`audit.periods.${period}`) })),
    },
    ...(filters.period === 'custom' ? [day('from'), day('to')] : []),
  ];
}

interface Choice {
  value: string;
  label: string;
}

/** Who and what one may filter by is whoever has been seen in the list, so that opening the page asks for nothing more. */
function useSeen(
  rows: readonly AuditEntry[] | undefined,
  idOf: (row: AuditEntry) => string | null,
  labelOf: (row: AuditEntry) => string,
  chosen: string | undefined,
): Choice[] {
  const seen = useRef(new Map<string, string>());
  if (chosen !== undefined && !seen.current.has(chosen)) seen.current.set(chosen, chosen);
  for (const row of rows ?? []) {
    const value = idOf(row);
    if (value !== null) seen.current.set(value, labelOf(row));
  }
  return [...seen.current].map(([value, label]) => ({ value, label }));
}
