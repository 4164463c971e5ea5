import assert from 'node:assert/strict';
import { test } from 'node:test';
import i18next from 'i18next';
import { ApiError } from '../../src/contract/client.ts';
import type { Problem } from '../../src/contract/errors.ts';
import french from './i18n/fr/errors.json' with { type: 'json' };
import { fieldProblems, problemReport, problemText, toProblem } from './problems.ts';

const problem = (more: Partial<Problem>): Problem => ({
  type: 'urn:moulin:error:members.last_owner',
  title: 'A workspace needs an owner',
  status: 409,
  detail: 'Ada is the last owner of this workspace.',
  code: 'members.last_owner',
  hint: 'Make somebody else an owner first.',
  params: { name: 'Ada' },
  request_id: '42',
  errors: [],
  ...more,
});

async function translator(language: string) {
  const instance = i18next.createInstance();
  await instance.init({
    lng: language,
    resources: { fr: { errors: french }, en: {} },
    interpolation: { escapeValue: false },
  });
  return instance.t;
}

test('a refusal is said in French by its code and parameters, in English by the server', async () => {
  const said = problemText(problem({}), await translator('fr'));
  assert.equal(said.detail, 'Ada est le dernier propriétaire de cet espace de travail.');
  assert.equal(problemText(problem({}), await translator('en')).detail, problem({}).detail);
});

test('a code that this page does not know yet keeps the words of the server', async () => {
  const newer = problem({ code: 'lake.too_deep', detail: 'The lake is too deep.' });
  assert.equal(problemText(newer, await translator('fr')).detail, 'The lake is too deep.');
});

test('problems find their field, the exact words before the general ones', async () => {
  const t = await translator('fr');
  const refused = problem({
    errors: [
      {
        path: 'body.password',
        code: 'too_small',
        message: 'Too small',
        params: { origin: 'string', minimum: 8 },
      },
      { path: 'body.tags.0', code: 'too_big', message: 'Too big' },
      { path: 'headers.if-match', code: 'invalid_header', message: 'no' },
    ],
  });
  const { fields, rest } = fieldProblems(refused, ['password', 'tags'], t);
  assert.deepEqual(fields, { password: 'Au moins 8 caractères.', tags: 'C’est trop long ou trop grand.' });
  assert.deepEqual(
    rest.map(entry => entry.path),
    ['headers.if-match'],
  );
});

test('what is not the API’s becomes a problem of the page, with what helps to report it', () => {
  assert.equal(toProblem(new ApiError(problem({}))).code, 'members.last_owner');
  assert.equal(toProblem(new TypeError('x is not a function')).code, 'page.broken');
  const missing = toProblem(new TypeError('Failed to fetch dynamically imported module: /a.js'));
  assert.equal(missing.code, 'page.not_loaded');
  assert.match(
    problemReport(problem({}), 'http://x/'),
    /members\.last_owner[\s\S]*request 42[\s\S]*http:\/\/x\//,
  );
});
