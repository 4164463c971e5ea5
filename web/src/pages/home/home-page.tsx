import { Skeleton } from '@mantine/core';
import { lazyRouteComponent } from '@tanstack/react-router';
import { Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { HomeCard } from '../../area.ts';
import { areas } from '../../areas.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { PageHeader } from '../../parts/page-header.tsx';
import { useMay, useMe, useMembership } from '../../session.ts';
import { dayPart } from './day-part.ts';
import css from './home.module.css';

const cards = areas
  .flatMap(area => area.cards ?? [])
  .map(card => ({ ...card, Content: lazyRouteComponent(card.load) }));

/** The first page: what there is to do, what runs, failed, is late. Each area brings its cards. */
export default function HomePage() {
  const { t } = useTranslation('home');
  const me = useMe();
  const may = useMay();
  const format = useFormat();
  const membership = useMembership();
  const [now] = useState(() => Date.now());
  const shown = cards.filter(card => may(card.needs));
  return (
    <>
      <PageHeader
        title={t(`greeting.${dayPart(now, format.zone)}`, { name: firstName(me.name) })}
        facts={t('facts', { day: format.day(now), workspace: membership?.workspace.name })}
      />
      <div className={css.columns}>
        <Column cards={shown.filter(card => card.place === 'wide')} />
        <Column cards={shown.filter(card => card.place === 'side')} />
      </div>
    </>
  );
}

type Loaded = HomeCard & { Content: ReturnType<typeof lazyRouteComponent> };

function Column({ cards }: { cards: readonly Loaded[] }) {
  if (cards.length === 0) return null;
  return (
    <div className={css.column}>
      {cards.map(({ id, Content }) => (
        <Suspense key={id} fallback={<CardOnItsWay />}>
          <Content />
        </Suspense>
      ))}
    </div>
  );
}

/** Its code is still loading. As high as a small card, so that little moves when it comes. */
function CardOnItsWay() {
  const { t } = useTranslation('common');
  return (
    <div role="status" aria-busy="true" aria-label={t('loading')}>
      <Skeleton height={160} radius="lg" />
    </div>
  );
}

function firstName(name: string): string {
  return name.split(/\s/, 1)[0] ?? name;
}
