import { useContext, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { TimeZone } from '../time-zone.ts';
import * as format from './format.ts';
import { isLanguage, type Language, localeOf } from './languages.ts';

export function useLanguage(): Language {
  const { i18n } = useTranslation();
  return isLanguage(i18n.language) ? i18n.language : 'en';
}

/** The formats bound to the person's language and to the zone of the workspace. */
export function useFormat() {
  const language = useLanguage();
  const locale = localeOf(language, navigator.languages);
  const zone = useContext(TimeZone);
  return useMemo(
    () => ({
      language,
      zone,
      number: (value: number) => format.formatNumber(value, locale),
      compact: (value: number) => format.formatCompact(value, locale),
      percent: (share: number) => format.formatPercent(share, locale),
      bytes: (value: number) => format.formatBytes(value, locale),
      duration: (milliseconds: number) => format.formatDuration(milliseconds, locale),
      relative: (timestamp: string, now: number) => format.formatRelative(timestamp, now, locale),
      exact: (timestamp: string) => format.formatExact(timestamp, locale, zone),
      date: (timestamp: string) => format.formatDate(timestamp, locale, zone),
      dateTime: (timestamp: string) => format.formatDateTime(timestamp, locale, zone),
      day: (now: number) => format.formatDay(now, locale, zone),
      timeOfDay: (time: { hour: number; minute: number }) => format.formatTimeOfDay(time, locale),
      weekday: (day: number) => format.formatWeekday(day, locale),
      dayOfYear: (date: { day: number; month: number }) => format.formatDayOfYear(date, locale),
      month: (month: number) => format.formatMonth(month, locale),
      wall: (text: string) => format.formatWall(text, locale),
      list: (items: readonly string[]) => format.formatList(items, locale),
    }),
    [language, locale, zone],
  );
}
