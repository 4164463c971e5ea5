import { useTranslation } from 'react-i18next';
import type { LakeTable } from '../../../../src/contract/lake.ts';
import { StatePill } from '../../parts/state-pill.tsx';
import type { State } from '../../parts/states.ts';

const LOOKS = {
  well: 'succeeded',
  due: 'warning',
  poor: 'failed',
  unknown: 'waiting',
} as const satisfies Record<LakeTable['health']['level'], State>;

/** How a table is, or that it cannot be read at all. */
export function HealthPill({ table }: { table: Pick<LakeTable, 'health' | 'error' | 'kind'> }) {
  const { t } = useTranslation('lake');
  if (table.error !== null) return <StatePill state="failed">{t('health.broken')}</StatePill>;
  if (table.kind === 'view') return <span className="faint">–</span>;
  const { level } = table.health;
  return <StatePill state={LOOKS[level]}>{t(`health.${level}`)}</StatePill>;
}
