import { useContext, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { TimeZone } from '../time-zone.ts';
import * as format from './format.ts';
import { isLanguage, type Language } from './languages.ts';

export function useLanguage(): Language {
  const { i18n } = useTranslation();
  return isLanguage(i18n.language) ? i18n.language : 'en';
}

/** The formats bound to the person's language and to the zone of the workspace. */
export function useFormat() {
  const language = useLanguage();
  const zone = useContext(TimeZone);
  return useMemo(
    () => ({
      language,
      zone,
      number: (value: number) => format.formatNumber(value, language),
      compact: (value: number) => format.formatCompact(value, language),
      bytes: (value: number) => format.formatBytes(value, language),
      duration: (milliseconds: number) => format.formatDuration(milliseconds, language),
      relative: (timestamp: string, now: number) => format.formatRelative(timestamp, now, language),
      exact: (timestamp: string) => format.formatExact(timestamp, language, zone),
      date: (timestamp: string) => format.formatDate(timestamp, language, zone),
      dateTime: (timestamp: string) => format.formatDateTime(timestamp, language, zone),
      day: (now: number) => format.formatDay(now, language, zone),
      list: (items: readonly string[]) => format.formatList(items, language),
    }),
    [language, zone],
  );
}
