import { useNavigate } from '@tanstack/react-router';
import { useEffect, useEffectEvent, useState } from 'react';
import { pageAddress } from '../areas.ts';
import { PAGE_KEYS } from '../keys.ts';
import { type Meaning, openKeystrokes } from '../keystrokes.ts';
import { characterKeys } from '../preferences.ts';
import { useMay, useMembership } from '../session.ts';

interface Handlers {
  onPalette: () => void;
  onHelp: () => void;
}

/** The one listener of the keyboard map. */
export function useKeyboard({ onPalette, onHelp }: Handlers): void {
  const navigate = useNavigate();
  const may = useMay();
  const workspace = useMembership()?.workspace.slug;
  const [press] = useState(openKeystrokes);

  const act = (meaning: Meaning): boolean => {
    switch (meaning.kind) {
      case 'palette':
        onPalette();
        return true;
      case 'help':
        onHelp();
        return true;
      case 'focus_search':
        return focusSearch();
      case 'page': {
        const page = PAGE_KEYS.find(({ key }) => key === meaning.letter)?.page;
        const to = page === undefined || !may(page.needs) ? undefined : pageAddress(page, workspace);
        if (to !== undefined) void navigate({ to });
        return to !== undefined;
      }
    }
  };
  const onKeyDown = useEffectEvent((event: KeyboardEvent) => {
    const meaning = press(
      {
        key: event.key,
        mod: event.ctrlKey || event.metaKey,
        alt: event.altKey,
        typing: isTyping(event.target),
        at: event.timeStamp,
      },
      characterKeys(),
    );
    if (meaning !== undefined && act(meaning)) event.preventDefault();
  });
  useEffect(() => {
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, []);
}

function isTyping(target: EventTarget | null): boolean {
  if (document.querySelector('[role="dialog"]') !== null) return true;
  return target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable="true"]');
}

function focusSearch(): boolean {
  const field = document.querySelector<HTMLInputElement>('main input[type="search"]');
  field?.focus();
  return field !== null;
}
