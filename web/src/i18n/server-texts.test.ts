import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { AUDIT_ACTIONS } from '../../../src/contract/audit-actions.ts';
import { configKeys } from '../../../src/contract/config.ts';
import { openApiDocument } from '../../../src/contract/openapi.ts';
import { SCOPES } from '../../../src/contract/permissions.ts';
import { keyOf } from '../pages/api-docs/api-words.ts';

// What the contract says in English stands in the other language's catalogue under the name of the thing: whoever adds a
// route, a setting or an action learns here which sentence is missing, long before somebody meets English in French.

type Texts = { [key: string]: string | Texts };

function readTexts(file: string): (path: string[]) => string | undefined {
  const texts: Texts = JSON.parse(readFileSync(join(import.meta.dirname, file), 'utf8'));
  return path => {
    const found = path.reduce<string | Texts | undefined>(
      (at, name) => (typeof at === 'object' ? at[name] : undefined),
      texts,
    );
    return typeof found === 'string' ? found : undefined;
  };
}

const missing = (names: readonly string[], say: (name: string) => string | undefined) =>
  names.filter(name => say(name) === undefined);
const operations = Object.values(openApiDocument('1').paths).flatMap(methods => Object.values(methods));

test('every operation of the API has its French summary, every tag its name', () => {
  const say = readTexts('fr/api_texts.json');
  const ids = operations.map(operation => operation.operationId);
  const tags = [...new Set(operations.flatMap(operation => operation.tags))];
  assert.deepEqual(
    missing(ids, id => say(['summaries', ...id.split('.')])),
    [],
  );
  assert.deepEqual(
    missing(tags, tag => say(['tags', tag])),
    [],
  );
});

test('every description of a field is said in French', () => {
  const say = readTexts('fr/api_texts.json');
  const described = operations.flatMap(operation => [
    ...operation.parameters.flatMap(parameter => parameter.description ?? []),
    ...descriptionsIn(operation.requestBody?.content['application/json']?.schema),
  ]);
  assert.deepEqual(
    missing([...new Set(described)], text => say(['descriptions', keyOf(text)])),
    [],
  );
});

function descriptionsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'description' && typeof inner === 'string' ? [inner] : descriptionsIn(inner),
  );
}

test('every setting is explained in French', () => {
  const say = readTexts('fr/config.json');
  assert.deepEqual(
    missing(
      configKeys.map(({ key }) => key),
      key => say(key.split('.')),
    ),
    [],
  );
});

test('every action of the audit log and every permission has words', () => {
  for (const language of ['en', 'fr']) {
    const say = readTexts(`${language}/access.json`);
    assert.deepEqual(
      missing(AUDIT_ACTIONS, action => say(['audit', 'actions', ...action.split('.')])),
      [],
    );
    const rights = SCOPES.filter(scope => scope !== '*');
    assert.deepEqual(
      missing(rights, right => say(['permissions', ...right.split(':')])),
      [],
    );
  }
});
