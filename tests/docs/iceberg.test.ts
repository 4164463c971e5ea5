import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ROOT, read } from '../../scripts/source/files.ts';
import { scratchFolder } from '../support/scratch.ts';
import { blocksOf } from './markdown.ts';

// What the guide of `moulin/iceberg` shows is one program, run as it stands; `// …` after a console.log is what it prints.

const PAGE = 'examples/iceberg/README.md';
const LIBRARY = pathToFileURL(join(ROOT, 'src/base/iceberg/index.ts')).href;

function runIn(folder: string, code: string) {
  const file = join(folder, 'example.ts');
  writeFileSync(file, code.replaceAll(`'moulin/iceberg'`, `'${LIBRARY}'`));
  return spawnSync(process.execPath, [file], { cwd: folder, encoding: 'utf8', timeout: 60_000 });
}

const blocks = blocksOf(read(PAGE)).filter(({ language }) => language === 'ts');

test('the examples of the Iceberg library do what they say', t => {
  assert(blocks.length > 6 && blocks.every(({ words }) => words.includes('run')));
  const code = blocks.map(({ text }) => text).join('\n');
  const { status, stdout, stderr } = runIn(scratchFolder(t), code);
  assert.equal(status, 0, stderr);
  const promised = [...code.matchAll(/console\.log\(.*; \/\/ (.+)$/gm)]
    .flatMap(([, said = '']) => said.split(', '))
    .filter(said => said !== 'nothing');
  assert(promised.length > 4);
  const lines = stdout.split('\n');
  for (const said of promised) {
    const at = lines.indexOf(said);
    assert.notEqual(at, -1, `${said} in\n${stdout}`);
    lines.splice(0, at + 1);
  }
});

test('an example that fails is seen', t => {
  assert.notEqual(runIn(scratchFolder(t), `import { nothing } from 'moulin/iceberg';`).status, 0);
});
