import { useTranslation } from 'react-i18next';
import type { Parameter } from './api-model.ts';
import { useApiWords } from './api-words.ts';
import css from './field-table.module.css';
import type { Fact, FieldRow } from './schema.ts';

type Row = FieldRow & { place?: Parameter['in'] };

interface FieldTableProps {
  caption: string;
  rows: readonly Row[];
  /** What must be given is marked; of an answer, everything is there. */
  given?: boolean;
}

/** Fields with their type and bounds; what lies inside another stands below it, further in. */
export function FieldTable({ caption, rows, given = false }: FieldTableProps) {
  const { t } = useTranslation('api_docs');
  return (
    <div className={css.scroll}>
      <table className={css.table}>
        <caption className={css.hidden}>{caption}</caption>
        <thead>
          <tr>
            <th scope="col">{t('field.name')}</th>
            <th scope="col">{t('field.type')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <FieldLine key={row.path} row={row} given={given} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function FieldLine({ row, given }: { row: Row; given: boolean }) {
  const { t } = useTranslation('api_docs');
  const { description } = useApiWords();
  return (
    <tr>
      <th scope="row" style={{ paddingInlineStart: `${0.875 + row.depth * 1.125}rem` }}>
        <code translate="no">{row.name}</code>
        <span className={css.note}>
          {row.place !== undefined && <span className="faint">{t(`places.${row.place}`)}</span>}
          {given && row.required && <span className={css.required}>{t('field.required')}</span>}
        </span>
      </th>
      <td>
        <code translate="no">{row.type}</code>
        {row.facts.map(fact => (
          <FactText key={fact.kind} fact={fact} />
        ))}
        {row.description !== '' && <p className="dim">{description(row.description)}</p>}
      </td>
    </tr>
  );
}

function FactText({ fact }: { fact: Fact }) {
  const { t } = useTranslation('api_docs');
  if ('value' in fact)
    return (
      <span className={css.fact}>
        {t(`facts.${fact.kind}`)} <code translate="no">{fact.value}</code>
      </span>
    );
  const { kind, min, max } = fact;
  const bounds = min === null ? 'most' : max === null ? 'least' : 'between';
  return <span className={css.fact}>{t(`facts.${kind}_${bounds}`, { min, max })}</span>;
}
