import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvCell, toCsv } from './csv.ts';

test('text that a spreadsheet would run is disarmed, numbers are not', () => {
  for (const text of ['=1+1', '+33 1', '-2', '@SUM(A1)', '\tx']) assert.ok(csvCell(text).includes("'"), text);
  assert.equal(csvCell(-2), '-2');
  assert.equal(csvCell('a=b'), 'a=b');
});

test('commas, quotes and line ends are quoted', () => {
  assert.equal(csvCell('a,b'), '"a,b"');
  assert.equal(csvCell('say "hi"'), '"say ""hi"""');
  assert.equal(csvCell('two\nlines'), '"two\nlines"');
  assert.equal(csvCell('=HYPERLINK("x","y")'), '"\'=HYPERLINK(""x"",""y"")"');
});

test('a table is a head and its rows, nothing for null', () => {
  const columns = [
    { id: 'name', header: 'Name', value: (row: { name: string; n: number | null }) => row.name },
    { id: 'n', header: 'N', value: (row: { name: string; n: number | null }) => row.n },
  ];
  assert.equal(toCsv(columns, [{ name: 'é', n: null }]), '\uFEFFName,N\r\né,\r\n');
});
