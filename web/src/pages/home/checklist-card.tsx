import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../api.ts';
import type { Step } from '../../area.ts';
import { allPages, areas } from '../../areas.ts';
import { DoneIcon } from '../../icons.ts';
import { Card } from '../../parts/card.tsx';
import { CopyButton } from '../../parts/copy-button.tsx';
import { rememberTickedSteps, tickedSteps } from '../../preferences.ts';
import { useMay, useMembership } from '../../session.ts';
import css from './home.module.css';

const steps = areas.flatMap(area => area.steps ?? []);

/** What a new workspace still needs. Gone when all of it is done. */
export default function ChecklistCard() {
  const { t } = useTranslation('home');
  const workspace = useMembership()?.workspace.slug ?? '';
  const lines = useChecklist();
  const done = lines.filter(line => line.done).length;
  if (lines.some(line => line.waits) || done === lines.length) return null;
  return (
    <Card
      flush
      title={t('checklist.title')}
      aside={
        <span className="small faint figures">{t('checklist.progress', { done, count: lines.length })}</span>
      }
    >
      <ol className={css.steps}>
        {lines.map(({ step, done, tick }) => (
          <StepLine key={step.id} step={step} done={done} tick={tick} workspace={workspace} />
        ))}
      </ol>
    </Card>
  );
}

interface StepLineProps {
  step: Step;
  done: boolean;
  tick: () => void;
  workspace: string;
}

function StepLine({ step, done, tick, workspace }: StepLineProps) {
  const { t } = useTranslation('home');
  return (
    <li className={css.step} data-done={done || undefined}>
      <span className={css.tick} aria-hidden="true">
        <DoneIcon size={12} stroke={2.5} />
      </span>
      <div>
        <p className={css.stepTitle}>
          {t(`steps.${step.id}.title`)}
          {done && <span className="small faint"> · {t('checklist.done')}</span>}
        </p>
        {!done && <p className={css.stepText}>{t(`steps.${step.id}.text`)}</p>}
        {!done && step.command !== undefined && (
          <p className={css.command}>
            <code>{step.command}</code>
            <CopyButton variant="subtle" text={step.command} />
          </p>
        )}
      </div>
      {!done && (
        <div className={css.stepAction}>
          {step.to === undefined ? (
            <Button onClick={tick}>{t('checklist.tick')}</Button>
          ) : (
            <Button component={Link} to={step.to.replace('$workspace', workspace)}>
              {t(`steps.${step.id}.action`)}
            </Button>
          )}
        </div>
      )}
    </li>
  );
}

/** Each step asks the product; one that only a command can do may also be ticked by hand. */
function useChecklist() {
  const may = useMay();
  const [ticked, setTicked] = useState(tickedSteps);
  // A step leads to a page: where the page is not there yet, neither is the step.
  const mine = steps.filter(
    step => may(step.needs) && (step.to === undefined || allPages.some(page => page.path === step.to)),
  );
  const { data: overview } = useApi('workspace.overview', {});
  const { data: runs } = useApi('runs.summary', {});
  const known = overview === undefined || runs === undefined ? undefined : { overview, runs };
  return mine.map(step => ({
    step,
    waits: known === undefined,
    done: (known !== undefined && step.isDone?.(known)) || ticked.includes(step.id),
    tick: () => {
      const now = [...ticked, step.id];
      setTicked(now);
      rememberTickedSteps(now);
    },
  }));
}
