import type { Page } from 'playwright-core';
import { readCatalogue } from './catalogue.ts';

/**
 * What is on a French page and is not French. A text must come from the French catalogue, or be a value that the API
 * answered (a name, an address); words that only English has are never right. Identifiers are marked `translate="no"`.
 */
export interface FrenchReader {
  /** Values that people have typed and the API has answered. */
  learn(json: unknown): void;
  findEnglish(page: Page): Promise<string[]>;
}

const ENGLISH =
  /\b(?:the|of|and|is|are|was|were|with|this|that|these|your|you|has|have|been|from|does|its|which|will|would)\b/i;
/** The same in every language, and in no catalogue. */
const NAMES = new Set(['Moulin', 'TypeScript', 'Python', 'curl', 'UTC', 'name@example.com']);

export function readFrench(): FrenchReader {
  const patterns = [...readCatalogue('fr').values()].flatMap(patternsOf);
  const values = new Set<string>();
  const isKnown = (text: string) =>
    NAMES.has(text) || values.has(text) || isFormatted(text) || patterns.some(pattern => pattern.test(text));
  const isFrench = (text: string) =>
    !ENGLISH.test(text) && (!/\p{L}{2}/u.test(text) || isKnown(text) || text.split(' · ').every(isKnown));
  return {
    learn: json => {
      for (const value of stringsIn(json)) values.add(value);
    },
    findEnglish: async page => (await page.evaluate<string[]>(VISIBLE_TEXTS)).filter(text => !isFrench(text)),
  };
}

const FORMATTED = wordsOfFormats();

/** Dates, sizes and numbers as the browser writes them: nothing but the words that its French formats have. */
function isFormatted(text: string): boolean {
  const words = text.match(/\p{L}+/gu) ?? [];
  // A day that begins a line is written large.
  return words.every(word => FORMATTED.has(word) || FORMATTED.has(word.toLocaleLowerCase('fr')));
}

function wordsOfFormats(): ReadonlySet<string> {
  const days = Array.from({ length: 12 * 31 }, (_, n) => new Date(2026, Math.floor(n / 31), 1 + (n % 31)));
  const styles = (['long', 'short'] as const).map(
    style => new Intl.DateTimeFormat('fr', { weekday: style, month: style, day: 'numeric', year: 'numeric' }),
  );
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'].flatMap(unit =>
    (['long', 'short'] as const).flatMap(unitDisplay =>
      // None of it is one of it, in French.
      [0, 2].map(count => new Intl.NumberFormat('fr', { style: 'unit', unit, unitDisplay }).format(count)),
    ),
  );
  const texts = [
    ...styles.flatMap(style => days.map(day => style.format(day))),
    ...units,
    'j h min s GMT UTC',
  ];
  return new Set(texts.flatMap(text => text.match(/\p{L}+/gu) ?? []));
}

/** A text with holes as the pattern of what it becomes; with marks inside, each piece between them stands alone on the page. */
function patternsOf(template: string): RegExp[] {
  return template
    .split(/<\/?\w+\s*\/?>/)
    .map(piece => piece.trim())
    .filter(piece => /\p{L}/u.test(piece.replace(/\{\{\w+\}\}/g, '')))
    .map(piece => new RegExp(`^${escaped(piece).replace(/\\\{\\\{\w+\\\}\\\}/g, '.+')}$`, 'us'));
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/\s/g, '\\s');
}

function stringsIn(json: unknown): string[] {
  if (typeof json === 'string') return [json];
  if (typeof json !== 'object' || json === null) return [];
  return Object.values(json).flatMap(stringsIn);
}

/** Runs in the page. Times are written by the browser itself; code and what is marked as such is the same in every language. */
const VISIBLE_TEXTS = `(() => {
  const same = 'script, style, code, pre, kbd, time, bdi, textarea[aria-hidden], [translate="no"], [lang]:not(html)';
  const texts = [document.title];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode())
    if (!node.parentElement.closest(same + ', textarea') && node.parentElement.getClientRects().length > 0) texts.push(node.textContent);
  for (const element of document.querySelectorAll('[aria-label], [title], [placeholder], [alt]'))
    if (!element.closest(same))
      for (const name of ['aria-label', 'title', 'placeholder', 'alt']) texts.push(element.getAttribute(name) ?? '');
  return [...new Set(texts.map(text => text.replaceAll(/\\s+/g, ' ').trim()))].filter(text => text !== '');
})()`;
