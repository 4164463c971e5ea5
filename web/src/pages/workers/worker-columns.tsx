import { useTranslation } from 'react-i18next';
import type { Worker } from '../../../../src/contract/runs.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { RelativeTime } from '../../parts/relative-time.tsx';
import { StatePill } from '../../parts/state-pill.tsx';
import type { State } from '../../parts/states.ts';
import type { Column } from '../../parts/table/column.ts';
import css from './workers.module.css';

const LOOKS: Record<Worker['state'], State> = {
  active: 'succeeded',
  draining: 'paused',
  lost: 'lost',
  gone: 'skipped',
};

export function useWorkerColumns(server_version: string | undefined): Column<Worker>[] {
  const { t } = useTranslation('workers');
  const { bytes, number } = useFormat();
  return [
    {
      id: 'name',
      header: t('name'),
      value: worker => worker.name,
      cell: worker => <Name worker={worker} />,
      wide: true,
    },
    {
      id: 'state',
      header: t('state'),
      value: worker => t(`states.${worker.state}`),
      cell: worker => <StatePill state={LOOKS[worker.state]}>{t(`states.${worker.state}`)}</StatePill>,
    },
    {
      id: 'slots',
      header: t('slots'),
      value: worker => busyOf(worker) / Math.max(1, worker.concurrency),
      cell: worker => <Slots worker={worker} />,
    },
    {
      id: 'done',
      header: t('done'),
      value: worker => worker.stats.done,
      cell: ({ stats }) => number(stats.done),
      figures: true,
      optional: 'shown',
    },
    {
      id: 'failed',
      header: t('failed'),
      value: worker => worker.stats.failed,
      cell: ({ stats }) => number(stats.failed),
      figures: true,
      optional: 'hidden',
    },
    {
      id: 'memory',
      header: t('memory'),
      value: worker => worker.stats.rss_bytes,
      cell: ({ stats }) =>
        stats.rss_bytes === 0 ? <span className="faint">–</span> : bytes(stats.rss_bytes),
      figures: true,
    },
    {
      id: 'version',
      header: t('version'),
      value: worker => worker.version,
      cell: worker => <Version worker={worker} server_version={server_version} />,
    },
    {
      id: 'tags',
      header: t('tags'),
      value: worker => worker.tags.join(', '),
      mono: true,
      optional: 'shown',
    },
    {
      id: 'started',
      header: t('started'),
      value: worker => worker.started_at,
      cell: worker => <RelativeTime at={worker.started_at} />,
      optional: 'shown',
    },
    {
      id: 'seen',
      header: t('seen'),
      value: worker => worker.ended_at ?? worker.seen_at,
      cell: worker => <RelativeTime at={worker.ended_at ?? worker.seen_at} />,
    },
  ];
}

export function busyOf({ tasks, tasks_elsewhere }: Worker): number {
  return tasks.length + tasks_elsewhere;
}

function Name({ worker }: { worker: Worker }) {
  const { t } = useTranslation('workers');
  return (
    <span className={css.name}>
      <bdi title={worker.name}>{worker.name}</bdi>
      <span
        className="small faint"
        title={t('place', { host: worker.host, pid: String(worker.pid) })}
        translate="no"
      >
        {worker.host}:{worker.pid}
      </span>
    </span>
  );
}

/** "3 of 8" and a bar of the same. */
function Slots({ worker }: { worker: Worker }) {
  const { t } = useTranslation('workers');
  const { number } = useFormat();
  const busy = busyOf(worker);
  const share = Math.min(1, busy / Math.max(1, worker.concurrency));
  return (
    <span className={css.slots}>
      <svg className={css.bar} viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect width={100 * share} height={6} />
      </svg>
      <span className="figures">
        {t('slots_of', { busy: number(busy), slots: number(worker.concurrency) })}
      </span>
    </span>
  );
}

function Version({ worker, server_version }: { worker: Worker; server_version: string | undefined }) {
  const { t } = useTranslation('workers');
  return (
    <span className={css.version}>
      <span className="mono" translate="no">
        {worker.version}
      </span>
      {!worker.same_version && (
        <span title={t('other_version_text', { version: server_version ?? '' })}>
          <StatePill state="warning">{t('other_version')}</StatePill>
        </span>
      )}
    </span>
  );
}
