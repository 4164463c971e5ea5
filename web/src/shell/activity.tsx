import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useApi, WorkspaceScope } from '../api.ts';
import { useFormat } from '../i18n/use-format.ts';
import { StatePill } from '../parts/state-pill.tsx';
import { useMay, useMembership } from '../session.ts';
import css from './activity.module.css';
import { Bell } from './bell.tsx';

/** What goes on in the workspace, on every page: how much runs, how much failed, and the bell. One request for all three. */
export function Activity() {
  const slug = useMembership()?.workspace.slug;
  const may = useMay();
  if (slug === undefined || !may('runs:read')) return null;
  // The pages of the account and of the installation ask about no workspace; the header stays with the last one.
  return (
    <WorkspaceScope value={slug}>
      <Counters slug={slug} />
    </WorkspaceScope>
  );
}

function Counters({ slug }: { slug: string }) {
  const { t } = useTranslation();
  const { number } = useFormat();
  const { data } = useApi('runs.summary', {});
  const running = data?.running.length ?? 0;
  const failed = data?.failed.length ?? 0;
  return (
    <>
      {running > 0 && (
        <Link to={`/w/${slug}/runs?state=open`} className={css.count}>
          <StatePill state="running">
            {t('activity.running', { count: running, shown: number(running) })}
          </StatePill>
        </Link>
      )}
      {failed > 0 && (
        <Link to={`/w/${slug}/runs?state=unwell`} className={css.count}>
          <StatePill state="failed">
            {t('activity.failed', { count: failed, shown: number(failed) })}
          </StatePill>
        </Link>
      )}
      <Bell unseen={data?.incidents.unseen ?? 0} />
    </>
  );
}
