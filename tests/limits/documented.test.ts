import assert from 'node:assert/strict';
import { test } from 'node:test';
import { referencePages } from '../../scripts/generate-reference.ts';
import { commandTree, fullName, leavesOf } from '../../scripts/reference/cli.ts';
import { exists, pathsBelow, read } from '../../scripts/source/files.ts';
import { configKeys } from '../../src/contract/config.ts';
import { INSTANCE_RIGHTS, workspacePermissions } from '../../src/contract/permissions.ts';
import { routeEntries } from '../../src/contract/routes.ts';
import { EXIT_CODES } from '../../src/doors/cli/exit-codes.ts';

const reference = (name: string) => read(`docs/reference/${name}.md`);

test('the reference is what the program says of itself now', async () => {
  const pages = Object.entries(await referencePages());
  const stale = pages.filter(([path, text]) => !exists(path) || read(path) !== text).map(([path]) => path);
  assert.deepEqual(stale, [], 'run node scripts/generate-reference.ts');
  const strangers = pathsBelow('docs/reference').filter(path => !pages.some(([page]) => page === path));
  assert.deepEqual(strangers, ['docs/reference/README.md']);
});

test('every route is documented with its address and its permission', () => {
  const api = reference('api');
  for (const [name, route] of routeEntries) {
    const section = sectionOf(api, `### ${name}`);
    assert(section.includes(`${route.method} /api/v1${route.path}`), name);
    const said = { public: 'Open to everybody', signed_in: 'whoever is signed in' }[String(route.permission)];
    assert(section.includes(said ?? `\`${route.permission}\``), name);
    for (const field of fieldsOf(route)) assert(section.includes(`\`${field}\``), `${name}: ${field}`);
  }
});

test('every setting is documented with its variable, its flag and its file', () => {
  const configuration = reference('configuration');
  for (const { key, env, flag, file } of configKeys)
    for (const name of [key, env, flag, file?.key, file?.env, file?.flag])
      assert(!name || configuration.includes(`\`${name}\``), `${key}: ${name}`);
});

test('every permission and right is documented', () => {
  const permissions = reference('permissions');
  for (const name of [...workspacePermissions, ...INSTANCE_RIGHTS])
    assert(permissions.includes(`\`${name}\``), name);
});

test('every command and option is documented', async () => {
  const [cli, configuration] = [reference('cli'), reference('configuration')];
  const verbs = leavesOf(await commandTree());
  assert(verbs.length > 20, `${verbs.length} commands`);
  for (const verb of verbs) {
    assert.match(cli, new RegExp(`^###? ${fullName(verb)}$`, 'm'));
    assert.notEqual(verb.description(), '', `${fullName(verb)} has no description`);
    for (const { long, description } of verb.options.filter(option => !option.hidden)) {
      assert(cli.includes(`${long}`) || configuration.includes(`\`${long}\``), `${fullName(verb)} ${long}`);
      assert.notEqual(description, '', `${fullName(verb)} ${long} has no description`);
    }
  }
});

test('every exit code is documented', () => {
  const codes = reference('exit-codes');
  for (const { code, meaning } of Object.values(EXIT_CODES))
    assert(codes.includes(`| ${code} | ${meaning} |`), meaning);
});

test('a section ends where the next one begins', () => {
  assert.equal(sectionOf('### a\n1\n### b\n2\n', '### a'), '### a\n1\n');
  assert.equal(sectionOf('### ab\n1\n', '### a'), '');
});

function sectionOf(text: string, heading: string): string {
  const start = `\n${text}`.indexOf(`\n${heading}\n`);
  if (start === -1) return '';
  const end = text.indexOf('\n### ', start + heading.length);
  return text.slice(start, end === -1 ? undefined : end + 1);
}

function fieldsOf(route: { params?: object; query?: object; body?: object }): string[] {
  return [route.params, route.query, route.body].flatMap(schema =>
    schema && 'shape' in schema ? Object.keys(schema.shape ?? {}) : [],
  );
}
