import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../api.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { AddIcon, LakeIcon } from '../../icons.ts';
import { PageHeader } from '../../parts/page-header.tsx';
import { DataTable } from '../../parts/table/data-table.tsx';
import { usePagedList } from '../../parts/table/list.ts';
import { useTableView } from '../../parts/table/use-table-view.ts';
import { useMay, useMembership } from '../../session.ts';
import { MovedNotice } from './moved-notice.tsx';
import { useTableColumns } from './table-columns.tsx';

const HEALTH = ['well', 'due', 'poor', 'unknown'] as const;
const KINDS = ['table', 'view'] as const;

/** All tables and views of the workspace, by name, with what they weigh and how they are. */
export default function LakePage() {
  const { t } = useTranslation(['lake', 'common']);
  const slug = useMembership()?.workspace.slug ?? '';
  const may = useMay();
  const view = useTableView({ filters: ['namespace', 'health', 'kind'] });
  const { namespace, health, kind } = view.view.filters;
  const namespaces = useApi('lake_namespaces.list', { query: { limit: 500 } });
  const query = {
    text: view.view.search === '' ? undefined : view.view.search,
    namespace,
    health: HEALTH.find(one => one === health),
    kind: KINDS.find(one => one === kind),
  };
  const list = usePagedList('lake_tables.list', { query }, view, [
    'name',
    'committed_at',
    '-committed_at',
    'bytes',
    '-bytes',
    'rows',
    '-rows',
  ]);
  const bring = may('lake:write') && (
    <Button
      component={Link}
      to={`/w/${slug}/lake/import`}
      variant="filled"
      leftSection={<AddIcon size={15} />}
    >
      {t('import.open')}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={t('common:pages.lake')}
        facts={<Figures />}
        actions={
          <>
            <Button component={Link} to={`/w/${slug}/lake/catalogs`}>
              {t('common:pages.lake_catalogs')}
            </Button>
            <Button component={Link} to={`/w/${slug}/lake/care`}>
              {t('common:pages.lake_care')}
            </Button>
            {bring}
          </>
        }
      />
      <MovedNotice />
      <DataTable
        id="lake"
        caption={t('common:pages.lake')}
        columns={useTableColumns()}
        list={list}
        rowId={table => table.id}
        view={view}
        filters={[
          {
            id: 'namespace',
            label: t('list.any_namespace'),
            kind: 'choice',
            options: (namespaces.data?.items ?? []).map(({ path }) => ({ value: path, label: path })),
          },
          {
            id: 'kind',
            label: t('list.any_kind'),
            kind: 'choice',
            options: KINDS.map(value => ({ value, label: t(`kinds.${value}`) })),
          },
          {
            id: 'health',
            label: t('list.any_health'),
            kind: 'choice',
            options: HEALTH.map(value => ({ value, label: t(`health.${value}`) })),
          },
        ]}
        search={t('list.search')}
        link={table => `/w/${slug}/lake/tables/${table.id}`}
        empty={{ title: t('empty'), text: t('empty_text'), icon: <LakeIcon size={18} />, action: bring }}
      />
    </>
  );
}

function Figures() {
  const { t } = useTranslation('lake');
  const { number, bytes } = useFormat();
  const { data } = useApi('lake.summary', {});
  if (data === undefined || data.tables + data.views === 0) return t('about');
  return t('figures', {
    count: data.tables,
    tables: number(data.tables),
    rows: number(data.rows),
    bytes: bytes(data.bytes),
  });
}
