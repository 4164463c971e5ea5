import { useTranslation } from 'react-i18next';
import type { LakeCompare } from '../../../../src/contract/lake.ts';
import { useApi } from '../../api.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { CloseIcon } from '../../icons.ts';
import { Awaited } from '../../parts/awaited.tsx';
import { Card } from '../../parts/card.tsx';
import { StateLink } from '../../parts/state-link.tsx';
import { Tiles } from '../../parts/tiles.tsx';
import css from './compare-card.module.css';
import type { LakeTableDetail } from './table.ts';

interface CompareCardProps {
  table: LakeTableDetail;
  /** Undefined: from nothing. */
  from: string | undefined;
  to: string;
}

export function CompareCard({ table, from, to }: CompareCardProps) {
  const { t } = useTranslation(['lake', 'common']);
  const query = { to, ...(from !== undefined && { from }) };
  const compared = useApi('lake_tables.compare', { params: { id: table.id }, query });
  return (
    <Card
      title={from === undefined ? t('compare.first', { to }) : t('compare.title', { from, to })}
      aside={
        <StateLink change={{ from: null, to: null }} aria-label={t('common:close')}>
          <CloseIcon size={16} aria-hidden="true" />
        </StateLink>
      }
    >
      <Awaited query={compared}>{loaded => <Comparison compared={loaded} />}</Awaited>
    </Card>
  );
}

/** What is different, whichever way it is asked: also the effect of a roll back before it is done. */
export function Comparison({ compared }: { compared: LakeCompare }) {
  const { t } = useTranslation('lake');
  const { number, bytes } = useFormat();
  return (
    <div className={css.stack}>
      <Tiles
        tiles={[
          {
            label: t('list.rows'),
            figure: <Both added={number(compared.rows_added)} removed={number(compared.rows_removed)} />,
          },
          {
            label: t('list.files'),
            figure: <Both added={number(compared.files_added)} removed={number(compared.files_removed)} />,
            text: <Both added={bytes(compared.bytes_added)} removed={bytes(compared.bytes_removed)} />,
          },
          {
            label: t('compare.delete_files'),
            figure: (
              <Both
                added={number(compared.delete_files_added)}
                removed={number(compared.delete_files_removed)}
              />
            ),
          },
        ]}
      />
      {compared.schema_changes.length > 0 && (
        <div>
          <h3>{t('compare.schema')}</h3>
          <ul lang="en">
            {compared.schema_changes.map(change => (
              <li key={change}>{change}</li>
            ))}
          </ul>
        </div>
      )}
      <FileList title={t('compare.added')} files={compared.added} />
      <FileList title={t('compare.removed')} files={compared.removed} />
    </div>
  );
}

/** What came and what went. */
function Both({ added, removed }: { added: string; removed: string }) {
  return (
    <>
      <span>+{added}</span> <span>−{removed}</span>
    </>
  );
}

function FileList({ title, files }: { title: string; files: LakeCompare['added'] }) {
  const { t } = useTranslation('lake');
  const { number, bytes } = useFormat();
  if (files.length === 0) return null;
  return (
    <details>
      <summary>{title}</summary>
      <ul className={css.files}>
        {files.map(({ path, rows, bytes: size }) => (
          <li key={path}>
            <span className="mono" translate="no">
              {path}
            </span>{' '}
            <span className="small dim">
              {t('compare.file', { count: rows, rows: number(rows), bytes: bytes(size) })}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
