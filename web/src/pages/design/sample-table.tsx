import { useTranslation } from 'react-i18next';
import type { WholeList } from '../../api.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { StatePill } from '../../parts/state-pill.tsx';
import { type State, stateNames } from '../../parts/states.ts';
import type { Column } from '../../parts/table/column.ts';
import { DataTable } from '../../parts/table/data-table.tsx';
import { useTableView } from '../../parts/table/use-table-view.ts';

interface Sample {
  name: string;
  state: State;
  rows: number;
}

const NAMES = ['orders_to_lake', 'price_lists', 'cold_chain', 'margins_daily', 'suppliers_crm', 'stock'];

/** Enough rows to be virtual, none of which mean anything. */
const rows: Sample[] = Array.from({ length: 400 }, (_, index) => ({
  name: `${NAMES[index % NAMES.length]}_${index}`,
  state: stateNames[index % stateNames.length] ?? 'waiting',
  rows: (index * 7919) % 1_250_000,
}));
const list: WholeList<Sample> = {
  rows,
  cut: false,
  error: null,
  loading: false,
  updated_at: 0,
  retry: () => {},
};

export function SampleTable() {
  const { t } = useTranslation(['design', 'common']);
  const { number } = useFormat();
  const view = useTableView({ filters: ['state'] });
  const columns: Column<Sample>[] = [
    { id: 'name', header: t('table.name'), value: row => row.name, wide: true },
    {
      id: 'state',
      header: t('table.state'),
      value: row => t(`common:states.${row.state}`),
      cell: row => <StatePill state={row.state} />,
    },
    {
      id: 'rows',
      header: t('table.rows'),
      value: row => row.rows,
      cell: row => number(row.rows),
      figures: true,
      optional: 'shown',
    },
  ];
  return (
    <DataTable
      id="sample"
      caption={t('table.caption')}
      columns={columns}
      list={list}
      rowId={row => row.name}
      view={view}
      search={t('table.search')}
      filters={[
        {
          id: 'state',
          label: t('table.state'),
          kind: 'choice',
          options: stateNames.map(state => ({ value: state, label: t(`common:states.${state}`) })),
          matches: (row, value) => row.state === value,
        },
      ]}
      link={() => '/design'}
      empty={{ title: t('words.empty') }}
    />
  );
}
