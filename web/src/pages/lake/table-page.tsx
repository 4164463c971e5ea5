import { useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../api.ts';
import { Awaited } from '../../parts/awaited.tsx';
import { Stack } from '../../parts/columns.tsx';
import { Tabs } from '../../parts/tabs.tsx';
import { useUrlState } from '../../use-url-state.ts';
import { CareTab } from './care-tab.tsx';
import { FilesTab } from './files-tab.tsx';
import { PartitionsTab } from './partitions-tab.tsx';
import { ReadTab } from './read-tab.tsx';
import { SchemaTab } from './schema-tab.tsx';
import { SnapshotsTab } from './snapshots-tab.tsx';
import { type LakeTableDetail, type TableTab, tabsOf } from './table.ts';
import { TableHeader } from './table-header.tsx';
import { TableNotices } from './table-notices.tsx';

export default function TablePage() {
  const { table: id = '' }: { table?: string } = useParams({ strict: false });
  const table = useApi('lake_tables.show', { params: { id } });
  return <Awaited query={table}>{loaded => <Table key={id} table={loaded} />}</Awaited>;
}

function Table({ table }: { table: LakeTableDetail }) {
  const { t } = useTranslation('lake');
  const [state] = useUrlState();
  const tabs = tabsOf(table);
  const tab = tabs.find(one => one === state.tab) ?? 'schema';
  return (
    <>
      <TableHeader table={table} />
      <TableNotices table={table} />
      <Tabs label={t('tabs.label')} tabs={tabs.map(id => ({ id, label: t(`tabs.${id}`) }))} current={tab} />
      <Stack>
        <TabContent tab={tab} table={table} />
      </Stack>
    </>
  );
}

function TabContent({ tab, table }: { tab: TableTab; table: LakeTableDetail }) {
  switch (tab) {
    case 'schema':
      return <SchemaTab table={table} />;
    case 'snapshots':
      return <SnapshotsTab table={table} />;
    case 'files':
      return <FilesTab table={table} />;
    case 'partitions':
      return <PartitionsTab table={table} />;
    case 'care':
      return <CareTab table={table} />;
    case 'read':
      return <ReadTab table={table} />;
  }
}
