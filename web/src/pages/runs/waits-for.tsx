import { useTranslation } from 'react-i18next';
import type { WaitsFor } from '../../../../src/contract/runs.ts';
import { useFormat } from '../../i18n/use-format.ts';

/** Why it does not run yet, in a sentence. */
export function WaitsForText({ waits }: { waits: WaitsFor }) {
  const { t } = useTranslation('runs');
  const { list, exact, number } = useFormat();
  const names = list(waits.names.slice(0, MOST_NAMES));
  const counts = { running: number(waits.running ?? 0), slots: number(waits.slots ?? 0) };
  const more = waits.names.length - MOST_NAMES;
  const named = more > 0 ? t('waits.and_more', { names, count: more, shown: number(more) }) : names;
  switch (waits.what) {
    case 'tasks':
      return <>{waits.names.length === 0 ? t('waits.tasks_unnamed') : t('waits.tasks', { names: named })}</>;
    case 'time':
      return <>{t('waits.time', { time: waits.until === null ? '–' : exact(waits.until) })}</>;
    case 'run':
      return <>{waits.names.length === 0 ? t('waits.run_unnamed') : t('waits.run', { names: named })}</>;
    case 'limit':
      return <>{t('waits.limit', { names: named, ...counts })}</>;
    case 'workspace_limit':
      return <>{t('waits.workspace_limit', counts)}</>;
    case 'workers':
      return <>{waits.slots === 0 ? t('waits.no_worker') : t('waits.workers', counts)}</>;
    case 'tags':
      return <>{t('waits.tags', { names: named })}</>;
    case 'drain':
      return <>{t('waits.drain')}</>;
  }
}

const MOST_NAMES = 5;
