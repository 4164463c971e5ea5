import { Skeleton } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { AuditEntry } from '../../../../src/contract/access.ts';
import { useApi } from '../../api.ts';
import { allPages, pageAddress } from '../../areas.ts';
import { actionText, actorText } from '../../parts/access/audit-words.ts';
import { Card } from '../../parts/card.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ProblemBlock } from '../../parts/problem-notice.tsx';
import { RelativeTime } from '../../parts/relative-time.tsx';
import { useMembership } from '../../session.ts';
import css from './home.module.css';

const auditPage = allPages.find(page => page.title === 'audit');

/** Who changed what lately: the top of the audit log. */
export default function ChangesCard() {
  const { t } = useTranslation('home');
  const { data: overview, error, refetch } = useApi('workspace.overview', {});
  const data = overview && { items: overview.latest_changes ?? [] };
  const workspace = useMembership()?.workspace.slug;
  const all = auditPage === undefined ? undefined : pageAddress(auditPage, workspace);
  return (
    <Card
      flush
      title={t('changes.title')}
      aside={all !== undefined && <Link to={all}>{t('changes.all')}</Link>}
    >
      {data === undefined && error !== null ? (
        <ProblemBlock problem={error.problem} retry={() => void refetch()} />
      ) : data === undefined ? (
        <Waiting />
      ) : data.items.length === 0 ? (
        <EmptyState title={t('changes.empty')} text={t('changes.empty_text')} />
      ) : (
        <ol className={css.lines}>
          {data.items.map(entry => (
            <Change key={entry.id} entry={entry} />
          ))}
        </ol>
      )}
    </Card>
  );
}

function Change({ entry }: { entry: AuditEntry }) {
  const { t } = useTranslation('access');
  return (
    <li className={css.line}>
      <span className={css.what}>
        <span className={css.done}>{actionText(entry.action, t)}</span>{' '}
        <bdi title={entry.object_name ?? undefined}>{entry.object_name}</bdi>
      </span>
      <span className={`${css.who} small faint`}>
        <RelativeTime at={entry.at} /> · <bdi title={actorText(entry, t)}>{actorText(entry, t)}</bdi>
      </span>
    </li>
  );
}

function Waiting() {
  return (
    <div className={css.lines}>
      {[60, 45, 70].map(width => (
        <div key={width} className={css.line}>
          <Skeleton height={12} width={`${width}%`} />
        </div>
      ))}
    </div>
  );
}
