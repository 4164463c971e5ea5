import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { memoryEvents, WORKSPACE_ID } from '../../../tests/support/door.ts';
import { systemClock } from '../../base/kit/clock.ts';
import { fail } from '../../base/kit/errors.ts';
import { openLog } from '../../base/kit/log.ts';
import { type EventHub, openEventHub } from './event-hub.ts';
import type { EventReader } from './parts.ts';

function openHub(t: TestContext, events: EventReader): EventHub {
  const { log } = openLog({ level: 'fatal', format: 'json', clock: systemClock, redact: text => text });
  const hub = openEventHub({ events, log, clock: systemClock, beat_ms: 50 });
  t.after(() => hub.close());
  return hub;
}

/** All that a stream which starts at `after` would tell, up to a position. */
async function readUpTo(
  hub: EventHub,
  after: bigint,
  end: bigint,
  types: readonly string[] = [],
): Promise<string[]> {
  const found: string[] = [];
  const never = new AbortController().signal;
  for (let position = after; position < end; ) {
    const page = await hub.read(position, WORKSPACE_ID, types);
    found.push(...page.entries.map(entry => String(entry.position)));
    if (page.position === position) await hub.wait(position, never);
    position = page.position;
  }
  return found;
}

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, n) => String(from + n));

test('two that begin at the same time begin at the same place, whatever comes between', async t => {
  const events = memoryEvents();
  const { promise: late, resolve: answer } = Promise.withResolvers<string>();
  const heads = [Promise.resolve('0'), late];
  const hub = openHub(t, { ...events, head: () => heads.shift() ?? events.head() });
  const both = Promise.all([hub.head(), hub.head()]);
  for (let n = 0; n < 3; n += 1) events.append('a');
  answer('3');
  await both;
  assert.deepEqual(await readUpTo(hub, 0n, 3n), numbers(1, 3));
});

test('what the ring has dropped is read from the store, and nothing falls between the two', async t => {
  const events = memoryEvents();
  const hub = openHub(t, events);
  await hub.head();
  for (let n = 0; n < 6000; n += 1) events.append(n % 2 ? 'odd' : 'even');
  assert.deepEqual(await readUpTo(hub, 0n, 6000n), numbers(1, 6000));
  const odd = await readUpTo(hub, 10n, 6000n, ['odd']);
  assert.deepEqual(
    odd,
    numbers(11, 6000).filter(position => Number(position) % 2 === 0),
  );
});

test('a few huge events push others out of the ring, and nothing is lost by it', async t => {
  const events = memoryEvents();
  const hub = openHub(t, events);
  await hub.head();
  for (let n = 0; n < 100; n += 1) events.append('huge', { payload: { text: 'x'.repeat(500_000) } });
  while ((await hub.head()) < 100n) await new Promise(resolve => setImmediate(resolve));
  const before = events.reads.one;
  assert.deepEqual(await readUpTo(hub, 99n, 100n), ['100']);
  assert.equal(events.reads.one, before);
  assert.deepEqual(await readUpTo(hub, 0n, 100n), numbers(1, 100));
  assert(events.reads.one > before);
});

test('a wait ends at once when something came since the last look', async t => {
  const events = memoryEvents();
  const hub = openHub(t, events);
  const position = await hub.head();
  events.append('a');
  const never = new AbortController().signal;
  while ((await hub.head()) === position) await new Promise(resolve => setImmediate(resolve));
  assert.equal(await hub.wait(position, never), 'news');
  assert.equal(await hub.wait(position + 1n, never), 'beat');
  assert.equal(await hub.wait(position + 1n, AbortSignal.abort()), 'end');
  const waiting = hub.wait(position + 1n, never);
  hub.close();
  assert.equal(await waiting, 'end');
});

test('a beginning that failed is tried again', async t => {
  const events = memoryEvents();
  let calls = 0;
  const head = async () => {
    calls += 1;
    if (calls === 1) throw fail('server.unavailable', { part: 'The metadata store' });
    return events.head();
  };
  const hub = openHub(t, { ...events, head });
  await assert.rejects(hub.head(), { code: 'server.unavailable' });
  assert.equal(await hub.head(), 0n);
});
