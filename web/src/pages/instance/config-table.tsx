import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { ConfigEntry } from '../../../../src/contract/system.ts';
import type { WholeList } from '../../api.ts';
import type { Column } from '../../parts/table/column.ts';
import { DataTable } from '../../parts/table/data-table.tsx';
import { useTableView } from '../../parts/table/use-table-view.ts';
import css from './config-table.module.css';

const ORIGINS = ['default', 'file', 'environment', 'flag', 'remembered'] as const;

/** Every setting as it is in force, and where its value comes from. Secrets come masked from the server. */
export function ConfigTable({ config }: { config: readonly ConfigEntry[] }) {
  const { t } = useTranslation('instance');
  const view = useTableView({ filters: ['origin'] });
  const list = useMemo(() => present(config), [config]);
  return (
    <DataTable
      id="configuration"
      titled
      dense
      caption={t('config.title')}
      columns={useColumns()}
      list={list}
      rowId={entry => entry.key}
      view={view}
      search={t('config.search')}
      filters={[
        {
          id: 'origin',
          label: t('config.any_origin'),
          kind: 'choice',
          options: ORIGINS.map(origin => ({ value: origin, label: t(`config.origins.${origin}`) })),
          matches: (entry, origin) => entry.origin === origin,
        },
      ]}
      empty={{ title: t('config.empty') }}
    />
  );
}

/** Rows that came with something larger: there already, and refreshed with it. */
function present(rows: readonly ConfigEntry[]): WholeList<ConfigEntry> {
  return { rows: [...rows], cut: false, error: null, loading: false, updated_at: 0, retry: () => {} };
}

function useColumns(): Column<ConfigEntry>[] {
  const { t, i18n } = useTranslation('instance');
  const docOf = (entry: ConfigEntry) => i18n.t(`config:${entry.key}`, { defaultValue: entry.doc });
  return [
    { id: 'key', header: t('config.key'), value: entry => entry.key, mono: true },
    {
      id: 'value',
      header: t('config.value'),
      value: entry => valueText(entry.value),
      cell: entry => <Value value={entry.value} />,
      mono: true,
      wraps: true,
    },
    {
      id: 'origin',
      header: t('config.origin'),
      value: entry => t(`config.origins.${entry.origin}`),
      cell: entry => <Origin entry={entry} />,
      wraps: true,
    },
    {
      id: 'doc',
      header: t('config.doc'),
      value: docOf,
      cell: entry => <span className="dim">{docOf(entry)}</span>,
      wide: true,
      wraps: true,
      sortable: false,
    },
  ];
}

function valueText(value: ConfigEntry['value']): string | null {
  if (value === null) return null;
  if (Array.isArray(value)) return value.length === 0 ? null : value.map(item => textOf(item)).join(', ');
  return textOf(value);
}

function textOf(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function Value({ value }: { value: ConfigEntry['value'] }) {
  const { t } = useTranslation('instance');
  const text = valueText(value);
  if (text === null) return <span className={css.none}>{t('config.none')}</span>;
  if (typeof value === 'boolean') return value ? t('config.yes') : t('config.no');
  return (
    <bdi title={text} translate="no">
      {text}
    </bdi>
  );
}

/** What was set by somebody stands out from what is as it always is. */
function Origin({ entry }: { entry: ConfigEntry }) {
  const { t } = useTranslation('instance');
  const word = t(`config.origins.${entry.origin}`);
  if (entry.origin === 'default') return <span className="faint">{word}</span>;
  return (
    <span title={entry.source ?? undefined}>
      {word} {entry.source !== null && <Source name={entry.source} />}
    </span>
  );
}

/** In one piece: `--port` broken after its dashes is hard to find again. */
function Source({ name }: { name: string }) {
  return (
    <code className={css.source} translate="no">
      {name}
    </code>
  );
}
