import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFailure } from '../../base/kit/errors.ts';
import { checkGraph, decide, descendants, recount, settle, type Waiting } from './graph.ts';

const task = (name: string, ...after: string[]) => ({ name, after });

function reasonOf(tasks: { name: string; after: string[] }[], existing?: Set<string>): unknown {
  try {
    checkGraph(tasks, existing);
    return undefined;
  } catch (error) {
    assert.ok(isFailure(error, 'run.graph'));
    return error.params.reason;
  }
}

test('names make a graph, or it is said why not', () => {
  assert.equal(reasonOf([task('b', 'a'), task('a'), task('c', 'a', 'b')]), undefined);
  assert.equal(reasonOf([task('a'), task('a')]), 'two tasks are called "a"');
  assert.equal(reasonOf([task('a', 'x')]), '"a" comes after "x", which is not there');
  assert.equal(reasonOf([task('a'), task('b', 'a', 'a')]), '"b" names a task twice under after');
  assert.equal(reasonOf([task('a', 'a')]), '"a" waits for "a"');
  assert.equal(
    reasonOf([task('z', 'a'), task('a', 'b'), task('b', 'c'), task('c', 'a')]),
    '"a" waits for "b" waits for "c" waits for "a"',
  );
  assert.equal(reasonOf([task('b', 'a')], new Set(['a'])), undefined, 'after a task that is there');
  assert.equal(reasonOf([task('a')], new Set(['a'])), 'two tasks are called "a"');
});

test('a chain of ten thousand is checked without running out of stack', () => {
  const chain = Array.from({ length: 10_000 }, (_, n) => (n === 0 ? task('t0') : task(`t${n}`, `t${n - 1}`)));
  assert.equal(reasonOf(chain.toReversed()), undefined);
  const circle = chain.with(0, task('t0', 't9999'));
  assert.match(String(reasonOf(circle)), /^"t0" waits for "t9999" waits for /);
});

const waiting = (id: string, more: Partial<Waiting> = {}): Waiting => ({
  id,
  condition: 'all_succeeded',
  waits_for: 1,
  before_failed: 0,
  before_unsuccessful: 0,
  ...more,
});

test('each condition waits, becomes ready or cannot come true', () => {
  const of = (
    condition: Waiting['condition'],
    waits_for: number,
    before_failed: number,
    before_unsuccessful: number,
  ) => decide({ id: '', condition, waits_for, before_failed, before_unsuccessful });
  assert.deepEqual(
    [of('all_succeeded', 1, 0, 0), of('all_succeeded', 0, 0, 0), of('all_succeeded', 2, 0, 1)],
    ['wait', 'ready', 'skip'],
  );
  assert.deepEqual([of('all_done', 1, 1, 1), of('all_done', 0, 1, 1)], ['wait', 'ready']);
  assert.deepEqual(
    [of('any_failed', 1, 0, 1), of('any_failed', 3, 1, 1), of('any_failed', 0, 0, 1)],
    ['wait', 'ready', 'skip'],
  );
});

test('a skip is told to all that come after, once each, however far', () => {
  const edges = [
    { before_id: 'a', after_id: 'b' },
    { before_id: 'b', after_id: 'c' },
    { before_id: 'c', after_id: 'd' },
    { before_id: 'a', after_id: 'd' },
  ];
  const tasks = new Map(
    [waiting('b'), waiting('c'), waiting('d', { waits_for: 2, condition: 'all_done' })].map(each => [
      each.id,
      each,
    ]),
  );
  const settled = settle([{ id: 'a', state: 'lost' }], edges, tasks);
  assert.deepEqual(settled.map(({ id, verdict }) => [id, verdict]).sort(), [
    ['b', 'skip'],
    ['c', 'skip'],
    ['d', 'ready'],
  ]);
  assert.deepEqual(
    settled.find(({ id }) => id === 'd'),
    {
      ...waiting('d', { condition: 'all_done' }),
      waits_for: 0,
      before_failed: 1,
      before_unsuccessful: 2,
      verdict: 'ready',
    },
  );
});

test('what has started already hears nothing of tasks before it', () => {
  assert.deepEqual(
    settle([{ id: 'a', state: 'failed' }], [{ before_id: 'a', after_id: 'b' }], new Map()),
    [],
  );
});

test('counted anew, a queued task stands as the tasks before it stand', () => {
  const edges = [
    { before_id: 'bad', after_id: 'then' },
    { before_id: 'good', after_id: 'then' },
    { before_id: 'then', after_id: 'last' },
  ];
  const nodes = [
    { id: 'bad', condition: 'all_succeeded', state: 'queued' },
    { id: 'good', condition: 'all_succeeded', state: 'succeeded' },
    { id: 'then', condition: 'all_succeeded', state: 'queued' },
    { id: 'last', condition: 'any_failed', state: 'queued' },
  ] as const;
  assert.deepEqual(
    recount(nodes, edges).map(({ id, waits_for, verdict }) => [id, waits_for, verdict]),
    [
      ['bad', 0, 'ready'],
      ['then', 1, 'wait'],
      ['last', 1, 'wait'],
    ],
  );
  const failed = nodes.map(node => (node.id === 'bad' ? { ...node, state: 'failed' as const } : node));
  assert.deepEqual(
    recount(failed, edges).map(({ id, verdict }) => [id, verdict]),
    [
      ['then', 'skip'],
      ['last', 'skip'],
    ],
  );
});

test('descendants are found through what is let pass only', () => {
  const edges = [
    { before_id: 'a', after_id: 'b' },
    { before_id: 'b', after_id: 'c' },
    { before_id: 'a', after_id: 'x' },
    { before_id: 'x', after_id: 'y' },
  ];
  assert.deepEqual([...descendants(['a'], edges, id => id !== 'x')], ['b', 'c']);
});
