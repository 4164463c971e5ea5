import assert from 'node:assert/strict';
import { test } from 'node:test';
import ts from 'typescript';
import { codeBelow, isTest, lineOf, pickNodes, read, type SourceFile } from '../../scripts/source/files.ts';
import { type ErrorCode, errorCodes, errors } from '../../src/contract/errors.ts';
import { routeEntries } from '../../src/contract/routes.ts';

/** Codes that no test can raise by fair means, each with its reason. The list may only shrink. */
const UNRAISED: Readonly<Record<string, string>> = {};

/** Of what the caller pointed at: a table of a kind that is not known here, a server that does not answer as it should. */
const OF_ANOTHER: ReadonlySet<number> = new Set([501, 502]);

const CATALOGUE = 'src/contract/errors.ts';
/** Declares which codes a route may answer, which raises none. */
const DECLARATIONS = routeFiles();
const code = codeBelow('src', 'web/src', 'scripts', 'bin').filter(
  file => !isTest(file.path) && file.path !== CATALOGUE && !DECLARATIONS.has(file.path),
);
const tests = codeBelow('src', 'tests', 'web/src').filter(
  file => isTest(file.path) && !file.path.startsWith('tests/limits/'),
);

test('every error of the catalogue is raised somewhere', () => {
  assert.deepEqual(
    errorCodes.filter(name => !isMentioned(name, code)),
    [],
  );
});

test('every error of the catalogue is raised in a test', () => {
  const unraised = errorCodes.filter(name => !isMentioned(name, tests));
  assert.deepEqual(unraised.sort(), Object.keys(UNRAISED).sort());
});

test('every error is in the reference', () => {
  const reference = read('docs/reference/errors.md');
  assert.deepEqual(
    errorCodes.filter(name => !reference.includes(`### ${name}\n`)),
    [],
  );
});

test('an error names what happened in one sentence and says what to do in another', () => {
  for (const [name, { message, hint, title }] of Object.entries(errors)) {
    assert.match(name, /^[a-z_]+\.[a-z_]+$/);
    assert.match(
      message,
      /(?:[.?]|: \{\w+\}|^\{\w+\})$/,
      `${name}: the message is a sentence, or ends with what was said, or is it`,
    );
    assert.match(hint, /(?:[.?]|: \{\w+\})$/, `${name}: the hint is a sentence, or ends with what to type`);
    assert.doesNotMatch(title, /[.!]$/, `${name}: the title is no sentence`);
  }
});

test('who raises an error fills every hole of its message and hint', () => {
  const calls = code.flatMap(callsOfFail);
  assert(calls.length > 20, 'the scanner sees the calls');
  assert.deepEqual(calls.filter(call => missingHoles(call).length > 0).map(describe), []);
});

test('a route names only errors that a caller can cause there', () => {
  const wrong = routeEntries.flatMap(([route, { errors: named = [] }]) =>
    named
      .filter(name => errors[name].status >= 500 && !OF_ANOTHER.has(errors[name].status))
      .map(name => `${route}: ${name}`),
  );
  assert.deepEqual(wrong, []);
});

test('each rule refuses what it is for', () => {
  const file = (text: string) => ({ path: 'src/x.ts', text });
  assert(isMentioned('auth.required', [file("throw fail('auth.required')")]));
  assert(!isMentioned('auth.required', [file("throw fail('auth.required_more')")]));
  const holes = (text: string) => callsOfFail(file(text)).map(missingHoles);
  assert.deepEqual(holes("fail('object.not_found', { kind })"), [['id']]);
  assert.deepEqual(holes("fail('object.not_found', { kind: 'x', id: 1 })"), [[]]);
  assert.deepEqual(holes("fail('object.not_found')"), [['kind', 'id']]);
  assert.deepEqual(holes("fail('object.not_found', params)"), [[]], 'what is computed cannot be judged here');
});

interface FailCall {
  where: string;
  code: ErrorCode;
  /** undefined: computed, or spread from elsewhere. */
  given: readonly string[] | undefined;
}

function callsOfFail(file: SourceFile): FailCall[] {
  return pickNodes(file, node => {
    if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression) || node.expression.text !== 'fail')
      return undefined;
    const [name, params] = node.arguments;
    if (!name || !ts.isStringLiteral(name) || !(name.text in errors)) return undefined;
    return { where: `${file.path}:${lineOf(node)}`, code: name.text as ErrorCode, given: keysOf(params) };
  });
}

function keysOf(params: ts.Expression | undefined): string[] | undefined {
  if (!params) return [];
  if (!ts.isObjectLiteralExpression(params)) return undefined;
  const names = params.properties.map(property => property.name?.getText());
  return names.includes(undefined) ? undefined : names.flatMap(name => name ?? []);
}

function missingHoles({ code, given }: FailCall): string[] {
  const { message, hint } = errors[code];
  return given === undefined
    ? []
    : [...new Set(holesOf(message + hint))].filter(hole => !given.includes(hole));
}

function describe(call: FailCall): string {
  return `${call.where} ${call.code} lacks ${missingHoles(call).join(', ')}`;
}

function isMentioned(name: string, files: readonly SourceFile[]): boolean {
  return files.some(({ text }) => text.includes(`'${name}'`) || text.includes(`"${name}"`));
}

function holesOf(template: string): string[] {
  return [...template.matchAll(/\{(\w+)\}/g)].map(([, hole = '']) => hole);
}

function routeFiles(): ReadonlySet<string> {
  const files = codeBelow('src/contract').filter(({ text }) => text.includes('defineRoutes('));
  return new Set(files.map(file => file.path));
}
