import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n/use-format.ts';
import { RelativeTime } from '../../parts/relative-time.tsx';
import { TimeZone } from '../../time-zone.ts';
import css from './next-fires.module.css';

interface NextFiresProps {
  next: readonly string[];
  /** By whose clock: an hour that daylight saving moves shows in the offset. */
  zone: string;
  label: string;
}

/** The times at which it will fire, exact and relative. */
export function NextFires({ next, zone, label }: NextFiresProps) {
  const { t } = useTranslation('schedules');
  if (next.length === 0) return <p className="dim">{t('next.never')}</p>;
  return (
    <TimeZone value={zone}>
      <ol className={css.times} aria-label={label}>
        {next.map(at => (
          <Fire key={at} at={at} />
        ))}
      </ol>
    </TimeZone>
  );
}

function Fire({ at }: { at: string }) {
  const { exact } = useFormat();
  return (
    <li className={css.time}>
      <time dateTime={at} className="figures">
        {exact(at)}
      </time>
      <span className="small faint">
        <RelativeTime at={at} />
      </span>
    </li>
  );
}
