export const LANGUAGES = ['en', 'fr'] as const;
export type Language = (typeof LANGUAGES)[number];

export function isLanguage(value: unknown): value is Language {
  return LANGUAGES.some(language => language === value);
}

/** The first of a person's languages that we speak: `fr-CA` is French, and whoever reads neither gets English. */
export function pickLanguage(wanted: readonly string[]): Language {
  return wanted.map(tag => tag.slice(0, 2).toLowerCase()).find(isLanguage) ?? 'en';
}

/** How dates and numbers are written: of the browser's own variants of the language (en-GB, fr-CA) the first. */
export function localeOf(language: Language, wanted: readonly string[]): string {
  return wanted.find(tag => tag.toLowerCase().startsWith(`${language}-`)) ?? language;
}
