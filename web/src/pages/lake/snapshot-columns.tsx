import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n/use-format.ts';
import { RelativeTime } from '../../parts/relative-time.tsx';
import { StatePill } from '../../parts/state-pill.tsx';
import type { Column } from '../../parts/table/column.ts';
import { useMembership } from '../../session.ts';
import type { LakeSnapshot } from './table.ts';

export function useSnapshotColumns(): Column<LakeSnapshot>[] {
  const { t } = useTranslation('lake');
  const { number } = useFormat();
  /** What came and what went, in one figure each. */
  const signed = (added: number | null, removed: number | null) =>
    [added ? `+${number(added)}` : '', removed ? `−${number(removed)}` : ''].filter(Boolean).join(' ') ||
    null;
  return [
    {
      id: 'at',
      header: t('snapshots.at'),
      value: ({ at }) => at,
      cell: ({ at }) => <RelativeTime at={at} />,
    },
    {
      id: 'operation',
      header: t('snapshots.operation'),
      value: ({ operation }) => operation,
      cell: snapshot => <Operation snapshot={snapshot} />,
      wide: true,
    },
    {
      id: 'rows',
      header: t('list.rows'),
      value: ({ added_rows, deleted_rows }) => signed(added_rows, deleted_rows),
      figures: true,
    },
    {
      id: 'files',
      header: t('list.files'),
      value: ({ added_files, deleted_files }) => signed(added_files, deleted_files),
      figures: true,
    },
    {
      id: 'total',
      header: t('snapshots.total_rows'),
      value: ({ total_rows }) => (total_rows === null ? null : number(total_rows)),
      figures: true,
      optional: 'shown',
    },
    {
      id: 'actor',
      header: t('snapshots.actor'),
      value: ({ actor }) => actor,
      cell: snapshot => <Actor snapshot={snapshot} />,
    },
    {
      id: 'id',
      header: t('snapshots.id'),
      value: ({ snapshot_id }) => snapshot_id,
      mono: true,
      optional: 'hidden',
    },
  ];
}

function Operation({ snapshot }: { snapshot: LakeSnapshot }) {
  const { t } = useTranslation('lake');
  const names = snapshot.refs.filter(({ name }) => name !== 'main').map(({ name }) => name);
  return (
    <>
      <span translate="no">{snapshot.operation}</span>{' '}
      {snapshot.current && <StatePill state="succeeded">{t('snapshots.current')}</StatePill>}
      {!snapshot.ancestor && <StatePill state="skipped">{t('snapshots.aside')}</StatePill>}
      {names.length > 0 && <span className="small dim mono"> {names.join(', ')}</span>}
    </>
  );
}

/** Who; and by which run, which is where to look for more. */
function Actor({ snapshot: { actor, run_id } }: { snapshot: LakeSnapshot }) {
  const slug = useMembership()?.workspace.slug ?? '';
  if (actor === null) return <span className="faint">–</span>;
  if (run_id === null) return <bdi>{actor}</bdi>;
  return (
    <Link to={`/w/${slug}/runs/${run_id}`}>
      <bdi>{actor}</bdi>
    </Link>
  );
}
