import { useMemo } from 'react';
import { useLanguage } from './i18n/use-format.ts';

interface Zone {
  value: string;
  label: string;
}

/** Every IANA zone this browser knows, by name, each with its offset of today: "Europe/Paris (GMT+1)". */
export function listTimeZones(language: string, at: Date): Zone[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone').filter(zone => zone !== 'UTC')].map(zone => ({
    value: zone,
    label: `${zone.replaceAll('_', ' ')} (${offsetOf(zone, language, at)})`,
  }));
}

function offsetOf(zone: string, language: string, at: Date): string {
  const parts = new Intl.DateTimeFormat(language, {
    timeZone: zone,
    timeZoneName: 'shortOffset',
  }).formatToParts(at);
  return parts.find(part => part.type === 'timeZoneName')?.value ?? zone;
}

export function useTimeZones(): Zone[] {
  const language = useLanguage();
  // The day of the first look is near enough: an offset changes twice a year.
  return useMemo(() => listTimeZones(language, new Date()), [language]);
}
