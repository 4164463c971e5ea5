import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LakeField } from '../../../../src/contract/lake.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { EditIcon } from '../../icons.ts';
import { Card } from '../../parts/card.tsx';
import { CodeBlock } from '../../parts/code-block.tsx';
import { Columns } from '../../parts/columns.tsx';
import { Facts } from '../../parts/facts.tsx';
import { PlainTable } from '../../parts/plain-table.tsx';
import { RelativeTime } from '../../parts/relative-time.tsx';
import { useMay } from '../../session.ts';
import { EvolveDialog } from './evolve-dialog.tsx';
import css from './schema-tab.module.css';
import { isOurs, type LakeTableDetail } from './table.ts';

/** What a row is made of, how that came about, how rows are divided and ordered. */
export function SchemaTab({ table }: { table: LakeTableDetail }) {
  const { t } = useTranslation('lake');
  const may = useMay();
  const [evolving, setEvolving] = useState(false);
  return (
    <>
      {table.view !== null && (
        <Card title={t('view.title', { dialect: table.view.dialect })}>
          <CodeBlock text={table.view.sql} label={t('view.text')} />
        </Card>
      )}
      <Card
        flush
        title={t('schema.title')}
        aside={
          table.kind === 'table' &&
          isOurs(table) &&
          may('lake:write') && (
            <Button size="compact-sm" leftSection={<EditIcon size={14} />} onClick={() => setEvolving(true)}>
              {t('schema.change')}
            </Button>
          )
        }
      >
        <FieldTable fields={table.fields} />
      </Card>
      <Columns>
        <Card title={t('schema.layout')}>
          <Layout table={table} />
        </Card>
        {table.schemas.length > 1 && (
          <Card title={t('schema.history')}>
            <SchemaHistory table={table} />
          </Card>
        )}
      </Columns>
      {evolving && <EvolveDialog table={table} onClose={() => setEvolving(false)} />}
    </>
  );
}

function FieldTable({ fields }: { fields: readonly LakeField[] }) {
  const { t } = useTranslation('lake');
  return (
    <PlainTable
      label={t('schema.fields')}
      headings={[t('schema.field'), t('schema.type'), t('schema.null'), t('schema.doc')]}
    >
      {fields.map(field => (
        <tr key={field.path}>
          <td style={{ paddingInlineStart: `${0.875 + field.depth}rem` }}>
            <strong>
              <bdi translate="no">{field.name}</bdi>
            </strong>
            {field.identifier && <span className={css.key}>{t('schema.identifier')}</span>}
          </td>
          <td className="mono" translate="no">
            {field.type}
          </td>
          <td>{field.required ? t('schema.required') : <span className="faint">{t('schema.may')}</span>}</td>
          <td className={`${css.doc} dim`}>
            <bdi>{field.doc}</bdi>
          </td>
        </tr>
      ))}
    </PlainTable>
  );
}

function Layout({ table }: { table: LakeTableDetail }) {
  const { t } = useTranslation('lake');
  const { list } = useFormat();
  const spec = table.partition_specs.find(one => one.is_default);
  const partitions = spec?.fields.map(({ source, transform }) =>
    transform === 'identity' ? source : `${transform}(${source})`,
  );
  const order = table.sort_order.map(({ source, direction }) => `${source} ${direction}`);
  const refs = table.refs.map(({ name }) => name);
  const properties = Object.entries(table.table_properties).map(([key, value]) => `${key} = ${value}`);
  const facts = [
    {
      term: t('schema.partitions'),
      value: partitions?.length ? list(partitions) : t('schema.none'),
      mono: true,
    },
    { term: t('schema.order'), value: order.length > 0 ? list(order) : t('schema.none'), mono: true },
    { term: t('schema.refs'), value: refs.length > 0 ? list(refs) : '–', mono: true },
    { term: t('schema.format'), value: `Iceberg v${table.format_version ?? '?'}`, mono: true },
    { term: t('schema.location'), value: table.location, mono: true },
    ...(table.metadata_location === null
      ? []
      : [{ term: t('schema.metadata'), value: table.metadata_location, mono: true }]),
    ...(properties.length === 0
      ? []
      : [{ term: t('schema.properties'), value: <Lines lines={properties} />, mono: true }]),
  ];
  return <Facts facts={facts} />;
}

function Lines({ lines }: { lines: readonly string[] }) {
  return lines.map(line => <div key={line}>{line}</div>);
}

function SchemaHistory({ table }: { table: LakeTableDetail }) {
  const { t } = useTranslation('lake');
  return (
    <ol className={css.history}>
      {table.schemas.toReversed().map(({ schema_id, since, changes }) => (
        <li key={schema_id}>
          <div>
            <strong>{t('schema.version', { id: schema_id })}</strong>{' '}
            {since !== null && (
              <span className="small dim">
                <RelativeTime at={since} />
              </span>
            )}
          </div>
          <ul className="small">
            {changes.map(change => (
              <li key={change} lang="en">
                {change}
              </li>
            ))}
          </ul>
        </li>
      ))}
    </ol>
  );
}
