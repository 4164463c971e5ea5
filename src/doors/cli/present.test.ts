import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Column,
  type Paper,
  renderList,
  renderObject,
  shortSize,
  shortTime,
  visible,
} from './present.ts';

interface Item {
  name: string;
  tags: string[];
  at: string | null;
}
const columns: readonly Column<Item>[] = [
  ['name', item => item.name],
  ['tags', item => item.tags],
  ['at', item => item.at],
];
const items: Item[] = [
  { name: 'Ada', tags: ['a', 'b'], at: null },
  { name: '=cmd|x', tags: [], at: '2026-11-21' },
];
const paper = (format: Paper['format'], width?: number): Paper => ({ format, width });

test('a list as a table, as JSON and as CSV', () => {
  const table = ['NAME    TAGS  AT', 'Ada     a, b  –', '=cmd|x  –     2026-11-21'];
  assert.equal(renderList(items, columns, paper('table')), table.join('\n'));
  assert.deepEqual(JSON.parse(renderList(items, columns, paper('json'))), items);
  assert.equal(
    renderList(items, columns, paper('csv')),
    `name,tags,at\r\nAda,"a, b",\r\n'=cmd|x,,2026-11-21`,
  );
  assert.equal(renderList([], columns, paper('table')), 'NAME  TAGS  AT');
});

test('one object is a line for each field', () => {
  const [ada] = items;
  assert(ada);
  assert.equal(renderObject(ada, columns, paper('table', 10)), 'name  Ada\ntags  a, b\nat    –');
});

test('a name cannot move the cursor, break a line or turn the text round', () => {
  assert.equal(visible('a\u001b[31mred\u001b[0m\nb\u202Ec\u0007'), 'ared·b·c·');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      assert.doesNotMatch(visible(text), /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
    }),
  );
});

test('on a terminal no line is wider than it, whatever the names', () => {
  const name = fc.string({ unit: 'grapheme', maxLength: 500 });
  fc.assert(
    fc.property(fc.array(fc.record({ name, tags: fc.array(name, { maxLength: 3 }), at: name })), given => {
      const segmenter = new Intl.Segmenter();
      for (const line of renderList(given, columns, paper('table', 60)).split('\n'))
        assert([...segmenter.segment(line)].length <= 60, line);
    }),
    { numRuns: 30 },
  );
});

test('times are shown without their microseconds', () => {
  assert.equal(shortTime('2026-11-21T12:00:00.123456Z'), '2026-11-21 12:00:00 UTC');
  assert.equal(shortTime(null), '');
});

test('sizes are shown in the unit that fits them', () => {
  const sizes = [0, 1023, 1024, 5 * 1024 ** 2, 12.34 * 1024 ** 3, 4096 * 1024 ** 4];
  assert.deepEqual(sizes.map(shortSize), ['0 B', '1023 B', '1.0 KiB', '5.0 MiB', '12.3 GiB', '4096.0 TiB']);
});
