import { useTranslation } from 'react-i18next';
import type { LakeFile } from '../../../../src/contract/lake.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { PlainTable } from '../../parts/plain-table.tsx';
import type { Column } from '../../parts/table/column.ts';
import { DataTable } from '../../parts/table/data-table.tsx';
import { usePagedList } from '../../parts/table/list.ts';
import { useTableView } from '../../parts/table/use-table-view.ts';
import type { LakeTableDetail } from './table.ts';

const CONTENTS = ['data', 'deletes'] as const;

/** The files of the current snapshot, and what is known of each without opening it. */
export function FilesTab({ table }: { table: LakeTableDetail }) {
  const { t } = useTranslation('lake');
  const view = useTableView({ prefix: 'files', filters: ['content', 'partition'] });
  const { content, partition } = view.view.filters;
  const query = { content: CONTENTS.find(one => one === content), partition };
  const list = usePagedList('lake_tables.files', { params: { id: table.id }, query }, view);
  return (
    <DataTable
      id="lake-files"
      caption={t('tabs.files')}
      columns={useFileColumns(table)}
      list={list}
      rowId={file => file.path}
      view={view}
      filters={[
        {
          id: 'content',
          label: t('files.any_content'),
          kind: 'choice',
          options: CONTENTS.map(value => ({ value, label: t(`files.${value}`) })),
        },
      ]}
      detail={{
        label: file => t('files.columns_of', { path: shortPath(file.path, table) }),
        show: file => <FileColumns file={file} />,
      }}
      empty={{ title: t('files.empty') }}
    />
  );
}

function useFileColumns(table: LakeTableDetail): Column<LakeFile>[] {
  const { t } = useTranslation('lake');
  const { number, bytes } = useFormat();
  return [
    {
      id: 'path',
      header: t('files.path'),
      value: ({ path }) => path,
      cell: ({ path }) => (
        <span translate="no" title={path}>
          {shortPath(path, table)}
        </span>
      ),
      mono: true,
      wide: true,
    },
    { id: 'content', header: t('files.content'), value: ({ content }) => t(`contents.${content}`) },
    {
      id: 'partition',
      header: t('files.partition'),
      value: ({ partition }) => partition || null,
      mono: true,
    },
    { id: 'rows', header: t('list.rows'), value: ({ rows }) => number(rows), figures: true },
    { id: 'bytes', header: t('list.bytes'), value: file => bytes(file.bytes), figures: true },
    {
      id: 'snapshot',
      header: t('files.since'),
      value: ({ snapshot_id }) => snapshot_id,
      mono: true,
      optional: 'hidden',
    },
  ];
}

/** Below the folder of the table's data: what comes before is the same for all. */
function shortPath(path: string, { location }: LakeTableDetail): string {
  return path.startsWith(`${location}/`) ? path.slice(location.length + 1).replace(/^data\//, '') : path;
}

function FileColumns({ file }: { file: LakeFile }) {
  const { t } = useTranslation('lake');
  const { number, bytes } = useFormat();
  const figure = (value: number | null) => (value === null ? '–' : number(value));
  const headings = [t('schema.field'), t('list.bytes'), t('files.values'), t('files.nulls')];
  return (
    <PlainTable
      label={t('files.columns_of', { path: file.path })}
      headings={[...headings, t('files.lower'), t('files.upper')]}
    >
      {file.columns.map(column => (
        <tr key={column.path}>
          <td translate="no">{column.path}</td>
          <td className="figures">{column.bytes === null ? '–' : bytes(column.bytes)}</td>
          <td className="figures">{figure(column.values)}</td>
          <td className="figures">{figure(column.nulls)}</td>
          <td className="mono">{column.lower ?? '–'}</td>
          <td className="mono">{column.upper ?? '–'}</td>
        </tr>
      ))}
    </PlainTable>
  );
}
