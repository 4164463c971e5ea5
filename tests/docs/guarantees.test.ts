import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exists, read } from '../../scripts/source/files.ts';

const PAGE = 'docs/guide/guarantees.md';
const FAULTS = 'tests/faults/README.md';

interface Named {
  path: string;
  title: string;
}

test('every guarantee names tests, and each of them is there', () => {
  const guarantees = guaranteesIn(read(PAGE));
  assert(guarantees.length > 8, `${guarantees.length} guarantees`);
  const wrong = guarantees.flatMap(({ sentence, tests }) => {
    if (tests.length === 0) return [`${sentence} names none`];
    return tests.filter(named => !isThere(named)).map(({ path, title }) => `${path}: ${title}`);
  });
  assert.deepEqual(wrong, []);
});

test('every fault that is listed names a test, and each of them is there', () => {
  const faults = faultsIn(read(FAULTS));
  const rows = read(FAULTS).match(/^\| /gm) ?? [];
  assert.equal(faults.length, rows.length - 1, 'every row but the head names one');
  assert.deepEqual(
    faults.filter(named => !isThere(named)),
    [],
  );
});

test('a guarantee without a test, and a test that is gone, are found out', () => {
  const page = [
    '# Page',
    '1. **A.** Yes.',
    '   <!-- tests',
    `   tests/docs/guarantees.test.ts: a guarantee without a test, and a test that is gone, are found out`,
    '   tests/docs/guarantees.test.ts: nobody wrote me',
    '   -->',
    '2. **B.** No.',
  ].join('\n');
  const [a, b] = guaranteesIn(page);
  assert.deepEqual(a?.tests.map(isThere), [true, false]);
  assert.deepEqual([b?.sentence, b?.tests], ['B.', []]);
  assert.equal(isThere({ path: 'tests/none.test.ts', title: 'x' }), false);
});

/** Numbered items; the comment in each holds one test per line. */
function guaranteesIn(page: string): { sentence: string; tests: Named[] }[] {
  const items = page.split(/^(?=\d+\. )/m).slice(1);
  return items.map(item => {
    const [, sentence = ''] = /\*\*(.+?)\*\*/s.exec(item) ?? [];
    const [, comment = ''] = /<!-- tests\n(.*?)-->/s.exec(item) ?? [];
    const lines = comment.split('\n').map(line => line.trim());
    return { sentence, tests: lines.filter(line => line !== '').map(toNamed) };
  });
}

function toNamed(line: string): Named {
  const [, path = '', title = ''] = /^(\S+): (.+)$/.exec(line) ?? [];
  return { path, title };
}

/** As the title of a test, not just somewhere in the file. */
function isThere({ path, title }: Named): boolean {
  if (!exists(path)) return false;
  const text = read(path);
  return ["'", '"', '`'].some(quote => {
    const at = text.indexOf(`${quote}${title}${quote},`);
    return at !== -1 && /\b(?:test|scenario|scenarioAlone)\(\s*$/.test(text.slice(0, at));
  });
}

/** Rows `| when | \`path\` | title |`. */
function faultsIn(page: string): Named[] {
  const rows = [...page.matchAll(/^\| [^|]+ \| `([^`|]+)` \| (.+) \|$/gm)];
  return rows.map(([, path = '', title = '']) => ({ path, title }));
}
