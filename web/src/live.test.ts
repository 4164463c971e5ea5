import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Listener, type LiveState, openLive, staleAfter } from './live.ts';

interface Waiting {
  work: () => void;
  milliseconds: number;
}

/** A stream and a clock that move only when the test says so. */
function harness({ fresh = true } = {}) {
  const opened: { listener: Listener; after: string | undefined; closed: boolean }[] = [];
  const waiting = new Set<Waiting>();
  const states: LiveState[] = [];
  const batches: string[][] = [];
  let ends = 0;
  let gaps = 0;
  const live = openLive({
    open(after, listener) {
      const entry = { after, listener, closed: false };
      opened.push(entry);
      return {
        close: () => {
          entry.closed = true;
        },
      };
    },
    onEvents: events => batches.push(events.map(event => event.type)),
    onState: state => states.push(state),
    fresh,
    onGap: () => {
      gaps += 1;
    },
    onEnded: () => {
      ends += 1;
    },
    wait(work, milliseconds) {
      const entry = { work, milliseconds };
      waiting.add(entry);
      return () => waiting.delete(entry);
    },
  });
  const pass = (milliseconds: number) => {
    for (const entry of [...waiting].filter(entry => entry.milliseconds <= milliseconds)) {
      waiting.delete(entry);
      entry.work();
    }
  };
  const latest = () => {
    const entry = opened.at(-1);
    assert.ok(entry);
    return entry;
  };
  const say = (type: string, position: string) =>
    latest().listener.said({ data: JSON.stringify({ type }), lastEventId: position });
  return { live, opened, waiting, states, batches, pass, latest, say, ends: () => ends, gaps: () => gaps };
}

test('a burst of events is one update', () => {
  const { say, pass, batches } = harness();
  say('member.added', '1');
  say('member.added', '2');
  assert.deepEqual(batches, []);
  pass(100);
  assert.deepEqual(batches, [['member.added', 'member.added']]);
  say('token.revoked', '3');
  pass(100);
  assert.equal(batches.length, 2);
});

test('a short break stays unsaid, a long one is told and taken back', () => {
  const { latest, states, pass } = harness();
  latest().listener.opened();
  latest().listener.broke(false);
  latest().listener.opened();
  pass(3000);
  assert.deepEqual(states, ['connecting', 'open', 'open']);
  latest().listener.broke(false);
  pass(3000);
  assert.equal(states.at(-1), 'lost');
  latest().listener.opened();
  assert.equal(states.at(-1), 'open');
});

test('a stream that was refused is opened again after the last position, more and more patiently', () => {
  const { opened, say, pass, waiting, latest } = harness();
  say('a.b', '41');
  latest().listener.broke(true);
  pass(1000);
  assert.deepEqual(
    opened.map(entry => entry.after),
    [undefined, '41'],
  );
  latest().listener.broke(true);
  assert.ok([...waiting].some(entry => entry.milliseconds === 2000));
});

test('events that come twice, or in another order, are looked at again, and none after them is missed', () => {
  const { opened, say, pass, batches, latest } = harness();
  for (const position of ['41', '42', '42', '40']) say('a.b', position);
  pass(100);
  assert.deepEqual(batches, [['a.b', 'a.b', 'a.b', 'a.b']]);
  latest().listener.broke(true);
  pass(1000);
  // From the last one that was told, however small: what is told twice costs a look, what is skipped would be lost.
  assert.equal(opened.at(-1)?.after, '40');
});

test('a break asks once who may listen, a refusal each time', () => {
  const { latest, ends } = harness();
  latest().listener.opened();
  latest().listener.broke(false);
  latest().listener.broke(false);
  assert.equal(ends(), 1);
  latest().listener.broke(true);
  assert.equal(ends(), 2);
});

test('a stream that begins elsewhere than the last one ended makes everything stale', () => {
  const { latest, gaps } = harness();
  const greet = (position: string, resumed: boolean) => latest().listener.greeted({ position, resumed });
  greet('7', false);
  assert.equal(gaps(), 0, 'the page was read a moment ago');
  greet('7', true);
  assert.equal(gaps(), 0, 'nothing was missed');
  greet('1900', false);
  assert.equal(gaps(), 1);
});

test('coming back to a workspace is a gap from the first word on', () => {
  const { latest, gaps } = harness({ fresh: false });
  latest().listener.greeted({ position: '7', resumed: false });
  assert.equal(gaps(), 1);
});

test('a stream that was refused before anything happened is opened again where it greeted', () => {
  const { opened, latest, pass } = harness();
  latest().listener.greeted({ position: '41', resumed: false });
  latest().listener.broke(true);
  pass(1000);
  assert.equal(opened.at(-1)?.after, '41');
});

test('closing leaves nothing behind', () => {
  const { live, latest, say, waiting } = harness();
  say('a.b', '1');
  latest().listener.broke(true);
  live.close();
  assert.equal(waiting.size, 0);
  assert.ok(latest().closed);
});

test('events make stale the routes of their noun and what the areas add, each once', () => {
  const rules = { '': ['audit'], member: ['me'], 'member.removed': ['tokens'] };
  const stale = (...types: string[]) =>
    staleAfter(
      types.map(type => ({ type })),
      rules,
    );
  assert.deepEqual(stale('member.added', 'member.added'), ['member', 'members', 'audit', 'me']);
  assert.deepEqual(stale('member.removed'), ['member', 'members', 'audit', 'me', 'tokens']);
  assert.deepEqual(stale('membership.x'), ['membership', 'memberships', 'audit']);
});
