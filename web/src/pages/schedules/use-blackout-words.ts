import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n/use-format.ts';
import { type Blackout, isComplete } from './blackout.ts';

/** "Christmas: every year on 24 December". What is only half typed is shown as it is. */
export function useBlackoutWords(): (blackout: Blackout) => string {
  const { t } = useTranslation('schedules');
  const { weekday, dayOfYear, wall } = useFormat();
  return useCallback(
    (blackout: Blackout) => {
      if (!isComplete(blackout)) return '…';
      const { note } = blackout;
      const text = whenOf(blackout);
      return note === '' ? text : t('calendars.with_note', { note, text });

      function whenOf(given: Blackout): string {
        if ('weekday' in given) return t('calendars.each_week', { day: weekday(given.weekday) });
        if ('yearly' in given) {
          const [month = 1, day = 1] = given.yearly.split('-').map(Number);
          return t('calendars.each_year', { date: dayOfYear({ month, day }) });
        }
        const [from, to] = [wall(given.from), wall(given.to)];
        return from === to ? from : t('calendars.range', { from, to });
      }
    },
    [t, weekday, dayOfYear, wall],
  );
}
