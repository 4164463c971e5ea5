import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { TASK_STATES } from '../../../../src/contract/task-states.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { CloseIcon } from '../../icons.ts';
import { Duration } from '../../parts/duration.tsx';
import { RunStatePill, toneOf } from '../../parts/run-state.tsx';
import { scrollRegion } from '../../parts/scroll-region.ts';
import { StateLink } from '../../parts/state-link.tsx';
import css from './run-graph.module.css';
import type { RunTask } from './use-run-tasks.ts';

export interface TaskGroup {
  id: string;
  label: string;
  tasks: readonly RunTask[];
}

const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());

/** A task as a box that opens it: name, state in words and colour, how long. */
export function TaskNode({ task, current }: { task: RunTask; current: boolean }) {
  const { t } = useTranslation('common');
  return (
    <StateLink
      change={{ task: task.id, attempt: null, line: null }}
      className={`${css.node} nopan`}
      title={task.name}
      aria-current={current ? 'true' : undefined}
    >
      <i className={css.edge} data-tone={toneOf(task.state)} />
      <bdi className={css.name}>{task.name}</bdi>
      <span className={css.detail}>
        {t(`run_states.${task.state}`)}
        {task.started !== null && (
          <>
            {' · '}
            <Duration from={iso(task.started)} to={iso(task.ended)} />
          </>
        )}
      </span>
    </StateLink>
  );
}

/** Tasks of one sort as one box: how many, and how many of them are in which state. */
export function GroupNode({ group, current }: { group: TaskGroup; current: boolean }) {
  const { t } = useTranslation(['runs', 'common']);
  const { number, list } = useFormat();
  const [only] = group.tasks;
  if (only !== undefined && group.tasks.length === 1) return <TaskNode task={only} current={false} />;
  const counts = countStates(group.tasks);
  const said = counts.map(({ state, count }) => `${number(count)} ${t(`common:run_states.${state}`)}`);
  return (
    <StateLink
      change={{ group: group.id }}
      className={`${css.node} ${css.stack} nopan`}
      title={`${group.label}: ${list(said)}`}
      aria-current={current ? 'true' : undefined}
    >
      <bdi className={css.name}>{group.label}</bdi>
      <span className={css.detail}>
        {t('graph.group', { count: group.tasks.length, shown: number(group.tasks.length) })}
        {counts[0] !== undefined && ` · ${said[0]}`}
      </span>
      <Shares counts={counts} total={group.tasks.length} />
    </StateLink>
  );
}

function Shares({ counts, total }: { counts: ReturnType<typeof countStates>; total: number }) {
  return (
    <span className={css.shares} aria-hidden="true">
      {counts.map(({ state, count }) => (
        <i key={state} data-tone={toneOf(state)} style={{ width: `${(100 * count) / total}%` }} />
      ))}
    </span>
  );
}

/** What needs somebody first. */
const URGENCY = ['failed', 'lost', 'partial', 'running', 'starting', 'cancelling', 'retrying', 'queued'];

function countStates(tasks: readonly RunTask[]) {
  const urgency = (state: string) => (URGENCY.indexOf(state) + URGENCY.length + 1) % (URGENCY.length + 1);
  const counts = new Map(TASK_STATES.map(state => [state, 0]));
  for (const { state } of tasks) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count > 0)
    .map(([state, count]) => ({ state, count }))
    .sort((a, b) => urgency(a.state) - urgency(b.state));
}

const ROW_PX = 34;

/** The members of a group, each a link to its task; only those in sight are drawn. */
export function GroupPanel({ group }: { group: TaskGroup }) {
  const { t } = useTranslation(['runs', 'common']);
  const box = useRef<HTMLDivElement>(null);
  const sorted = useMemo(() => byUrgency(group.tasks), [group.tasks]);
  const virtualizer = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
  });
  return (
    <section className={css.panel} aria-label={group.label}>
      <div className={css.panelHead}>
        <h2>
          <bdi>{group.label}</bdi>
        </h2>
        <StateLink change={{ group: null }} className={css.close} aria-label={t('common:close')}>
          <CloseIcon size={16} aria-hidden="true" />
        </StateLink>
      </div>
      <div ref={box} className={css.members} {...scrollRegion(t('graph.members', { name: group.label }))}>
        <ul className={css.memberList} style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map(item => {
            const task = sorted[item.index];
            return task === undefined ? null : (
              <li key={task.id} className={css.member} style={{ top: item.start }}>
                <StateLink change={{ task: task.id, attempt: null, line: null }} className={css.memberLink}>
                  <bdi>{task.name}</bdi>
                </StateLink>
                <RunStatePill state={task.state} />
              </li>
            );
          })}
        </ul>
      </div>
    </section>
  );
}

function byUrgency(tasks: readonly RunTask[]): RunTask[] {
  const order = countStates(tasks).map(({ state }) => state);
  return [...tasks].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
}
