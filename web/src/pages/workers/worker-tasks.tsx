import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Worker } from '../../../../src/contract/runs.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { Duration } from '../../parts/duration.tsx';
import css from './workers.module.css';

/** What it runs, as far as one may see into the workspaces. */
export function WorkerTasks({ worker }: { worker: Worker }) {
  const { t } = useTranslation('workers');
  const { number } = useFormat();
  const { tasks, tasks_elsewhere: more } = worker;
  if (tasks.length === 0 && more === 0) return <p className="dim">{t('idle')}</p>;
  return (
    <ul className={css.tasks} aria-label={t('tasks_of', { name: worker.name })}>
      {tasks.map(({ id, name, kind, run_id, workspace, started_at }) => (
        <li key={id} className={css.task}>
          <Link to={`/w/${workspace.slug}/runs/${run_id}?task=${id}`}>
            <bdi>{name}</bdi>
          </Link>
          <span className="mono faint" translate="no">
            {kind}
          </span>
          <bdi className="dim">{workspace.name}</bdi>
          <Duration from={started_at} to={null} />
        </li>
      ))}
      {more > 0 && <li className="dim">{t('elsewhere', { count: more, shown: number(more) })}</li>}
    </ul>
  );
}
