import { useTranslation } from 'react-i18next';
import type { LakePartition } from '../../../../src/contract/lake.ts';
import { useFormat } from '../../i18n/use-format.ts';
import type { Column } from '../../parts/table/column.ts';
import { DataTable } from '../../parts/table/data-table.tsx';
import { usePagedList } from '../../parts/table/list.ts';
import { useTableView } from '../../parts/table/use-table-view.ts';
import type { LakeTableDetail } from './table.ts';

export function PartitionsTab({ table }: { table: LakeTableDetail }) {
  const { t } = useTranslation('lake');
  const view = useTableView({ prefix: 'partitions' });
  const list = usePagedList('lake_tables.partitions', { params: { id: table.id }, query: {} }, view);
  return (
    <DataTable
      id="lake-partitions"
      caption={t('tabs.partitions')}
      columns={usePartitionColumns()}
      list={list}
      rowId={partition => `${partition.spec_id} ${partition.partition}`}
      view={view}
      empty={{ title: t('partitions.empty'), text: t('partitions.empty_text') }}
    />
  );
}

function usePartitionColumns(): Column<LakePartition>[] {
  const { t } = useTranslation('lake');
  const { number, bytes } = useFormat();
  return [
    {
      id: 'partition',
      header: t('files.partition'),
      value: ({ partition }) => partition || t('partitions.whole'),
      mono: true,
      wide: true,
    },
    { id: 'rows', header: t('list.rows'), value: ({ rows }) => number(rows), figures: true },
    { id: 'files', header: t('list.files'), value: ({ files }) => number(files), figures: true },
    {
      id: 'delete_files',
      header: t('compare.delete_files'),
      value: ({ delete_files }) => number(delete_files),
      figures: true,
    },
    { id: 'bytes', header: t('list.bytes'), value: partition => bytes(partition.bytes), figures: true },
  ];
}
