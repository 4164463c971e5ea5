import { Button, Drawer } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { AuditEntry } from '../../../../src/contract/access.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { type Fact, Facts } from '../facts.tsx';
import css from './audit-entry-drawer.module.css';
import { actionText, actorText, objectText } from './audit-words.ts';

interface DrawerProps {
  entry: AuditEntry;
  only: (filter: { actor_id: string } | { object_id: string }) => void;
  onClose: () => void;
}

/** One line of the log with all that it keeps: who, on what, from where, and every field before and after. */
export function AuditEntryDrawer({ entry, only, onClose }: DrawerProps) {
  const { t } = useTranslation(['access', 'common']);
  const { actor_id, object_id } = entry;
  return (
    <Drawer
      opened
      position="right"
      title={actionText(entry.action, t)}
      onClose={onClose}
      closeButtonProps={{ 'aria-label': t('common:close') }}
      // A page has one banner, and this is not it.
      attributes={{ header: { role: 'presentation' } }}
    >
      <div className={css.entry}>
        <Facts facts={useFacts(entry)} />
        <div className={css.ways}>
          {actor_id !== null && (
            <Button onClick={() => only({ actor_id })}>
              {t('audit.only_actor', { name: actorText(entry, t) })}
            </Button>
          )}
          {object_id !== null && (
            <Button onClick={() => only({ object_id })}>{t('audit.only_object')}</Button>
          )}
        </div>
        <Changes changes={entry.changes} />
      </div>
    </Drawer>
  );
}

function useFacts(entry: AuditEntry): Fact[] {
  const { t } = useTranslation('access');
  const { exact } = useFormat();
  const facts: (Fact | undefined)[] = [
    { term: t('audit.at'), value: <time dateTime={entry.at}>{exact(entry.at)}</time> },
    { term: t('audit.actor'), value: <bdi>{actorText(entry, t)}</bdi> },
    { term: t('audit.object'), value: <bdi>{objectText(entry, t) || '–'}</bdi> },
    { term: t('audit.code'), value: entry.action, mono: true },
    entry.ip === null ? undefined : { term: t('audit.ip'), value: entry.ip, mono: true },
    entry.request_id === null ? undefined : { term: t('audit.request'), value: entry.request_id, mono: true },
  ];
  return facts.filter(fact => fact !== undefined);
}

function Changes({ changes }: { changes: AuditEntry['changes'] }) {
  const { t } = useTranslation('access');
  const fields = Object.entries(changes);
  if (fields.length === 0) return null;
  return (
    <section className={css.changes}>
      <h3>{t('audit.changes')}</h3>
      <div className={css.scroll}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t('audit.field')}</th>
              <th scope="col">{t('audit.before')}</th>
              <th scope="col">{t('audit.after')}</th>
            </tr>
          </thead>
          <tbody>
            {fields.map(([field, { before, after }]) => (
              <tr key={field}>
                <th scope="row" className="mono" translate="no">
                  {field}
                </th>
                <Value value={before} />
                <Value value={after} />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Value({ value }: { value: unknown }) {
  if (value === undefined || value === null || value === '') return <td className="faint">–</td>;
  return (
    <td className="mono" translate="no">
      <bdi>{typeof value === 'string' ? value : JSON.stringify(value)}</bdi>
    </td>
  );
}
