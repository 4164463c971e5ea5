import { allPages } from './areas.ts';

/** The keyboard map: one list, from which the listener works and the help is drawn. */
export interface Shortcut {
  /** In the order they are pressed; `mod` is Ctrl, ⌘ on a Mac. */
  keys: readonly string[];
  does: 'palette' | 'help' | 'focus_search';
  /** A single letter is somebody's speech input (WCAG 2.1.4): such ones can be switched off. */
  character: boolean;
}

export const SHORTCUTS: readonly Shortcut[] = [
  { keys: ['mod', 'K'], does: 'palette', character: false },
  { keys: ['?'], does: 'help', character: true },
  { keys: ['/'], does: 'focus_search', character: true },
];

/** `g` and a letter lead to a page. */
export const PAGE_KEYS = allPages.flatMap(page => (page.key === undefined ? [] : [{ key: page.key, page }]));
