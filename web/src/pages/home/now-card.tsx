import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Run } from '../../../../src/contract/runs.ts';
import { useApi } from '../../api.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { Card } from '../../parts/card.tsx';
import { Duration } from '../../parts/duration.tsx';
import { RelativeTime } from '../../parts/relative-time.tsx';
import { RunStatePill } from '../../parts/run-state.tsx';
import { StatePill } from '../../parts/state-pill.tsx';
import { useMembership } from '../../session.ts';
import { type Line, nowAndNext, shareDone } from './now.ts';
import css from './now-card.module.css';

/** What runs, what failed or is late, what comes next. Nothing of it: no card. */
export default function NowCard() {
  const { t } = useTranslation('home');
  const { number } = useFormat();
  const { data } = useApi('runs.summary', {});
  const lines = data === undefined ? [] : nowAndNext(data);
  if (data === undefined || lines.length === 0) return null;
  const { succeeded, failed } = data.day;
  return (
    <Card
      flush
      title={t('now.title')}
      aside={
        succeeded + failed > 0 && (
          <span className="small faint figures">
            {t('now.day', { succeeded: number(succeeded), failed: number(failed) })}
          </span>
        )
      }
    >
      <table className={css.table}>
        <thead>
          <tr>
            <th scope="col">{t('now.what')}</th>
            <th scope="col">{t('now.state')}</th>
            <th scope="col" className={css.took}>
              {t('now.took')}
            </th>
            <th scope="col">{t('now.next')}</th>
          </tr>
        </thead>
        <tbody>
          {lines.map(line => (
            <Row key={line.key} line={line} />
          ))}
        </tbody>
      </table>
    </Card>
  );
}

function Row({ line }: { line: Line }) {
  const slug = useMembership()?.workspace.slug ?? '';
  const { run, name, next, schedule_id } = line;
  const to = run === null ? `/w/${slug}/schedules/${schedule_id}` : `/w/${slug}/runs/${run.id}`;
  return (
    <tr>
      <td className={css.what}>
        <Link to={to} title={name}>
          <bdi>{name}</bdi>
        </Link>
        {run?.error != null && (
          <span className={`${css.why} small`} lang="en" title={run.error.message}>
            {run.error.message}
          </span>
        )}
      </td>
      <td>{run === null ? <StatePill state="waiting" /> : <RunPill run={run} />}</td>
      <td className={css.took}>{run !== null && <Duration from={run.started_at} to={run.ended_at} />}</td>
      <td>{next === null ? <span className="faint">–</span> : <RelativeTime at={next} />}</td>
    </tr>
  );
}

function RunPill({ run }: { run: Run }) {
  const { t } = useTranslation(['home', 'common']);
  const { percent } = useFormat();
  const share = run.ended_at === null ? shareDone(run) : undefined;
  if (run.late && run.ended_at === null) return <StatePill state="warning">{t('now.late')}</StatePill>;
  if (share === undefined) return <RunStatePill state={run.state} />;
  return (
    <RunStatePill state={run.state}>
      {t('now.share', { state: t(`common:run_states.${run.state}`), share: percent(share) })}
    </RunStatePill>
  );
}
