import { Skeleton } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../api.ts';
import { problemText } from '../../problems.ts';
import { NextFires } from './next-fires.tsx';
import css from './schedule-form.module.css';
import { type ScheduleValues, whenBody } from './schedule-values.ts';

const TYPING_MS = 300;

interface PreviewProps {
  values: ScheduleValues;
  /** The workspace's. */
  zone: string;
  saved: ScheduleValues;
  /** The times of what is saved. */
  next: readonly string[] | undefined;
}

/** The next five times of what is typed, or why there are none; nothing while it is what is saved. */
export function WhenPreview({ values, zone, saved, next }: PreviewProps) {
  const { t } = useTranslation(['common', 'schedules']);
  const body = whenBody(values, zone);
  const [text] = useDebouncedValue(JSON.stringify(body), TYPING_MS);
  const known = next !== undefined && text === JSON.stringify(whenBody(saved, zone));
  const typing = text !== JSON.stringify(body);
  const { data, error } = useApi('schedules.preview', { body: JSON.parse(text) }, { enabled: !known });
  // The page shows those of what is saved.
  if (known && !typing) return null;
  const times = data?.next;
  const label = t('schedules:next.title');
  return (
    <div className={css.preview} aria-live="polite" aria-busy={typing || undefined}>
      <p className="small faint">{label}</p>
      {error !== null && !typing ? (
        <p className="dim">{problemText(error.problem, t).detail}</p>
      ) : times === undefined ? (
        <Skeleton height={12} width="60%" />
      ) : (
        <NextFires next={times} zone={values.time_zone ?? zone} label={label} />
      )}
    </div>
  );
}
