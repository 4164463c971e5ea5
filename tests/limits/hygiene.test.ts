import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeBelow, exists, pathsBelow, read, readJson } from '../../scripts/source/files.ts';

const MAX_README_LINES = 40;
const FOLDERS = ['.ci', 'bench', 'bin', 'deploy', 'docs', 'examples', 'scripts', 'src', 'tests', 'web'];
const TOP_FILES = [
  'package.json',
  'package-lock.json',
  '.npmrc',
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
];

/** A module: a folder of src that holds code of its own, not a part of one. */
const modules = pathsBelow('src').filter(isModule);

test('every module says on one page what it owns, its rules and how to change it', () => {
  const silent = modules.filter(folder => !exists(`${folder}README.md`));
  assert.deepEqual(silent, []);
  const long = modules.filter(
    folder => exists(`${folder}README.md`) && lines(`${folder}README.md`) > MAX_README_LINES,
  );
  assert.deepEqual(long, [], `at most ${MAX_README_LINES} lines`);
});

test('nothing is called utils', () => {
  const vague = /(^|\/)(utils?|helpers?|common|misc|shared|managers?|impl)(\.tsx?|\/)$/;
  assert.deepEqual(
    pathsBelow('src')
      .concat(pathsBelow('web/src'))
      .filter(path => vague.test(path)),
    [],
  );
});

test('file and folder names are small letters with dashes', () => {
  const odd = ['src', 'tests', 'bench', 'scripts', 'web/src', 'docs']
    .flatMap(pathsBelow)
    .map(path => path.replace(/\/$/, ''))
    .filter(
      path =>
        !/^[a-z0-9._-]+$/.test(
          path
            .split('/')
            .at(-1)
            ?.replace(/^README/, '') ?? '',
        ),
    );
  assert.deepEqual(odd, []);
});

test('the project holds no path of the machine it was written on', () => {
  const texts = [...FOLDERS.flatMap(pathsBelow), ...TOP_FILES.filter(exists)].filter(isText);
  const found = texts.flatMap(path => foreignTraces(read(path)).map(trace => `${path}: ${trace}`));
  assert.deepEqual(found, []);
});

test('traces of a machine are recognised', () => {
  assert.deepEqual(foreignTraces(`cd ${'/home'}/alice/moulin`), [`${'/home'}/alice`]);
  assert.deepEqual(foreignTraces(`open ${'/Users'}/bob/x and ${'/root'}/xy`), [
    `${'/Users'}/bob`,
    `${'/root'}/xy`,
  ]);
  assert.deepEqual(foreignTraces('see /var/lib/postgresql and https://moulin.example.com/home/'), []);
});

test('nobody is asked to skip a test or to finish it later', () => {
  const left = /\b(TODO|FIXME|XXX)\b|\b(test|it|describe)\.(only|skip|todo)\(/;
  const code = codeBelow('src', 'web/src', 'tests', 'scripts', 'bench').filter(
    file => !file.path.endsWith('limits/hygiene.test.ts'),
  );
  assert.deepEqual(
    code.filter(({ text }) => left.test(text)).map(({ path }) => path),
    [],
  );
});

test('package.json has the scripts that the documents name', () => {
  const { scripts = {} } = readJson<{ scripts?: Record<string, string> }>('package.json');
  const missing = ['start', 'test', 'check', 'generate', 'bench', 'shape'].filter(name => !scripts[name]);
  assert.deepEqual(missing, []);
  const lost = Object.values(scripts)
    .flatMap(command => command.match(/\b(?:scripts|bench|bin)\/[\w./-]+/g) ?? [])
    .filter(path => !exists(path));
  assert.deepEqual(lost, []);
});

function isModule(folder: string): boolean {
  const isRoom = /^src\/(contract|(base|connectors|domains|doors)\/[^/]+)\/$/.test(folder);
  return isRoom && codeBelow(folder.slice(0, -1)).length > 0;
}

function lines(path: string): number {
  return read(path).trimEnd().split('\n').length;
}

function isText(path: string): boolean {
  return /\.(ts|tsx|mjs|js|json|md|css|html|sql|yaml|yml|sh|txt|svg)$|(^|\/)(run|moulin|\.npmrc)$/.test(path);
}

/** Home folders, and the folders that containers work in; a single letter is nobody's name. */
function foreignTraces(text: string): string[] {
  return text.match(/(?<![\w.])\/(?:home|Users|root|work|farm)\/[a-z][\w-]+/g) ?? [];
}
