import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';
import { changeUrlState, type UrlChange, type UrlState } from './url-state.ts';

/** `replace` is for what changes with every key stroke: Back then leaves the page instead of the last letter. */
export function useUrlState(): [UrlState, (change: UrlChange, options?: { replace?: boolean }) => void] {
  const state: UrlState = useSearch({ strict: false });
  const navigate = useNavigate();
  const change = useCallback(
    (wanted: UrlChange, options: { replace?: boolean } = {}) => {
      void navigate({
        to: '.',
        search: (current: UrlState) => changeUrlState(current, wanted),
        replace: options.replace ?? false,
        resetScroll: false,
      });
    },
    [navigate],
  );
  return [state, change];
}
