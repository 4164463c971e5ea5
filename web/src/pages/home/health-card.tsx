import { Skeleton } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { PartState, System } from '../../../../src/contract/system.ts';
import { useApi } from '../../api.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { Card } from '../../parts/card.tsx';
import { type Fact, Facts } from '../../parts/facts.tsx';
import { ProblemBlock } from '../../parts/problem-notice.tsx';
import { RelativeTime } from '../../parts/relative-time.tsx';
import { StatePill } from '../../parts/state-pill.tsx';
import type { State } from '../../parts/states.ts';

const PILL: Record<PartState['state'], State> = { ok: 'succeeded', degraded: 'warning', down: 'failed' };

/** Whether the installation itself is well: its parts, its room. */
export default function HealthCard() {
  const { t } = useTranslation('home');
  const { data, error, refetch } = useApi('system.show', {});
  const worst = data === undefined ? undefined : worstOf(data.parts);
  return (
    <Card
      title={t('health.title')}
      aside={worst !== undefined && <StatePill state={PILL[worst]}>{t(`health.${worst}`)}</StatePill>}
    >
      {data !== undefined ? (
        <Body system={data} />
      ) : error !== null ? (
        <ProblemBlock problem={error.problem} retry={() => void refetch()} />
      ) : (
        <Skeleton height={96} />
      )}
    </Card>
  );
}

function Body({ system }: { system: System }) {
  const { t } = useTranslation('home');
  const { bytes } = useFormat();
  const facts: Fact[] = [
    ...system.parts
      .filter(part => part.state !== 'ok')
      .map(part => ({
        term: part.name,
        value: (
          <>
            <StatePill state={PILL[part.state]}>{t(`health.${part.state}`)}</StatePill> {part.detail}
          </>
        ),
      })),
    { term: t('health.version'), value: system.version, mono: true },
    { term: t('health.started'), value: <RelativeTime at={system.started_at} /> },
    {
      term: t('health.disk'),
      value: t('health.disk_free', {
        free: bytes(system.disk.free_bytes),
        total: bytes(system.disk.total_bytes),
      }),
    },
    { term: t('health.store'), value: bytes(system.disk.store_bytes) },
    { term: t('health.memory'), value: bytes(system.memory.rss_bytes) },
  ];
  return <Facts facts={facts} />;
}

const ORDER = ['ok', 'degraded', 'down'] as const;

function worstOf(parts: readonly PartState[]): PartState['state'] {
  return ORDER[Math.max(0, ...parts.map(part => ORDER.indexOf(part.state)))] ?? 'ok';
}
