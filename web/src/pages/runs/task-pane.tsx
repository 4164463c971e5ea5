import { Select } from '@mantine/core';
import { type RefObject, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../api.ts';
import { CloseIcon } from '../../icons.ts';
import { Awaited } from '../../parts/awaited.tsx';
import { Duration } from '../../parts/duration.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { LogViewer } from '../../parts/log-viewer/log-viewer.tsx';
import { RunStatePill } from '../../parts/run-state.tsx';
import { StateLink } from '../../parts/state-link.tsx';
import { useUrlState } from '../../use-url-state.ts';
import { isOver, type RunDetail, type TaskDetail } from './run.ts';
import { TaskActions } from './task-actions.tsx';
import { TaskDetails } from './task-details.tsx';
import { TaskErrorNotice } from './task-error.tsx';
import css from './task-pane.module.css';
import { TaskProgress } from './task-progress.tsx';
import { WaitsForText } from './waits-for.tsx';

const CLOSED = { task: null, attempt: null, line: null, level: null, find: null, only: null, pane: null };
const ACTIVE_MS = 1000;

/** One task beside the whole: how it is, what it waits for, what it says. The address says which. */
export function TaskPane({ id, run }: { id: string; run: RunDetail }) {
  const { t } = useTranslation('runs');
  const heading = useRef<HTMLHeadingElement>(null);
  const task = useApi('tasks.show', { params: { id } }, isOver(run) ? {} : { refresh_ms: ACTIVE_MS });
  const loaded = task.data !== undefined;
  // Chosen from a list that stays: on a small screen the pane is below it, and a screen reader says what opened.
  useEffect(() => {
    if (loaded && arrivals > 0) heading.current?.focus();
    if (loaded) arrivals++;
  }, [loaded]);
  return (
    <aside className={css.pane} aria-label={t('task.label')}>
      {/* The way out is there whatever the answer is: the address may name a task that there is not. */}
      <div className={css.head}>
        {task.data && <Heading task={task.data} focus={heading} />}
        <Close />
      </div>
      <Awaited query={task}>{data => <Task task={data} />}</Awaited>
    </aside>
  );
}

/** Whoever opens an address with a task begins at the top of the page, as on every page. */
let arrivals = 0;

function Heading({ task, focus }: { task: TaskDetail; focus: RefObject<HTMLHeadingElement | null> }) {
  return (
    <>
      <h2 ref={focus} tabIndex={-1} className={css.title}>
        <bdi>{task.name}</bdi>
      </h2>
      <RunStatePill state={task.state} />
      {task.started_at !== null && (
        <span className="small dim">
          <Duration from={task.started_at} to={task.ended_at} />
        </span>
      )}
    </>
  );
}

function Close() {
  const { t } = useTranslation('common');
  return (
    <StateLink change={CLOSED} className={css.close} aria-label={t('close')}>
      <CloseIcon size={16} aria-hidden="true" />
    </StateLink>
  );
}

function Task({ task }: { task: TaskDetail }) {
  const { t } = useTranslation('runs');
  const [state, change] = useUrlState();
  const last = task.attempts.at(-1);
  const attempt = task.attempts.find(one => String(one.number) === state.attempt) ?? last;
  const pane = state.pane === 'details' ? 'details' : 'log';
  const error = attempt?.error ?? task.error;
  return (
    <>
      <div className={css.state}>
        {task.waits_for !== null && (
          <p role="status">
            <WaitsForText waits={task.waits_for} />
          </p>
        )}
        {task.progress !== null && !isOver(task) && (
          <TaskProgress progress={task.progress} name={task.name} />
        )}
        {error !== null && <TaskErrorNotice error={error} />}
        {task.marked_by !== null && (
          <p className="small dim">{t('task.marked_by', { name: task.marked_by })}</p>
        )}
        <TaskActions task={task} />
      </div>
      <div className={css.choice}>
        <nav className={css.panes} aria-label={t('task.panes')}>
          {(['log', 'details'] as const).map(one => (
            <StateLink
              key={one}
              change={{ pane: one === 'log' ? null : one }}
              className={css.paneLink}
              aria-current={one === pane ? 'page' : undefined}
            >
              {t(`task.pane_${one}`)}
            </StateLink>
          ))}
        </nav>
        {pane === 'log' && task.attempts.length > 1 && attempt !== undefined && (
          <Select
            className={css.attempt}
            aria-label={t('task.attempt')}
            data={task.attempts.map(one => ({
              value: String(one.number),
              label: t('task.attempt_label', { n: one.number, state: t(`attempt_states.${one.state}`) }),
            }))}
            value={String(attempt.number)}
            allowDeselect={false}
            onChange={value => change({ attempt: value === String(last?.number) ? null : value, line: null })}
          />
        )}
      </div>
      {pane === 'details' ? (
        <TaskDetails task={task} />
      ) : attempt === undefined ? (
        <EmptyState title={t('task.no_attempt')} text={t('task.no_attempt_text')} />
      ) : (
        <LogViewer
          key={`${task.id} ${attempt.number}`}
          task_id={task.id}
          attempt={attempt.number}
          name={task.name}
          started_at={attempt.started_at ?? attempt.claimed_at}
          begin={attempt.state === 'succeeded' || attempt.state === 'partial' ? 'start' : 'end'}
        />
      )}
    </>
  );
}
