import type { Values } from './field.ts';
import { isSameValues } from './merge.ts';

// What was typed and not saved yet, kept in the browser: a tab that is killed or a session that ends loses nothing. Only by
// forms that say so, never one with a password, and never beyond a sign-out.

export interface Versioned<V extends Values> {
  values: V;
  version: number;
}

export interface Draft<V extends Values> {
  /** What the person saw when they began: if somebody has saved since, that is a conflict like any other. */
  base: Versioned<V>;
  values: V;
}

/** `localStorage`, as far as drafts need it. */
export type DraftStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

const PREFIX = 'moulin.draft.';
/** Later than this nobody remembers having begun. */
const KEEP_MS = 14 * 24 * 3600 * 1000;

/** Undefined when there is none, it says nothing new, it is too old, or another version of the form has written it. */
export function readDraft<V extends Values>(
  storage: DraftStorage,
  key: string,
  now: { values: V; at: number },
): Draft<V> | undefined {
  const kept = parse(storage.getItem(PREFIX + key));
  if (!isDraft(kept) || now.at - kept.at > KEEP_MS) return undefined;
  const { base, values } = kept;
  if (!hasSameFields(base.values, now.values) || !hasSameFields(values, now.values)) return undefined;
  if (isSameValues(values, now.values)) return undefined;
  return { base: base as Versioned<V>, values: values as V };
}

export function keepDraft<V extends Values>(
  storage: DraftStorage,
  key: string,
  draft: Draft<V>,
  at: number,
): void {
  storage.setItem(PREFIX + key, JSON.stringify({ ...draft, at }));
}

export function forgetDraft(storage: DraftStorage, key: string): void {
  storage.removeItem(PREFIX + key);
}

/** Whoever signs out leaves nothing behind for who comes next. */
export function forgetDrafts(storage: DraftStorage): void {
  const keys = Array.from({ length: storage.length }, (_, n) => storage.key(n));
  for (const key of keys) if (key?.startsWith(PREFIX)) storage.removeItem(key);
}

function parse(text: string | null): unknown {
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface Kept extends Draft<Values> {
  at: number;
}

function isDraft(kept: unknown): kept is Kept {
  if (!isObject(kept) || !isObject(kept.base)) return false;
  const { base, values, at } = kept;
  return (
    typeof at === 'number' && typeof base.version === 'number' && isObject(base.values) && isObject(values)
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function hasSameFields(a: Values, b: Values): boolean {
  const names = (values: Values) => Object.keys(values).sort().join();
  return names(a) === names(b);
}
