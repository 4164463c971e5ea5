import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n/use-format.ts';
import { RetryIcon } from '../../icons.ts';
import { Facts } from '../../parts/facts.tsx';
import { RowMenu } from '../../parts/row-menu.tsx';
import { DataTable } from '../../parts/table/data-table.tsx';
import { usePagedList } from '../../parts/table/list.ts';
import { useTableView } from '../../parts/table/use-table-view.ts';
import { useMay } from '../../session.ts';
import { useUrlState } from '../../use-url-state.ts';
import { CompareCard } from './compare-card.tsx';
import { RollbackDialog } from './rollback-dialog.tsx';
import { useSnapshotColumns } from './snapshot-columns.tsx';
import { isOurs, type LakeSnapshot, type LakeTableDetail } from './table.ts';

/** Every state the table was in and still can be read in. Two of them can be compared, one made the current one again. */
export function SnapshotsTab({ table }: { table: LakeTableDetail }) {
  const { t } = useTranslation('lake');
  const may = useMay();
  const [state, change] = useUrlState();
  const view = useTableView({ prefix: 'snapshots' });
  const list = usePagedList('lake_tables.snapshots', { params: { id: table.id }, query: {} }, view);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [back, setBack] = useState<LakeSnapshot>();
  const pair = pairOf(chosen, list.rows ?? []);
  const writable = isOurs(table) && may('lake:write');
  return (
    <>
      {state.to !== undefined && <CompareCard table={table} from={state.from} to={state.to} />}
      <DataTable
        id="snapshots"
        caption={t('tabs.snapshots')}
        columns={useSnapshotColumns()}
        list={list}
        rowId={snapshot => snapshot.snapshot_id}
        view={view}
        selection={{
          ids: chosen,
          change: ids => setChosen(new Set([...ids].slice(-2))),
          label: snapshot => t('snapshots.select', { id: snapshot.snapshot_id }),
          actions: (
            <Button size="compact-sm" disabled={pair === undefined} onClick={() => change(pair ?? {})}>
              {t('snapshots.compare')}
            </Button>
          ),
        }}
        detail={{
          label: snapshot => t('snapshots.summary_of', { id: snapshot.snapshot_id }),
          show: snapshot => <SnapshotSummary snapshot={snapshot} />,
        }}
        actions={snapshot => (
          <RowMenu
            name={snapshot.snapshot_id}
            actions={[
              {
                label: t('snapshots.what_it_did'),
                run: () => change({ from: snapshot.parent_id, to: snapshot.snapshot_id }),
              },
              ...(writable && !snapshot.current
                ? [
                    {
                      label: t('rollback.open'),
                      icon: <RetryIcon size={15} />,
                      run: () => setBack(snapshot),
                    },
                  ]
                : []),
            ]}
          />
        )}
        empty={{ title: t('snapshots.empty'), text: t('snapshots.empty_text') }}
      />
      {back !== undefined && (
        <RollbackDialog table={table} snapshot={back} onClose={() => setBack(undefined)} />
      )}
    </>
  );
}

/** The older one first, whichever was chosen first. */
function pairOf(
  chosen: ReadonlySet<string>,
  rows: readonly LakeSnapshot[],
): { from: string; to: string } | undefined {
  const [to, from] = rows.filter(({ snapshot_id }) => chosen.has(snapshot_id));
  return to && from && { from: from.snapshot_id, to: to.snapshot_id };
}

function SnapshotSummary({ snapshot }: { snapshot: LakeSnapshot }) {
  const { t } = useTranslation('lake');
  const { number } = useFormat();
  const figure = (value: number | null) => (value === null ? '–' : number(value));
  const { operation: _operation, ...summary } = snapshot.summary;
  return (
    <Facts
      facts={[
        { term: t('snapshots.id'), value: snapshot.snapshot_id, mono: true },
        { term: t('snapshots.parent'), value: snapshot.parent_id ?? '–', mono: true },
        { term: t('snapshots.total_rows'), value: figure(snapshot.total_rows) },
        { term: t('snapshots.total_files'), value: figure(snapshot.total_files) },
        ...Object.entries(summary).map(([term, value]) => ({ term, value, mono: true })),
      ]}
    />
  );
}
