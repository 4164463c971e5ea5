import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAnsi, withoutAnsi } from './ansi.ts';

const ESC = '\u001b';

test('colours and looks become names, and end where they are taken back', () => {
  assert.deepEqual(parseAnsi(`plain ${ESC}[31mred ${ESC}[1mbold red${ESC}[0m plain`), [
    { text: 'plain ' },
    { text: 'red ', color: 'red' },
    { text: 'bold red', color: 'red', bold: true },
    { text: ' plain' },
  ]);
  assert.deepEqual(parseAnsi(`${ESC}[1;3;4;92mall${ESC}[22;23;24;39m none`), [
    { text: 'all', bold: true, italic: true, underline: true, color: 'green' },
    { text: ' none' },
  ]);
});

test('wide colours become the nearest of the theme, and a background never swallows the colour after it', () => {
  assert.deepEqual(parseAnsi(`${ESC}[38;5;196ma${ESC}[38;2;10;20;250mb${ESC}[48;5;21;32mc`), [
    { text: 'a', color: 'red' },
    { text: 'b', color: 'blue' },
    { text: 'c', color: 'green' },
  ]);
  assert.deepEqual(parseAnsi(`${ESC}[38;5;240mgrey`), [{ text: 'grey', color: 'black' }]);
});

test('what moves the cursor, names the window or is broken off leaves only its text', () => {
  assert.equal(
    withoutAnsi(`${ESC}[2K${ESC}]0;title\u0007done ${ESC}]8;;http://x${ESC}\\link${ESC}[`),
    'done link',
  );
  assert.equal(withoutAnsi('10 %\r50 %\r100 %\r'), '100 %');
});

test('markup stays text', () => {
  assert.deepEqual(parseAnsi('<img src=x onerror=alert(1)>'), [{ text: '<img src=x onerror=alert(1)>' }]);
});
