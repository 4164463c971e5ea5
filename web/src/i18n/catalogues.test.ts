import assert from 'node:assert/strict';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { errors } from '../../../src/contract/errors.ts';
import { LANGUAGES, type Language } from './languages.ts';

type Texts = { [key: string]: string | Texts };
interface Entry {
  /** `common:table.rows`, without the ending of its plural form. */
  key: string;
  /** `one`, `other` …; empty for a text without number. */
  form: string;
  text: string;
}

const here = import.meta.dirname;
const source = join(here, '..');
const FORM = /_(zero|one|two|few|many|other)$/;
/** What the server says itself (errors, the API's and the settings' descriptions) has files in the other languages only. */
const ERRORS = 'errors';
const SERVER_TEXTS = new Set([ERRORS, 'api_texts', 'config']);

function readCatalogue(language: Language): Map<string, Entry[]> {
  const files = readdirSync(join(here, language)).filter(file => file.endsWith('.json'));
  return new Map(
    files.map(file => {
      const namespace = file.replace('.json', '');
      const texts: Texts = JSON.parse(readFileSync(join(here, language, file), 'utf8'));
      return [namespace, flatten(texts, `${namespace}:`)];
    }),
  );
}

function flatten(texts: Texts, prefix: string): Entry[] {
  return Object.entries(texts).flatMap(([name, value]) => {
    if (typeof value !== 'string') return flatten(value, `${prefix}${name}.`);
    const form = FORM.exec(name)?.[1] ?? '';
    return [{ key: `${prefix}${name.replace(FORM, '')}`, form, text: value }];
  });
}

const catalogues = Object.fromEntries(
  LANGUAGES.map(language => [language, readCatalogue(language)]),
) as Record<Language, Map<string, Entry[]>>;
const entriesOf = (language: Language) =>
  [...catalogues[language]].filter(([name]) => !SERVER_TEXTS.has(name)).flatMap(([, entries]) => entries);
const keysOf = (entries: readonly Entry[]) => [...new Set(entries.map(entry => entry.key))].sort();
const holesOf = (text: string) =>
  [...new Set([...text.matchAll(/\{\{\s*(\w+)[^}]*\}\}|<\/?(\w+)>/g)].map(([hole]) => hole))].sort();

test('every language has the same texts', () => {
  assert.deepEqual(keysOf(entriesOf('fr')), keysOf(entriesOf('en')));
});

test('a text has the same holes and tags in every language', () => {
  const holes = (language: Language, key: string) =>
    holesOf(
      entriesOf(language)
        .filter(entry => entry.key === key)
        .map(entry => entry.text)
        .join(' '),
    );
  const different = keysOf(entriesOf('en')).filter(
    key => JSON.stringify(holes('en', key)) !== JSON.stringify(holes('fr', key)),
  );
  assert.deepEqual(different, []);
});

test('a text that counts has every plural form of its language', () => {
  for (const language of LANGUAGES) {
    const wanted = new Intl.PluralRules(language).resolvedOptions().pluralCategories.toSorted();
    const all = [...catalogues[language].values()].flat().filter(entry => entry.form !== '');
    for (const key of keysOf(all)) {
      // `zero` is a courtesy that any language may have ("nobody yet").
      const forms = all.filter(entry => entry.key === key && entry.form !== 'zero').map(entry => entry.form);
      assert.deepEqual(forms.toSorted(), wanted, `${language} ${key}`);
    }
  }
});

/** `roles.${role}` stands for every key that begins with `roles.`. */
function patternOf(template: string): RegExp {
  const fixed = template.split(/\$\{[^}]*\}/).map(part => part.replace(/[^\w:-]/g, '\\$&'));
  return new RegExp(`^${fixed.join('[\\w.-]+')}$`);
}

test('every text is used, and every text that is used exists', () => {
  const code = globSync('**/*.{ts,tsx}', { cwd: source, exclude: ['**/*.test.ts'] })
    .map(file => readFileSync(join(source, file), 'utf8'))
    .join('\n');
  const literals = new Set([...code.matchAll(/['"]([\w:.-]+)['"]/g)].map(([, text]) => text));
  const templates = [...code.matchAll(/`([\w:.-]*\$\{[^`]*)`/g)].map(([, text]) => patternOf(text ?? ''));
  const isUsed = (key: string) => {
    const names = [key, key.slice(key.indexOf(':') + 1)];
    return names.some(name => literals.has(name) || templates.some(template => template.test(name)));
  };
  assert.deepEqual(
    keysOf(entriesOf('en')).filter(key => !isUsed(key)),
    [],
  );
});

test('every error has its French words, with the same parameters', () => {
  const texts = new Map(catalogues.fr.get(ERRORS)?.map(entry => [entry.key, entry.text]));
  for (const [code, { title, message, hint }] of Object.entries(errors)) {
    for (const [part, english] of Object.entries({ title, message, hint })) {
      const french = texts.get(`errors:${code}.${part}`);
      assert.ok(french, `errors.json: "${code}" has no ${part} in French`);
      const holes = [...new Set([...english.matchAll(/\{(\w+)\}/g)].map(([, name]) => `{{${name}}}`))].sort();
      assert.deepEqual(holesOf(french), holes, `${code} ${part}`);
    }
  }
});

test('what is said of a field is said in every language', () => {
  const fields = (language: Language) =>
    keysOf(catalogues[language].get(ERRORS) ?? []).filter(key => key.startsWith('errors:field.'));
  // English says the more general of them in the server's own words.
  assert.deepEqual(
    fields('en').filter(key => !fields('fr').includes(key)),
    [],
  );
});

test('French texts of errors belong to an error that exists', () => {
  const known = new Set([...Object.keys(errors), 'page.broken', 'page.not_loaded']);
  const strangers = (catalogues.fr.get(ERRORS) ?? [])
    .map(entry => entry.key.replace(/^errors:/, '').replace(/\.(title|message|hint)$/, ''))
    .filter(code => !known.has(code) && !code.startsWith('field.'));
  assert.deepEqual([...new Set(strangers)], []);
});

/** Without commands, addresses and holes, whose colons and apostrophes are their own. */
const prose = (text: string) =>
  text.replace(/\{\{.*?\}\}|`.*?`|https?:\S+|Authorization: Bearer|outbound\.allow:/g, '');

test('French is set as French is: spaces before high punctuation, guillemets, curved apostrophes', () => {
  for (const { key, text } of [...catalogues.fr.values()].flat()) {
    const words = prose(text);
    // What is quoted may be code.
    const own = words.replace(/«[^»]*»/g, '«»');
    assert.doesNotMatch(
      own,
      /(?<!\u00a0)(?<![\w«]):(?=\s|$)|\w:(?=\s|$)/,
      `${key}: a no-break space before the colon`,
    );
    assert.doesNotMatch(words, /[^\u202f\s«(][?!;]/, `${key}: a narrow no-break space before ? ! ;`);
    assert.doesNotMatch(words, / [:?!;»]|« /, `${key}: a plain space where none may break`);
    assert.doesNotMatch(words, /[^\u00a0]»|«[^\u00a0]/, `${key}: a no-break space inside « »`);
    assert.doesNotMatch(words, /\w'\w|"/, `${key}: ’ and « » instead of ' and "`);
  }
});

test('French uses the words of the glossary', () => {
  const glossary: Record<string, string | { avoid: string[] }> = JSON.parse(
    readFileSync(join(here, 'glossary.json'), 'utf8'),
  );
  const avoided = Object.values(glossary).flatMap(entry => (typeof entry === 'string' ? [] : entry.avoid));
  const found = [...catalogues.fr.values()].flat().flatMap(({ key, text }) => {
    // Commands and names of settings are the same in every language.
    const words = text.replace(/\{\{.*?\}\}|moulin [\w -]+|--\w+|\w+[._]\w+/g, ' ').toLowerCase();
    return avoided
      .filter(word => new RegExp(`(?<![\\p{L}-])${word}(?![\\p{L}-])`, 'u').test(words))
      .map(word => `${key}: ${word}`);
  });
  assert.deepEqual(found, []);
});

/** Words that are the same in both languages. Everything else that is equal was forgotten. */
const SAME = new Set(
  '· Moulin,minutes,Moulin,Webhook,Route,OpenAPI 3.1,format,ms,Table,Tables,table,Partition,Partitions,Zone,Format,Client,CSV,JSON,Parquet,DuckDB,PyIceberg,Spark,Trino,Snowflake,Pipeline,Code,Invitation,Configuration,Node.js,permission,permissions,Pages,Actions,Sessions,Session,Secrets,Secret,Version,English,Français,Source,Type,Date,Action,Description,Notes,API,OIDC,Node,PostgreSQL,Service,Documentation,Permission,Permissions,Audit,Installation,Administration'.split(
    ',',
  ),
);

test('what reads the same in French is a word that is the same', () => {
  const english = new Map(entriesOf('en').map(entry => [`${entry.key}_${entry.form}`, entry.text]));
  const same = entriesOf('fr')
    .filter(entry => english.get(`${entry.key}_${entry.form}`) === entry.text)
    .filter(entry => /\p{L}{2}/u.test(prose(entry.text)) && !SAME.has(prose(entry.text).trim()))
    .map(entry => `${entry.key}: ${entry.text}`);
  assert.deepEqual(same, []);
});
