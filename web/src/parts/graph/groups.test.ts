import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupNodes } from './groups.ts';
import type { Edge } from './layers.ts';

test('five thousand tasks that differ in a number are a few groups, and none is left out', () => {
  const nodes = [
    { name: 'list', kind: 'a' },
    ...Array.from({ length: 4998 }, (_, n) => ({ name: `load-${n}`, kind: 'b' })),
    { name: 'sum up', kind: 'c' },
  ];
  const edges = Array.from({ length: 4998 }, (_, n): Edge[] => [
    [0, n + 1],
    [n + 1, 4999],
  ]).flat();
  const { groups, edges: between } = groupNodes(nodes, edges);
  assert.deepEqual(
    groups.map(group => [group.label, group.members.length]),
    [
      ['list', 1],
      ['load-#', 4998],
      ['sum up', 1],
    ],
  );
  assert.deepEqual(between, [
    [0, 1],
    [1, 2],
  ]);
});

test('names that have nothing in common, and a chain without end, are still few', () => {
  const words = Array.from(
    { length: 3000 },
    (_, n) => `${String.fromCharCode(97 + (n % 26))}${'x'.repeat(n / 26)}`,
  );
  const flat = groupNodes(
    words.map(name => ({ name, kind: 'k' })),
    [],
  );
  assert.equal(flat.groups.length, 1);
  const chain = groupNodes(
    words.map(name => ({ name, kind: 'k' })),
    words.slice(1).map((_, n): Edge => [n, n + 1]),
  );
  assert(chain.groups.length <= 60);
  assert.equal(chain.groups.flatMap(group => group.members).length, 3000);
});
