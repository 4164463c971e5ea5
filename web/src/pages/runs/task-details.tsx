import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Attempt } from '../../../../src/contract/runs.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { CodeBlock } from '../../parts/code-block.tsx';
import { Duration } from '../../parts/duration.tsx';
import { type Fact, Facts } from '../../parts/facts.tsx';
import { RelativeTime } from '../../parts/relative-time.tsx';
import { RunStatePill } from '../../parts/run-state.tsx';
import { StateLink } from '../../parts/state-link.tsx';
import type { TaskDetail } from './run.ts';
import css from './task-pane.module.css';
import { useErrorText } from './use-error-text.ts';

/** What it was given, what it gave, and each of its attempts and stages. */
export function TaskDetails({ task }: { task: TaskDetail }) {
  const { t } = useTranslation('runs');
  return (
    <section className={css.details} aria-label={t('task.pane_details')}>
      <Part title={t('details.attempts')}>
        {task.attempts.length === 0 ? (
          <p className="dim">{t('task.no_attempt')}</p>
        ) : (
          <Attempts attempts={task.attempts} />
        )}
      </Part>
      {task.before.length > 0 && (
        <Part title={t('details.before')}>
          <ul className={css.before}>
            {task.before.map(({ id, name, state }) => (
              <li key={id}>
                <StateLink change={{ task: id, attempt: null, line: null }}>
                  <bdi>{name}</bdi>
                </StateLink>
                <RunStatePill state={state} />
              </li>
            ))}
          </ul>
          <p className="small dim">{t(`conditions.${task.condition}`)}</p>
        </Part>
      )}
      {task.stages.length > 0 && (
        <Part title={t('details.stages')}>
          <Stages stages={task.stages} />
        </Part>
      )}
      <Part title={t('details.input')}>
        <Json label={t('details.input')} value={task.input} />
      </Part>
      {task.result !== null && (
        <Part title={t('details.result')}>
          <Json label={t('details.result')} value={task.result} />
        </Part>
      )}
      <Part title={t('details.how')}>
        <Facts facts={useFacts(task)} />
      </Part>
    </section>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={css.part}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Json({ label, value }: { label: string; value: unknown }) {
  return <CodeBlock label={label} text={JSON.stringify(value, null, 2)} json />;
}

function Attempts({ attempts }: { attempts: readonly Attempt[] }) {
  const { t } = useTranslation('runs');
  const { number } = useFormat();
  const errorText = useErrorText();
  return (
    <ol className={css.attempts} reversed>
      {attempts.toReversed().map(attempt => (
        <li key={attempt.number} className={css.attemptRow}>
          <p className={css.attemptHead}>
            <strong className="figures">{t('task.attempt_n', { n: attempt.number })}</strong>
            <RunStatePill state={attempt.state === 'released' ? 'queued' : attempt.state}>
              {t(`attempt_states.${attempt.state}`)}
            </RunStatePill>
            <Duration from={attempt.started_at ?? attempt.claimed_at} to={attempt.ended_at} />
            <StateLink change={{ attempt: String(attempt.number), pane: null, line: null }}>
              {t('details.log', { count: attempt.log.lines, shown: number(attempt.log.lines) })}
            </StateLink>
          </p>
          <p className="small dim">
            {t('details.on_worker', { name: attempt.worker.name })} · <RelativeTime at={attempt.claimed_at} />
            {attempt.from_stage > 0 && ` · ${t('details.from_stage', { n: attempt.from_stage })}`}
          </p>
          {attempt.error !== null && (
            <p className={css.attemptError}>
              <bdi>{errorText(attempt.error).message.split('\n', 1)[0]}</bdi>
            </p>
          )}
          {Object.keys(attempt.metrics).length > 0 && (
            <p className="small mono" translate="no">
              {Object.entries(attempt.metrics)
                .map(([name, value]) => `${name} ${number(value)}`)
                .join(' · ')}
            </p>
          )}
        </li>
      ))}
    </ol>
  );
}

/** Of thousands of stages the last ones say how far it is. */
const MOST_STAGES = 50;

function Stages({ stages }: { stages: TaskDetail['stages'] }) {
  const { t } = useTranslation('runs');
  const { number } = useFormat();
  const shown = stages.slice(-MOST_STAGES).toReversed();
  return (
    <>
      {stages.length > shown.length && (
        <p className="small dim">
          {t('details.last_stages', { shown: number(shown.length), all: number(stages.length) })}
        </p>
      )}
      <ol className={css.stages} reversed start={stages.length}>
        {shown.map(stage => (
          <li key={stage.n}>
            <span className="figures">{t('details.stage', { n: stage.n })}</span>
            <span className="small dim">
              {t('task.attempt_n', { n: stage.attempt })} · <RelativeTime at={stage.committed_at} />
            </span>
            {hasContent(stage.facts) && (
              <code className={css.facts} translate="no">
                {JSON.stringify(stage.facts)}
              </code>
            )}
          </li>
        ))}
      </ol>
    </>
  );
}

function hasContent(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

function useFacts(task: TaskDetail): Fact[] {
  const { t } = useTranslation('runs');
  const { number, exact, list, duration } = useFormat();
  const { retry, timeouts } = task;
  const limits = Object.entries(timeouts).map(([what, seconds]) => `${what} ${duration(seconds * 1000)}`);
  const facts: (Fact | undefined)[] = [
    { term: t('data.id'), value: task.id, mono: true },
    { term: t('tasks.kind'), value: task.kind, mono: true },
    { term: t('details.resource'), value: task.resource_class, mono: true },
    { term: t('data.priority'), value: number(task.priority) },
    task.tags.length === 0 ? undefined : { term: t('details.tags'), value: list(task.tags), mono: true },
    task.limit_keys.length === 0
      ? undefined
      : { term: t('details.limit_keys'), value: list(task.limit_keys), mono: true },
    {
      term: t('details.retry'),
      value: t('details.retry_text', {
        count: retry.max_attempts,
        shown: number(retry.max_attempts),
        delay: duration(retry.delay_seconds * 1000),
      }),
    },
    limits.length === 0 ? undefined : { term: t('details.timeouts'), value: limits.join(', '), mono: true },
    task.not_before === null ? undefined : { term: t('details.not_before'), value: exact(task.not_before) },
    { term: t('data.made_at'), value: exact(task.created_at) },
  ];
  return facts.filter(fact => fact !== undefined);
}
