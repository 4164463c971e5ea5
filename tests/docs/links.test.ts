import assert from 'node:assert/strict';
import { posix } from 'node:path';
import { test } from 'node:test';
import { exists, pathsBelow, read } from '../../scripts/source/files.ts';
import { anchorsOf, blocksOf, type Link, linksOf } from './markdown.ts';

const pages = [
  ...['README.md', 'README.fr.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'],
  ...['docs', 'src', 'bench', 'tests', 'web/src', 'bin', 'scripts'].flatMap(pathsBelow),
].filter(path => path.endsWith('.md'));

test('every link inside the project leads somewhere', () => {
  assert(pages.length > 15, `${pages.length} pages`);
  const broken = pages.flatMap(page => brokenLinks(page, linksOf(read(page))));
  assert.deepEqual(broken, []);
});

test('no page shows a picture from somewhere else', () => {
  const remote = pages.flatMap(page =>
    [...read(page).matchAll(/!\[[^\]]*\]\((https?:[^)]+)\)|<img[^>]+src="(https?:[^"]+)"/g)].map(
      ([shown]) => `${page}: ${shown}`,
    ),
  );
  assert.deepEqual(remote, []);
});

test('every page of the guide is in its table of contents, and so is every decision', () => {
  for (const folder of ['docs/guide', 'docs/decisions']) {
    const index = `${folder}/README.md`;
    const listed = linksOf(read(index)).map(({ target }) => posix.join(folder, target.split('#')[0] ?? ''));
    const present = pathsBelow(folder).filter(path => path.endsWith('.md') && path !== index);
    assert.deepEqual(
      present.filter(path => !listed.includes(path)),
      [],
      index,
    );
  }
});

test('headings, links and blocks are read as GitHub reads them', () => {
  const page = [
    '# A `b` & c.d',
    '[x](y.md#z) ![p](p.png)',
    '```sh run',
    '# no heading [n](o.md)',
    '```',
    '## A b',
  ].join('\n');
  assert.deepEqual(anchorsOf(page), ['a-b--cd', 'a-b']);
  assert.deepEqual(
    linksOf(page).map(({ target }) => target),
    ['y.md#z', 'p.png'],
  );
  assert.deepEqual(blocksOf(page), [
    { language: 'sh', words: ['run'], text: '# no heading [n](o.md)', line: 3 },
  ]);
  assert.deepEqual(brokenLinks('docs/x.md', [{ target: 'no/such.md', line: 7 }]), ['docs/x.md:7 no/such.md']);
});

function brokenLinks(page: string, links: readonly Link[]): string[] {
  return links
    .filter(link => !leadsSomewhere(page, link.target))
    .map(({ target, line }) => `${page}:${line} ${target}`);
}

function leadsSomewhere(page: string, target: string): boolean {
  if (/^(https?|mailto):/.test(target)) return true;
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : posix.join(posix.dirname(page), decodeURI(path));
  if (!exists(file)) return false;
  return anchor === undefined || !file.endsWith('.md') || anchorsOf(read(file)).includes(anchor);
}
