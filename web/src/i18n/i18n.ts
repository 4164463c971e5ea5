import i18next, { type BackendModule } from 'i18next';
import { initReactI18next } from 'react-i18next';
import type { Language } from './languages.ts';

/** One chunk per language and namespace, fetched when a page first needs it. */
const catalogues = import.meta.glob<Record<string, unknown>>('./{en,fr}/*.json', { import: 'default' });

const bundled: BackendModule = {
  type: 'backend',
  init: () => {},
  read: async (language, namespace) => {
    const load = catalogues[`./${language}/${namespace}.json`];
    // What the server says itself (errors, descriptions) has no English file: its own words are the English ones.
    return load === undefined ? {} : load();
  },
};

export async function startI18n(language: Language): Promise<void> {
  await i18next
    .use(bundled)
    .use(initReactI18next)
    .init({
      lng: language,
      fallbackLng: false,
      ns: ['common', 'errors'],
      defaultNS: 'common',
      // React escapes what it draws; twice would show `&amp;`.
      interpolation: { escapeValue: false },
      returnNull: false,
    });
  document.documentElement.lang = language;
}

export async function changeLanguage(language: Language): Promise<void> {
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}

export { i18next };
