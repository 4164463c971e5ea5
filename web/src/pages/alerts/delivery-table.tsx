import { useTranslation } from 'react-i18next';
import type { Delivery } from '../../../../src/contract/alerts.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { RelativeTime } from '../../parts/relative-time.tsx';
import type { Column } from '../../parts/table/column.ts';
import { DataTable } from '../../parts/table/data-table.tsx';
import { usePagedList } from '../../parts/table/list.ts';
import { useTableView } from '../../parts/table/use-table-view.ts';
import { DeliveryDetail, DeliveryPill } from './delivery.tsx';

/** What was sent, newest first, with what came back. */
export function DeliveryTable() {
  const { t } = useTranslation('alerts');
  const { exact } = useFormat();
  const view = useTableView();
  const list = usePagedList('webhook.deliveries', {}, view);
  return (
    <DataTable
      id="deliveries"
      caption={t('deliveries')}
      titled
      columns={useColumns()}
      list={list}
      rowId={delivery => delivery.id}
      view={view}
      detail={{
        label: delivery => t('detail_of', { at: exact(delivery.created_at) }),
        show: delivery => <DeliveryDetail delivery={delivery} />,
      }}
      empty={{ title: t('deliveries_empty'), text: t('deliveries_empty_text') }}
    />
  );
}

function useColumns(): Column<Delivery>[] {
  const { t } = useTranslation('alerts');
  const { number } = useFormat();
  return [
    {
      id: 'made',
      header: t('sent'),
      value: delivery => delivery.created_at,
      cell: delivery => <RelativeTime at={delivery.created_at} />,
    },
    { id: 'kind', header: t('kind'), value: delivery => t(`kinds.${delivery.kind}`) },
    {
      id: 'state',
      header: t('state'),
      value: delivery => delivery.state,
      cell: delivery => <DeliveryPill delivery={delivery} />,
    },
    {
      id: 'status',
      header: t('status'),
      value: delivery => delivery.status,
      cell: ({ status }) => (status === null ? <span className="faint">–</span> : String(status)),
      figures: true,
    },
    {
      id: 'attempts',
      header: t('attempts'),
      value: delivery => delivery.attempts,
      cell: delivery => number(delivery.attempts),
      figures: true,
    },
    {
      id: 'next',
      header: t('next'),
      value: delivery => delivery.next_at,
      cell: ({ next_at, state }) =>
        next_at === null || state !== 'waiting' ? (
          <span className="faint">–</span>
        ) : (
          <RelativeTime at={next_at} />
        ),
    },
    {
      id: 'error',
      header: t('problem'),
      value: delivery => delivery.error,
      cell: ({ error }) =>
        error === null ? (
          <span className="faint">–</span>
        ) : (
          <span lang="en" title={error}>
            {error}
          </span>
        ),
      wide: true,
    },
  ];
}
