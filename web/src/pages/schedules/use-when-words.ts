import type { TFunction } from 'i18next';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import type { Schedule } from '../../../../src/contract/schedules.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { type CronForm, cronForm } from './cron-form.ts';
import { intervalOf } from './interval.ts';

export type When = Pick<Schedule, 'cron' | 'every_seconds' | 'once_at'>;

interface WhenWords {
  text: string;
  /** It is the expression itself: for machines, and the same in every language. */
  is_expression: boolean;
}

type Say = TFunction<'schedules'>;
type Formats = ReturnType<typeof useFormat>;

/** When a schedule fires, as people say it. */
export function useWhenWords(): (when: When) => WhenWords {
  const { t } = useTranslation('schedules');
  const format = useFormat();
  return useCallback((when: When) => whenWords(when, t, format), [t, format]);
}

function whenWords({ cron, every_seconds, once_at }: When, t: Say, format: Formats): WhenWords {
  const say = (text: string): WhenWords => ({ text, is_expression: false });
  if (once_at !== null) return say(t('words.once', { at: format.dateTime(once_at) }));
  if (every_seconds !== null) {
    const { unit, count } = intervalOf(every_seconds);
    return say(t(`words.every_${unit}`, { count }));
  }
  const form = cronForm(cron ?? '');
  return form === undefined ? { text: cron ?? '', is_expression: true } : say(cronWords(form, t, format));
}

function cronWords(form: CronForm, t: Say, format: Formats): string {
  if (form.form === 'every') {
    const { unit, count, minute } = form;
    return unit === 'hours' && minute > 0
      ? t('words.every_hours_at', { count, minute: String(minute) })
      : t(`words.every_${unit}`, { count });
  }
  const time = format.timeOfDay(form);
  switch (form.form) {
    case 'daily':
      return t('words.daily', { time });
    case 'weekly': {
      const days = form.days.map(format.weekday);
      return form.range
        ? t('words.weekly_range', { from: days[0], to: days[1], time })
        : t('words.weekly', { days: format.list(days), time });
    }
    case 'monthly':
      return t('words.monthly', { day: String(form.day), time });
    case 'yearly':
      return t('words.yearly', { date: format.dayOfYear(form), time });
    default:
      return form satisfies never;
  }
}
