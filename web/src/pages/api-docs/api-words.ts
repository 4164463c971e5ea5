import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import type { Operation } from './api-model.ts';

/**
 * The document is in English. `api_texts` holds the same sentences in the other languages, by the name of the operation;
 * what is newer than the page, or stands in no catalogue, is shown as the server says it.
 */
export function useApiWords() {
  const { i18n } = useTranslation();
  const say = useCallback(
    (key: string, otherwise: string): string => i18n.t(`api_texts:${key}`, { defaultValue: otherwise }),
    [i18n],
  );
  return {
    summary: (operation: Pick<Operation, 'id' | 'summary'>) =>
      say(`summaries.${operation.id}`, operation.summary),
    tag: (tag: string) => say(`tags.${tag}`, tag),
    description: (text: string) => say(`descriptions.${keyOf(text)}`, text),
  };
}

/** A sentence as a key: dots and colons mean something to the catalogue. */
export function keyOf(text: string): string {
  return text.replace(/[.:]/g, '');
}
