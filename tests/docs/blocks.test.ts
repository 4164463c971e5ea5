import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathsBelow, read } from '../../scripts/source/files.ts';
import { resolveConfig } from '../../src/base/kit/config.ts';
import { parseConfigFile } from '../../src/base/kit/config-file.ts';
import { blocksOf } from './markdown.ts';

const pages = ['README.md', 'README.fr.md', 'CONTRIBUTING.md', ...pathsBelow('docs')].filter(path =>
  path.endsWith('.md'),
);
const blocks = pages.flatMap(page => blocksOf(read(page)).map(block => ({ ...block, page })));

test('every moulin.yaml that a page shows is accepted', () => {
  const shown = blocks.filter(block => block.words.includes('moulin.yaml'));
  assert(shown.length > 4, `${shown.length} files`);
  for (const { page, line, text } of shown) {
    const file = parseConfigFile(text, `${page}:${line}`);
    resolveConfig({
      flags: {},
      env: {},
      file,
      remembered: {},
      cwd: '/',
      home: '/',
      default_memory: 2 ** 30,
      // The files that hold secrets are the reader's: an address where one is expected, a key where one is.
      readSecret: path => (path.includes('url') ? 'postgres://moulin@db.example.com/moulin' : 'c2VjcmV0'),
    });
  }
});

test('every JSON that a page shows is JSON', () => {
  for (const { page, line, text } of blocks.filter(block => block.language === 'json'))
    assert.doesNotThrow(() => JSON.parse(text), `${page}:${line}`);
});

test('a block says what it is in', () => {
  assert.deepEqual(
    blocks.filter(block => block.language === '').map(({ page, line }) => `${page}:${line}`),
    [],
  );
});
