import type { TestContext } from 'node:test';

type Cleanup = () => unknown;

const stacks = new WeakMap<Pick<TestContext, 'after'>, Cleanup[]>();

/** Runs when the test ends, the last one first, as things were built; `t.after` runs them in the order they were given. */
export function defer(t: Pick<TestContext, 'after'>, cleanup: Cleanup): void {
  const known = stacks.get(t);
  if (known) return void known.push(cleanup);
  const stack = [cleanup];
  stacks.set(t, stack);
  t.after(async () => {
    for (let next = stack.pop(); next; next = stack.pop()) await next();
  });
}
