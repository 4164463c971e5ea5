import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n/use-format.ts';
import { PageHeader } from '../../parts/page-header.tsx';
import { RelativeTime } from '../../parts/relative-time.tsx';
import { useMembership } from '../../session.ts';
import { HealthPill } from './health-pill.tsx';
import type { LakeTableDetail } from './table.ts';
import { TableMenu } from './table-menu.tsx';

export function TableHeader({ table }: { table: LakeTableDetail }) {
  const { t } = useTranslation(['lake', 'common']);
  const slug = useMembership()?.workspace.slug ?? '';
  const lake = `/w/${slug}/lake`;
  return (
    <PageHeader
      title={table.name}
      crumbs={[
        { label: t('common:pages.lake'), to: lake },
        { label: table.namespace, to: `${lake}?namespace=${encodeURIComponent(table.namespace)}` },
      ]}
      state={<HealthPill table={table} />}
      facts={<TableFacts table={table} />}
      actions={<TableMenu table={table} />}
    />
  );
}

function TableFacts({ table }: { table: LakeTableDetail }) {
  const { t } = useTranslation('lake');
  const { number, bytes } = useFormat();
  const { rows, committed_at, description } = table;
  const files = table.files ?? 0;
  return (
    <>
      {table.kind === 'table' && rows !== null && (
        <>
          {t('rows', { count: rows, rows: number(rows) })}{' '}
          {t('files_in', { count: files, files: number(files) })} · {bytes(table.bytes ?? 0)}
          {' · '}
        </>
      )}
      {committed_at === null ? t('list.never') : <RelativeTime at={committed_at} />}
      {table.mount !== null && ` · ${t('mounted', { name: table.mount })}`}
      {description !== '' && <> · {description}</>}
    </>
  );
}
