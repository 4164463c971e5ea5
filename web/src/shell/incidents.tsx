import { Skeleton } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Incident } from '../../../src/contract/alerts.ts';
import { useApi, useApiChange } from '../api.ts';
import { useFormat } from '../i18n/use-format.ts';
import { DoneIcon } from '../icons.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { ProblemBlock } from '../parts/problem-notice.tsx';
import { RelativeTime } from '../parts/relative-time.tsx';
import { StatePill } from '../parts/state-pill.tsx';
import type { State } from '../parts/states.ts';
import { useMay, useMembership } from '../session.ts';
import css from './activity.module.css';

const SHOWN = 20;
const LOOKS: Record<Incident['kind'], State> = { failed: 'failed', lost: 'lost', late: 'warning' };

/** What went wrong lately and what is well again. Looking at it is having seen it. */
export function Incidents({ onLeave }: { onLeave: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const slug = useMembership()?.workspace.slug ?? '';
  const { data, error, refetch } = useApi('incidents.list', { query: { limit: SHOWN } });
  const fresh = useFresh(data?.items);
  useSeen(data?.unseen ?? 0);
  return (
    <>
      <div className={css.head}>
        <h2>{t('bell.title')}</h2>
        {may('alerts:read') && (
          <Link to={`/w/${slug}/settings/notifications`} className="small" onClick={onLeave}>
            {t('bell.settings')}
          </Link>
        )}
      </div>
      {data !== undefined && data.items.length > 0 ? (
        <ul className={css.list}>
          {data.items.map(incident => (
            <Line
              key={incident.id}
              incident={incident}
              unseen={fresh.has(incident.id)}
              slug={slug}
              onLeave={onLeave}
            />
          ))}
        </ul>
      ) : data !== undefined ? (
        <EmptyState icon={<DoneIcon size={18} />} title={t('bell.empty')} text={t('bell.empty_text')} />
      ) : error !== null ? (
        <ProblemBlock problem={error.problem} retry={() => void refetch()} />
      ) : (
        <div className={css.waiting} role="status" aria-busy="true" aria-label={t('loading')}>
          <Skeleton height={12} width="70%" />
          <Skeleton height={12} width="50%" />
        </div>
      )}
    </>
  );
}

/** What was new when the list was opened, or has come since: it stays marked although it counts as seen by now. */
function useFresh(items: readonly Incident[] | undefined): ReadonlySet<string> {
  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set());
  const unseen = (items ?? []).filter(incident => incident.unseen && !fresh.has(incident.id));
  if (unseen.length > 0) setFresh(new Set([...fresh, ...unseen.map(incident => incident.id)]));
  return fresh;
}

function useSeen(unseen: number): void {
  const { mutate } = useApiChange('incidents.seen', { also: ['runs.summary'] });
  useEffect(() => {
    if (unseen > 0) mutate({});
  }, [unseen, mutate]);
}

interface LineProps {
  incident: Incident;
  unseen: boolean;
  slug: string;
  onLeave: () => void;
}

function Line({ incident, unseen, slug, onLeave }: LineProps) {
  const { t } = useTranslation();
  const { number } = useFormat();
  const { kind, title, run_id, count, error, recovered_at, recovered_run_id, opened_at } = incident;
  const well = recovered_at !== null;
  const run = recovered_run_id ?? run_id;
  return (
    <li className={css.incident} data-unseen={unseen || undefined}>
      <span className={css.title}>
        <StatePill state={well ? 'succeeded' : LOOKS[kind]}>
          {t(well ? 'bell.recovered' : `bell.kinds.${kind}`)}
        </StatePill>
        {run === null ? (
          <bdi>{title}</bdi>
        ) : (
          <Link to={`/w/${slug}/runs/${run}`} onClick={onLeave} title={title}>
            <bdi>{title}</bdi>
          </Link>
        )}
      </span>
      {!well && error?.message !== undefined && (
        <span className={`${css.why} small`} lang="en" title={error.message}>
          {error.message}
        </span>
      )}
      <span className="small dim">
        <RelativeTime at={recovered_at ?? opened_at} />
        {count > 1 && (
          <>
            {' · '}
            {t('bell.times', { count, shown: number(count) })}
          </>
        )}
        {unseen && (
          <>
            {' · '}
            {t('bell.new')}
          </>
        )}
      </span>
    </li>
  );
}
