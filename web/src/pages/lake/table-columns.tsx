import { useTranslation } from 'react-i18next';
import type { LakeTable } from '../../../../src/contract/lake.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { RelativeTime } from '../../parts/relative-time.tsx';
import type { Column } from '../../parts/table/column.ts';
import { HealthPill } from './health-pill.tsx';

export function useTableColumns(): Column<LakeTable>[] {
  const { t } = useTranslation('lake');
  const { number, bytes } = useFormat();
  const figure = (value: number | null) => (value === null ? null : number(value));
  return [
    { id: 'name', header: t('list.name'), value: nameOf, wide: true },
    {
      id: 'kind',
      header: t('list.kind'),
      value: ({ kind, mount }) => t(mount === null ? `kinds.${kind}` : 'kinds.mounted'),
      optional: 'hidden',
    },
    { id: 'rows', header: t('list.rows'), value: ({ rows }) => figure(rows), figures: true },
    {
      id: 'bytes',
      header: t('list.bytes'),
      value: table => (table.bytes === null ? null : bytes(table.bytes)),
      figures: true,
    },
    {
      id: 'files',
      header: t('list.files'),
      value: ({ files }) => figure(files),
      figures: true,
      optional: 'shown',
    },
    {
      id: 'committed_at',
      header: t('list.committed'),
      value: ({ committed_at }) => committed_at,
      cell: ({ committed_at }) =>
        committed_at === null ? (
          <span className="faint">{t('list.never')}</span>
        ) : (
          <RelativeTime at={committed_at} />
        ),
    },
    {
      id: 'health',
      header: t('list.health'),
      value: ({ health }) => t(`health.${health.level}`),
      cell: table => <HealthPill table={table} />,
    },
    {
      id: 'partitioned_by',
      header: t('list.partitioned_by'),
      value: ({ partitioned_by }) => partitioned_by.join(', ') || null,
      mono: true,
      optional: 'hidden',
    },
    { id: 'zone', header: t('list.zone'), value: ({ zone }) => t(`zones.${zone}`), optional: 'hidden' },
  ];
}

export function nameOf({ namespace, name }: Pick<LakeTable, 'namespace' | 'name'>): string {
  return `${namespace}.${name}`;
}
