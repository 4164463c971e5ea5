import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Language } from '../../../web/src/i18n/languages.ts';

const FOLDER = join(import.meta.dirname, '../../../web/src/i18n');

interface Texts {
  [key: string]: string | Texts;
}

/** Every text of a language: `settings:members.invite` → "Invite somebody". */
export function readCatalogue(language: Language): ReadonlyMap<string, string> {
  const files = readdirSync(join(FOLDER, language)).filter(file => file.endsWith('.json'));
  return new Map(
    files.flatMap(file => {
      const texts: Texts = JSON.parse(readFileSync(join(FOLDER, language, file), 'utf8'));
      return leaves(texts, `${file.replace('.json', '')}:`);
    }),
  );
}

function leaves(texts: Texts, prefix: string): [string, string][] {
  return Object.entries(texts).flatMap(([key, value]) =>
    typeof value === 'string' ? [[`${prefix}${key}`, value]] : leaves(value, `${prefix}${key}.`),
  );
}

/** A text as it stands on the page: what fills its holes is not known here. */
export function sayIn(language: Language): (key: string) => RegExp {
  const texts = readCatalogue(language);
  return key => {
    const text = texts.get(key) ?? '';
    assert.notEqual(text, '', `there is no text ${key} in ${language}`);
    const pieces = text.split(/\{\{\w+\}\}/).map(piece => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    // A name that is read out has ordinary spaces, whatever the text has.
    return new RegExp(`^${pieces.join('.*').replace(/\s/g, '\\s')}$`);
  };
}
