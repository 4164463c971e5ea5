import { useMantineColorScheme } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect } from 'react';
import type { Me } from '../../src/contract/access.ts';
import { callApi, isApiError } from './api.ts';
import { fromMantine, toMantine } from './color-scheme.ts';
import { changeLanguage } from './i18n/i18n.ts';
import { type Language, pickLanguage } from './i18n/languages.ts';
import { useLanguage } from './i18n/use-format.ts';
import { toastProblem } from './parts/toasts.tsx';
import { rememberLanguage, type Scheme } from './preferences.ts';
import { meQuery, useMaybeMe } from './session.ts';

type Change = { theme?: Me['theme']; locale?: Me['locale'] };

/** Theme and language: at once on this page, and with the account for the next one. */
export function usePreferences() {
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const language = useLanguage();
  const save = useSaveToAccount();
  return {
    scheme: fromMantine(colorScheme),
    language,
    setScheme(scheme: Scheme) {
      setColorScheme(toMantine(scheme));
      save({ theme: scheme === 'system' ? null : scheme });
    },
    setLanguage(wanted: Language) {
      rememberLanguage(wanted);
      void changeLanguage(wanted);
      save({ locale: wanted });
    },
  };
}

function useSaveToAccount(): (change: Change) => void {
  const queries = useQueryClient();
  const me = useMaybeMe();
  return useCallback(
    change => {
      if (me?.kind !== 'person') return;
      const edit = (version: number) => callApi('me.edit', { body: change, version });
      edit(me.version)
        // Somebody (another tab) saved first: a preference has no conflict worth a question.
        .catch(async error => {
          if (!isApiError(error, 'version.conflict')) throw error;
          return edit((await callApi('me.show', {})).version);
        })
        .then(saved => queries.setQueryData(meQuery.queryKey, saved))
        .catch(toastProblem);
    },
    [me, queries],
  );
}

/** What the account says wins over what this browser remembered from before somebody signed in. */
export function useAccountPreferences(me: Me): void {
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  useEffect(() => {
    setColorScheme(toMantine(me.theme ?? 'system'));
  }, [me.theme, setColorScheme]);
  useEffect(() => {
    rememberLanguage(me.locale);
    void changeLanguage(me.locale ?? pickLanguage(navigator.languages));
  }, [me.locale]);
}
