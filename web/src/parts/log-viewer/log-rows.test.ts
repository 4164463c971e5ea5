import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogLine } from '../../../../src/contract/runs.ts';
import { plainSearch, rowsOf } from './log-rows.ts';

const log = (...texts: string[]): LogLine[] =>
  texts.map((text, n) => ({
    n,
    at: '2026-11-21T09:00:00.000000Z',
    level: 'info',
    text,
    stream: 'stderr',
    fields: null,
    cut: false,
  }));
const shown = (lines: LogLine[], ...turned: number[]) =>
  rowsOf(lines, new Set(turned)).map(row => `${row.fold ? (row.fold.open ? 'v' : '>') : ' '}${row.text}`);

const NODE = log(
  'begin',
  'Error: broke',
  '    at a (x.js:1)',
  '    at b (x.js:2)',
  '    at c (x.js:3)',
  'end',
);

test('a stack trace is folded under its error, and opens', () => {
  assert.deepEqual(shown(NODE), [' begin', '>Error: broke', ' end']);
  assert.deepEqual(shown(NODE, 1), [
    ' begin',
    'vError: broke',
    '     at a (x.js:1)',
    '     at b (x.js:2)',
    '     at c (x.js:3)',
    ' end',
  ]);
});

test('a trace of Python has lines of code between its frames; two lines alone are not folded', () => {
  const python = log(
    'failed',
    'Traceback (most recent call last):',
    '  File "a.py", line 3, in f',
    '    g()',
    'KeyError: 1',
  );
  assert.deepEqual(shown(python), ['>failed', ' KeyError: 1']);
  assert.deepEqual(shown(log('failed', '  at once', 'end')), [' failed', '   at once', ' end']);
});

test('a line of several lines is one number with rows under it', () => {
  const rows = rowsOf(log('a\nb\nc', 'd'), new Set([0]));
  assert.deepEqual(
    rows.map(row => [row.line.n, row.text, row.head]),
    [
      [0, 'a', true],
      [0, 'b', false],
      [0, 'c', false],
      [1, 'd', true],
    ],
  );
});

test('an indented line that explains nothing stays where it is', () => {
  assert.deepEqual(shown(log('table:', '    a | b', '    1 | 2')), [' table:', '     a | b', '     1 | 2']);
});

test('only plain words are searched in the browser', () => {
  assert.equal(plainSearch('rows read'), 'rows read');
  assert.equal(plainSearch('(a+)+$'), undefined);
  assert.equal(plainSearch(''), undefined);
});
