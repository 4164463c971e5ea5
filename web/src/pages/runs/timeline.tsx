import { VisuallyHidden } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n/use-format.ts';
import { toneOf } from '../../parts/run-state.tsx';
import { scrollRegion } from '../../parts/scroll-region.ts';
import { StateLink } from '../../parts/state-link.tsx';
import { useNow } from '../../parts/use-now.ts';
import { useUrlState } from '../../use-url-state.ts';
import { type Bar, layOutGantt } from './gantt.ts';
import { isOver, type RunDetail } from './run.ts';
import css from './timeline.module.css';
import type { RunTask } from './use-run-tasks.ts';

const ROW_REM = 1.75;
/** Below this the axis counts in milliseconds. */
const SHORT_MS = 8000;

/** When each task waited and worked. Only the rows in sight are drawn; each is a link that says what its bar shows. */
export function Timeline({ run, tasks }: { run: RunDetail; tasks: readonly RunTask[] }) {
  const { t } = useTranslation('runs');
  const { duration } = useFormat();
  const now = useNow(!isOver(run));
  const box = useRef<HTMLDivElement>(null);
  const begin = Date.parse(run.created_at);
  const { bars, ticks, length_ms } = useMemo(() => layOutGantt(tasks, begin, now), [tasks, begin, now]);
  const row_px = useMemo(
    () => ROW_REM * Number.parseFloat(getComputedStyle(document.documentElement).fontSize),
    [],
  );
  const virtualizer = useVirtualizer({
    count: bars.length,
    getScrollElement: () => box.current,
    estimateSize: () => row_px,
    overscan: 16,
  });
  return (
    <div className={css.frame}>
      <div className={css.axis} aria-hidden="true">
        {ticks.map(({ ms, left }) => (
          <span key={ms} className={css.tick} style={{ left: `${left}%` }}>
            {length_ms < SHORT_MS ? t('timeline.ms', { ms }) : duration(ms)}
          </span>
        ))}
      </div>
      <div ref={box} className={css.scroll} {...scrollRegion(t('timeline.label'))}>
        <ul className={css.rows} style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map(item => {
            const bar = bars[item.index];
            return bar === undefined ? null : <Row key={bar.task.id} bar={bar} top={item.start} />;
          })}
        </ul>
      </div>
    </div>
  );
}

function Row({ bar, top }: { bar: Bar; top: number }) {
  const { t } = useTranslation(['runs', 'common']);
  const { duration } = useFormat();
  const [{ task: open }] = useUrlState();
  const { task, wait, work, took } = bar;
  const state = t(`common:run_states.${task.state}`);
  const words =
    took === null
      ? t('timeline.waits', { name: task.name, state })
      : t('timeline.took', { name: task.name, state, took: duration(took) });
  return (
    <li className={css.row} style={{ top }}>
      <StateLink
        change={{ task: task.id, attempt: null, line: null }}
        className={css.link}
        aria-current={open === task.id ? 'true' : undefined}
        title={words}
      >
        <bdi className={css.name}>{task.name}</bdi>
        <VisuallyHidden>{state}</VisuallyHidden>
        <span className={css.track}>
          <i className={css.wait} style={{ left: `${wait.left}%`, width: `${wait.width}%` }} />
          {work !== null && (
            <i
              className={css.work}
              data-tone={toneOf(task.state)}
              style={{ left: `${work.left}%`, width: `${work.width}%` }}
            />
          )}
        </span>
        <span className={`${css.took} figures`}>{took === null ? '–' : duration(took)}</span>
      </StateLink>
    </li>
  );
}
