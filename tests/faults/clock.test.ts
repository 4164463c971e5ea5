import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isApiError } from '../../src/contract/client.ts';
import { openWatcher, sweepOnce } from '../../src/domains/runs/queue/index.ts';
import { openWorld, PASSWORD, type World } from '../access/world.ts';
import { nextTypes, openEventSource } from '../support/event-source.ts';
import { workerWorld } from '../support/worker.ts';

// The time of day is wrong, or is set right, while people work: a laptop that wakes, a virtual machine that was moved, a battery
// that is empty. Nobody is signed out before their time or locked out, and nothing is lost.

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Every kind of change that carries a time, made and unmade. */
async function work({ local, person }: World): Promise<void> {
  const colleague = await person('editor');
  const token = await colleague.client['my_tokens.create']({ body: { name: 'ci', workspace: 'main' } });
  await colleague.client['my_tokens.delete']({ params: { id: token.id } });
  const { version } = await local['workspace.show']();
  await local['workspace.edit']({ version, body: { name: `At ${version}` } });
  await colleague.client.sign_out();
  await colleague.client['sign_in.password']({ body: { email: colleague.email, password: PASSWORD } });
  await local['members.delete']({ workspace: 'main', params: { id: colleague.id } });
}

for (const [what, ms] of [
  ['an hour ahead', HOUR],
  ['an hour back', -HOUR],
  ['ten years back', -3650 * DAY],
] as const)
  test(`a clock that is set ${what} signs nobody out, and everything goes on`, async t => {
    const world = await openWorld(t);
    await world.server.listen({ port: 0 });
    const admin = await world.firstAdmin();
    const cookie = [...admin.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const { token } = await admin.client['my_tokens.create']({ body: { name: 'ci', workspace: 'main' } });
    const stream = await openEventSource(t, world.server, { cookie, 'moulin-workspace': 'main' });
    assert.equal((await stream.next())?.event, 'hello');

    world.clock.jump(ms);
    await work(world);
    assert((await nextTypes(stream, 3)).length === 3);
    assert.equal((await admin.client['me.show']()).id, admin.id);
    assert.equal((await world.bearer(token)['me.show']()).name, 'First Admin');
    // And right again.
    world.clock.jump(-ms);
    await work(world);
    assert.equal((await admin.client['me.show']()).id, admin.id);
  });

test('what was guessed while the clock was wrong locks nobody out when it is right again', async t => {
  const world = await openWorld(t);
  const { email } = await world.firstAdmin();
  const browser = world.browser({ ip: '203.0.113.7' });
  const signIn = (password: string) => browser.client['sign_in.password']({ body: { email, password } });
  world.clock.jump(3650 * DAY);
  for (let n = 0; n < 30; n += 1)
    await assert.rejects(
      signIn('wrong'),
      error => isApiError(error, 'sign_in.refused') || isApiError(error, 'sign_in.throttled'),
    );
  world.clock.jump(-3650 * DAY);
  // As after any row of wrong guesses: a while, and not ten years.
  world.clock.advance(DAY);
  assert.equal((await signIn(PASSWORD)).email, email);
});

test('the log is walked without a gap or a double, whatever the clock said', async t => {
  const world = await openWorld(t);
  await world.firstAdmin();
  for (const ms of [-HOUR, 2 * HOUR, -HOUR]) {
    world.clock.jump(ms);
    await work(world);
  }
  const all = await world.local['audit.list']({ query: { limit: 200 } });
  const walked: string[] = [];
  for (let cursor: string | undefined; walked.length < 500; ) {
    const page = await world.local['audit.list']({ query: { limit: 5, cursor } });
    walked.push(...page.items.map(({ id }) => id));
    cursor = page.next_cursor ?? undefined;
    if (cursor === undefined) break;
  }
  assert.deepEqual(
    walked,
    all.items.map(({ id }) => id),
  );
  assert.equal(new Set(walked).size, walked.length);
});

test('the clock of a worker and of the sweeper steps by hours and days while a task works: it ends once, and well', async t => {
  let stepped_ms = 0;
  const clock = { now: () => Date.now() + stepped_ms, monotonic: () => performance.now() };
  const watcher = openWatcher();
  const steps_ms = [3 * HOUR, -5 * HOUR, 30 * DAY, -31 * DAY];
  const world = await workerWorld(t, {
    // In the middle of the task, before each of its commits.
    async prepare({ n }) {
      stepped_ms += steps_ms[n - 1] ?? 0;
      for (let looks = 0; looks < 3; looks += 1) await sweepOnce(world.store, watcher, clock.monotonic());
    },
  });
  const worker = await world.open({ clock });
  const steps = steps_ms.map(ms => ({ do: 'stage' as const, mark: `after ${ms}` }));
  const timeouts = { start: 60, run: 60, silence: 60 };
  const retry = { max_attempts: 3 };
  const run_id = await world.create([{ name: 'a', kind: 'probe', input: { steps }, timeouts, retry }]);
  const [task] = await world.ended(run_id);
  assert.deepEqual([task?.state, task?.attempt, task?.stage], ['succeeded', 1, steps_ms.length]);
  assert.equal(worker.stats().leases_lost, 0);
  assert.deepEqual(
    await world.marks(),
    steps.map(({ mark }) => mark),
  );
});
