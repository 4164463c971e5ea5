// Key strokes to meanings, without a page: what was pressed before matters, where the cursor stands matters more.

export interface Stroke {
  key: string;
  /** Ctrl, or ⌘ on a Mac. */
  mod: boolean;
  alt: boolean;
  /** In a field, or with a dialog open: letters are text there. */
  typing: boolean;
  at: number;
}

export type Meaning = { kind: 'palette' | 'help' | 'focus_search' } | { kind: 'page'; letter: string };

/** `g` waits this long for its letter. */
const SEQUENCE_MS = 1500;

/** Remembers a `g`; answers what a stroke means, if anything. */
export function openKeystrokes(): (stroke: Stroke, characters: boolean) => Meaning | undefined {
  let began = Number.NEGATIVE_INFINITY;
  return (stroke, characters) => {
    const key = stroke.key.toLowerCase();
    if (stroke.mod && !stroke.alt && key === 'k') return { kind: 'palette' };
    if (!characters || stroke.typing || stroke.mod || stroke.alt) return undefined;
    const follows = stroke.at - began <= SEQUENCE_MS;
    began = key === 'g' && !follows ? stroke.at : Number.NEGATIVE_INFINITY;
    if (follows && /^[a-z]$/.test(key)) return { kind: 'page', letter: key };
    if (key === '?') return { kind: 'help' };
    return key === '/' ? { kind: 'focus_search' } : undefined;
  };
}
