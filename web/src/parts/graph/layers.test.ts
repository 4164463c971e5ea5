import assert from 'node:assert/strict';
import { test } from 'node:test';
import { depthsOf, type Edge, isTangled, layOutLayers } from './layers.ts';

const SIZE = { width: 100, height: 40, gap_x: 20, gap_y: 10 };

test('a node is right of everything that leads to it', () => {
  const edges: Edge[] = [
    [0, 1],
    [1, 3],
    [0, 3],
    [2, 3],
  ];
  assert.deepEqual(depthsOf(4, edges), [0, 1, 0, 2]);
  const boxes = layOutLayers(4, edges, SIZE);
  assert(edges.every(([from, to]) => (boxes[from]?.x ?? 0) < (boxes[to]?.x ?? 0)));
  assert.equal(new Set(boxes.map(box => `${box.x} ${box.y}`)).size, 4, 'none covers another');
});

test('what belongs together is at the same height: lines do not cross without need', () => {
  const edges: Edge[] = [
    [0, 3],
    [1, 2],
  ];
  const boxes = layOutLayers(4, edges, SIZE);
  assert.equal(boxes[0]?.y, boxes[3]?.y);
  assert.equal(boxes[1]?.y, boxes[2]?.y);
});

test('only lines that cross, or pass behind a box, ask for a better layout', () => {
  const tangled = (count: number, edges: Edge[]) => isTangled(layOutLayers(count, edges, SIZE), edges, SIZE);
  const diamond: Edge[] = [
    [0, 1],
    [0, 2],
    [1, 3],
    [2, 3],
  ];
  assert.equal(tangled(4, diamond), false);
  assert.equal(tangled(4, [...diamond, [0, 3]]), true, 'a line over two columns');
  const all: Edge[] = [
    [0, 2],
    [0, 3],
    [1, 2],
    [1, 3],
  ];
  assert.equal(tangled(4, all), true);
});

test('a chain of five thousand and a circle end', () => {
  const chain = Array.from({ length: 4999 }, (_, n): Edge => [n, n + 1]);
  assert.equal(depthsOf(5000, chain)[4999], 4999);
  assert.equal(
    depthsOf(2, [
      [0, 1],
      [1, 0],
    ]).length,
    2,
  );
});
