import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathsBelow, read, readJson } from '../../scripts/source/files.ts';

/** What the pages really say, in English. */
const words = new Set(pathsBelow('web/src/i18n/en').flatMap(path => textsOf(readJson(path))));
const pages = ['README.md', ...pathsBelow('docs/guide')].filter(path => path.endsWith('.md'));

test('every way through the pages that the guide names is written as the pages write it', () => {
  const ways = pages.flatMap(page => waysIn(read(page)).map(steps => ({ page, steps })));
  assert(ways.length > 5, `${ways.length} ways`);
  const wrong = ways.flatMap(({ page, steps }) =>
    steps.filter(step => !words.has(step)).map(step => `${page}: ${step}`),
  );
  assert.deepEqual(wrong, []);
});

test('ways are found across a line break', () => {
  assert.deepEqual(waysIn('see *Settings →\nMembers* and *nothing else*'), [['Settings', 'Members']]);
});

/** `*Settings → Members → Invite somebody*` */
function waysIn(markdown: string): string[][] {
  return [...markdown.matchAll(/\*([^*`]+→[^*`]+)\*/g)].map(([, way = '']) =>
    way.split('→').map(step => step.replace(/\s+/g, ' ').trim()),
  );
}

function textsOf(node: unknown): string[] {
  if (typeof node === 'string') return [node];
  return typeof node === 'object' && node !== null ? Object.values(node).flatMap(textsOf) : [];
}
