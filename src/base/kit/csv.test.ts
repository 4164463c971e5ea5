import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvCell, csvLine } from './csv.ts';

test('what a spreadsheet would run as a formula is text', () => {
  for (const text of ['=1+1', '+33 1', '-2', '@SUM(A1)', '\tx', '\r=1'])
    assert(csvCell(text).replace(/^"/, '').startsWith("'"), text);
  assert.equal(csvCell('=HYPERLINK("x","y")'), '"\'=HYPERLINK(""x"",""y"")"');
});

test('commas, quotes and line breaks stay inside their cell', () => {
  assert.equal(
    csvLine(['a,b', 'say "hi"', 'two\nlines', null, 'é']),
    '"a,b","say ""hi""","two\nlines",,é\r\n',
  );
});
