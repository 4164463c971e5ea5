import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import type { TaskError } from '../../../../src/contract/runs.ts';

export interface ErrorText {
  title: string;
  message: string;
  hint: string;
}

/** The words of a kept error. What a task said itself stays as it was said; title and hint are the catalogue's. */
export function useErrorText(): (error: TaskError) => ErrorText {
  const { t } = useTranslation();
  return useCallback(
    error => {
      const say = (part: 'title' | 'hint', otherwise: string) => {
        const text = t(`errors:${error.code}.${part}`, { defaultValue: otherwise, skipInterpolation: true });
        // What fills the holes is not kept with the error, only the server's own finished sentence.
        return text.includes('{{') ? otherwise : text;
      };
      return { title: say('title', error.code), message: error.message, hint: say('hint', error.hint) };
    },
    [t],
  );
}
