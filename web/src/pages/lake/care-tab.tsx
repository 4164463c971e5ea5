import { Button } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { LakeCare, LakePolicy } from '../../../../src/contract/lake.ts';
import { LAKE_CARE } from '../../../../src/contract/lake-words.ts';
import { useApi, useApiChange } from '../../api.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { Awaited } from '../../parts/awaited.tsx';
import { Card } from '../../parts/card.tsx';
import { Columns, Stack } from '../../parts/columns.tsx';
import { type Fact, Facts } from '../../parts/facts.tsx';
import { RelativeTime } from '../../parts/relative-time.tsx';
import type { Column } from '../../parts/table/column.ts';
import { DataTable } from '../../parts/table/data-table.tsx';
import { usePagedList } from '../../parts/table/list.ts';
import { useTableView } from '../../parts/table/use-table-view.ts';
import { toastProblem } from '../../parts/toasts.tsx';
import { useMay, useMembership } from '../../session.ts';
import css from './care-tab.module.css';
import { PolicyForm } from './policy-form.tsx';
import { isOurs, type LakeTableDetail } from './table.ts';

/** How the table is, what is done about it by itself, what was done, and doing it now. */
export function CareTab({ table }: { table: LakeTableDetail }) {
  const { t } = useTranslation('lake');
  const may = useMay();
  const view = useTableView({ prefix: 'care' });
  const list = usePagedList('lake_tables.care', { params: { id: table.id }, query: {} }, view);
  const writable = isOurs(table) && may('lake:maintain');
  return (
    <>
      <Columns>
        <Card title={t('care.health')}>
          <Health table={table} />
          {writable && <CareButtons table={table} />}
        </Card>
        <Card title={t('care.policy')}>
          <TablePolicy table={table} locked={!writable} />
        </Card>
      </Columns>
      <DataTable
        id="lake-care"
        titled
        caption={t('care.history')}
        columns={useCareColumns()}
        list={list}
        rowId={({ id }) => id}
        view={view}
        empty={{ title: t('care.empty') }}
      />
    </>
  );
}

function Health({ table }: { table: LakeTableDetail }) {
  const { t } = useTranslation('lake');
  const { number, bytes, list } = useFormat();
  const { health } = table;
  const figure = (value: number | null) => (value === null ? '–' : number(value));
  const facts: Fact[] = [
    { term: t('list.files'), value: figure(table.files) },
    { term: t('care.small_files'), value: figure(health.small_files) },
    { term: t('compare.delete_files'), value: figure(health.delete_files) },
    { term: t('tabs.snapshots'), value: figure(health.snapshots) },
    { term: t('care.manifests'), value: figure(health.manifests) },
    {
      term: t('care.metadata'),
      value: health.metadata_bytes === null ? '–' : bytes(health.metadata_bytes),
    },
    {
      term: t('care.due'),
      value: health.due.length > 0 ? list(health.due.map(due => t(`care.kinds.${due}`))) : t('care.nothing'),
    },
    {
      term: t('care.checked'),
      value: health.checked_at === null ? '–' : <RelativeTime at={health.checked_at} />,
    },
  ];
  return <Facts facts={facts} />;
}

function CareButtons({ table }: { table: LakeTableDetail }) {
  const { t } = useTranslation('lake');
  const navigate = useNavigate();
  const slug = useMembership()?.workspace.slug ?? '';
  const maintain = useApiChange('lake_tables.maintain', { also: ['runs'] });
  const start = (kind: (typeof LAKE_CARE)[number]) =>
    maintain
      .mutateAsync({ params: { id: table.id }, body: { kinds: [kind] } })
      .then(({ run_id }) => navigate({ to: `/w/${slug}/runs/${run_id}` }))
      .catch(toastProblem);
  return (
    <div className={css.buttons}>
      {LAKE_CARE.map(kind => (
        <Button key={kind} disabled={maintain.isPending} onClick={() => void start(kind)}>
          {t(`care.do.${kind}`)}
        </Button>
      ))}
    </div>
  );
}

function TablePolicy({ table, locked }: { table: LakeTableDetail; locked: boolean }) {
  const { t } = useTranslation('lake');
  const params = { id: table.id };
  const policy = useApi('lake_tables.policy', { params });
  const put = useApiChange('lake_tables.policy_put');
  return (
    <Awaited query={policy}>
      {loaded => (
        <Stack>
          <p className="small dim">{t(loaded.own.length > 0 ? 'care.own' : 'care.inherited')}</p>
          <PolicyForm
            key={loaded.version}
            policy={loaded.policy}
            version={loaded.version}
            locked={locked}
            save={(policy, version) => put.mutateAsync({ params, body: ownOf(policy, loaded), version })}
          />
        </Stack>
      )}
    </Awaited>
  );
}

/** What the table says itself: what it said before, and what was changed now. The rest goes on following the workspace. */
function ownOf(policy: LakePolicy, before: { policy: LakePolicy; own: string[] }): Partial<LakePolicy> {
  const entries = Object.entries(policy).filter(
    ([key, value]) => before.own.includes(key) || before.policy[key as keyof LakePolicy] !== value,
  );
  return Object.fromEntries(entries);
}

function useCareColumns(): Column<LakeCare>[] {
  const { t } = useTranslation('lake');
  const slug = useMembership()?.workspace.slug ?? '';
  return [
    {
      id: 'at',
      header: t('snapshots.at'),
      value: ({ at }) => at,
      cell: ({ at }) => <RelativeTime at={at} />,
    },
    { id: 'kind', header: t('care.what'), value: ({ kind }) => kindText(kind, t) },
    {
      id: 'result',
      header: t('care.result'),
      value: ({ result }) => resultText(result),
      mono: true,
      wide: true,
    },
    {
      id: 'run',
      header: t('care.run'),
      value: ({ run_id }) => run_id,
      cell: ({ run_id }) =>
        run_id === null ? (
          <span className="faint">–</span>
        ) : (
          <Link to={`/w/${slug}/runs/${run_id}`}>{t('care.open_run')}</Link>
        ),
    },
  ];
}

function kindText(kind: string, t: ReturnType<typeof useTranslation<'lake'>>['t']): string {
  const known = LAKE_CARE.find(one => one === kind);
  return known === undefined ? kind : t(`care.kinds.${known}`);
}

function resultText(result: LakeCare['result']): string {
  return Object.entries(result)
    .map(([key, value]) => `${key} ${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join(', ');
}
