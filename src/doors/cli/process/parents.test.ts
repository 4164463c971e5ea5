import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findChain, isWhole } from './parents.ts';

/** npm 100 → sh 200 → launcher 300 → Moulin 400, started from the login shell 50. */
const tree: Record<number, { parent: number; shell?: true }> = {
  50: { parent: 1, shell: true },
  100: { parent: 50 },
  200: { parent: 100, shell: true },
  300: { parent: 200 },
  400: { parent: 300 },
};
const look = {
  parentOf: (pid: number) => tree[pid]?.parent,
  isShell: (pid: number) => tree[pid]?.shell === true,
};
const npm = { npm_lifecycle_event: 'start' };

test('under npm the chain goes through launcher and shell up to npm, and not to the login shell', () => {
  const chain = findChain({ pid: 400, ppid: 300 }, { ...npm, LAUNCHER_PID: '300' }, look);
  assert.deepEqual(chain, [
    { child: 400, parent: 300 },
    { child: 300, parent: 200 },
    { child: 200, parent: 100 },
  ]);
});

test('where the shell became Moulin, npm is the parent and the only link', () => {
  assert.deepEqual(findChain({ pid: 300, ppid: 100 }, npm, look), [{ child: 300, parent: 100 }]);
});

test('without npm only a launcher that waits is watched', () => {
  assert.deepEqual(findChain({ pid: 400, ppid: 300 }, { LAUNCHER_PID: '300' }, look), [
    { child: 400, parent: 300 },
  ]);
  assert.deepEqual(findChain({ pid: 200, ppid: 50 }, {}, look), []);
});

test("a launcher's number inherited from further up is not taken for the parent", () => {
  assert.deepEqual(findChain({ pid: 400, ppid: 300 }, { LAUNCHER_PID: '100' }, look), []);
});

test('a chain breaks at whichever link lost its parent', () => {
  const chain = findChain({ pid: 400, ppid: 300 }, { ...npm, LAUNCHER_PID: '300' }, look);
  assert.equal(isWhole(chain, look), true);
  for (const orphan of [400, 300, 200])
    assert.equal(isWhole(chain, { parentOf: pid => (pid === orphan ? 1 : tree[pid]?.parent) }), false);
});
