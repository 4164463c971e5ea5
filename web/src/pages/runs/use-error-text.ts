import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import type { TaskError } from '../../../../src/contract/runs.ts';

export interface ErrorText {
  message: string;
  hint: string;
}

/** The words of a kept error. What went wrong stays as it was said; the hint is the catalogue's. */
export function useErrorText(): (error: TaskError) => ErrorText {
  const { t } = useTranslation();
  return useCallback(
    error => {
      const hint = t(`errors:${error.code}.hint`, { defaultValue: error.hint, skipInterpolation: true });
      // What fills the holes is not kept with the error, only the server's own finished sentence.
      return { message: error.message, hint: hint.includes('{{') ? error.hint : hint };
    },
    [t],
  );
}
