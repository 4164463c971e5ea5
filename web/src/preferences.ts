import { isLanguage, type Language, pickLanguage } from './i18n/languages.ts';

export type Scheme = 'light' | 'dark' | 'system';

/** Storage may be refused (private windows, policies); a preference that cannot be kept still works until the page closes. */
function read(key: string): string | null {
  try {
    return localStorage.getItem(`moulin.${key}`);
  } catch {
    return null;
  }
}

function write(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`moulin.${key}`);
    else localStorage.setItem(`moulin.${key}`, value);
  } catch {
    // Best effort, see above.
  }
}

/** Here as well as on the server: the first paint and the sign-in page come before anybody is known. */
export function rememberedScheme(): Scheme {
  const scheme = read('theme');
  return scheme === 'light' || scheme === 'dark' ? scheme : 'system';
}
export const rememberScheme = (scheme: Scheme) => write('theme', scheme === 'system' ? null : scheme);

export function rememberedLanguage(): Language {
  const language = read('language');
  return isLanguage(language) ? language : pickLanguage(navigator.languages);
}
export const rememberLanguage = (language: Language | null) => write('language', language);

/** Where `/` leads: the workspace of the last visit. */
export const lastWorkspace = () => read('workspace');
export const rememberWorkspace = (slug: string) => write('workspace', slug);

/** Which optional columns of a list somebody wants to see. */
export function rememberedColumns(table: string): string[] | null {
  const columns = read(`columns.${table}`);
  return columns === null ? null : columns.split(',').filter(column => column !== '');
}
export const rememberColumns = (table: string, columns: readonly string[] | null) =>
  write(`columns.${table}`, columns === null ? null : columns.join(','));

/** Shortcuts of a single letter, on unless switched off (WCAG 2.1.4). */
export const characterKeys = () => read('character-keys') !== 'off';
export const rememberCharacterKeys = (on: boolean) => write('character-keys', on ? null : 'off');

/** Steps of the checklist that somebody ticked, because nothing in Moulin could know. */
export const tickedSteps = () => (read('steps') ?? '').split(',').filter(step => step !== '');
export const rememberTickedSteps = (steps: readonly string[]) => write('steps', steps.join(',') || null);

/** How somebody reads logs: with long lines wrapped, and with which times. */
export const logWraps = () => read('log-wrap') === 'on';
export const rememberLogWraps = (on: boolean) => write('log-wrap', on ? 'on' : null);
export const logTimes = () => read('log-times');
export const rememberLogTimes = (format: string) => write('log-times', format);
