import { useTranslation } from 'react-i18next';
import type { Run } from '../../../../src/contract/runs.ts';
import { useFormat } from '../../i18n/use-format.ts';
import css from './task-counts.module.css';

type Counts = Run['tasks'];
/** From what is well to what is not begun; widths are shares of all tasks. */
const PARTS = [
  ['succeeded', 'ok'],
  ['partial', 'warn'],
  ['failed', 'bad'],
  ['lost', 'lost'],
  ['cancelled', 'wait'],
  ['skipped', 'wait'],
  ['active', 'run'],
] as const;

/** "3 of 5" and a bar of the same; the words for whoever does not see the bar say every state that there is. */
export function TaskCounts({ tasks }: { tasks: Counts }) {
  const { t } = useTranslation(['runs', 'common']);
  const { number, list } = useFormat();
  const said = PARTS.filter(([part]) => tasks[part] > 0).map(([part]) =>
    t(`counts.${part}`, { count: tasks[part], shown: number(tasks[part]) }),
  );
  return (
    <span className={css.counts} title={list(said)}>
      <svg className={css.bar} viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        {segments(tasks).map(({ part, tone, x, width }) => (
          <rect key={part} data-tone={tone} x={x} width={width} height={6} />
        ))}
      </svg>
      <span className="figures">
        {t('counts.of', { ended: number(tasks.total - tasks.open), total: number(tasks.total) })}
      </span>
    </span>
  );
}

interface Segment {
  part: string;
  tone: string;
  x: number;
  width: number;
}

function segments(tasks: Counts): Segment[] {
  let x = 0;
  return PARTS.flatMap(([part, tone]) => {
    const width = tasks.total === 0 ? 0 : (100 * tasks[part]) / tasks.total;
    if (width === 0) return [];
    const segment = { part, tone, x, width };
    x += width;
    return [segment];
  });
}
