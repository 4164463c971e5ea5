import { useEffect, useState } from 'react';
import { useMaybeMe } from '../../session.ts';
import { type Draft, type DraftStorage, forgetDraft, forgetDrafts, keepDraft, readDraft } from './draft.ts';
import type { Values } from './field.ts';
import { isSameValues } from './merge.ts';

/** Under which the draft of one form of one person is kept; undefined where nothing is. */
export function useDraftKey(name: string | undefined): string | undefined {
  const me = useMaybeMe();
  return name === undefined || me === undefined ? undefined : `${me.id}.${name}`;
}

/** The draft that is there when the form appears; the form's own state from then on. */
export function useFoundDraft<V extends Values>(key: string | undefined, values: V): Draft<V> | undefined {
  const [found] = useState(() => {
    if (key === undefined) return undefined;
    return withStorage(storage => readDraft(storage, key, { values, at: Date.now() }));
  });
  return found;
}

/** Keeps what is typed while it differs from what it was begun from, and forgets it when it does not. */
export function useKeptDraft<V extends Values>(key: string | undefined, draft: Draft<V>): void {
  // As text: it changes with the values in it, not with each new object around them.
  const text = JSON.stringify(draft);
  useEffect(() => {
    if (key === undefined) return;
    const latest: Draft<V> = JSON.parse(text);
    withStorage(storage =>
      isSameValues(latest.base.values, latest.values)
        ? forgetDraft(storage, key)
        : keepDraft(storage, key, latest, Date.now()),
    );
  }, [key, text]);
}

export const forgetAllDrafts = () => withStorage(forgetDrafts);

/** Storage may be refused or full; a draft that cannot be kept is one that dies with the page, as without any of this. */
function withStorage<T>(work: (storage: DraftStorage) => T): T | undefined {
  try {
    return work(localStorage);
  } catch {
    return undefined;
  }
}
