import { useTranslation } from 'react-i18next';
import type { Progress } from '../../../../src/contract/runs.ts';
import { useFormat } from '../../i18n/use-format.ts';
import css from './task-pane.module.css';

/** How far it is, how fast it goes, and how long it will take, where it is known of how much. */
export function TaskProgress({ progress, name }: { progress: Progress; name: string }) {
  const { t } = useTranslation('runs');
  const { number, compact, duration } = useFormat();
  const { done, total, unit, rate, seconds_left, message } = progress;
  const share = total === null || total === 0 ? null : Math.min(100, (100 * done) / total);
  const amount =
    total === null
      ? t('progress.done', { done: number(done), unit })
      : t('progress.of', { done: number(done), total: number(total), unit });
  const pace = [
    rate === null ? undefined : t('progress.rate', { rate: compact(rate), unit }),
    seconds_left === null ? undefined : t('progress.left', { time: duration(seconds_left * 1000) }),
  ].filter(text => text !== undefined);
  return (
    <div className={css.progress}>
      <p className="small dim figures">
        <span>
          {message !== null && (
            <>
              <bdi>{message}</bdi>
              {' · '}
            </>
          )}
          {amount}
        </span>
        <span>{pace.join(' · ')}</span>
      </p>
      {share !== null && (
        <div
          className={css.bar}
          role="progressbar"
          aria-label={t('progress.label', { name })}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(share)}
        >
          <i style={{ width: `${share}%` }} />
        </div>
      )}
    </div>
  );
}
