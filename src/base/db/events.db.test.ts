import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { sql } from 'kysely';
import { type TestDatabase, testDatabase } from '../../../tests/support/database.ts';
import { defer } from '../../../tests/support/defer.ts';
import type { Event } from '../../contract/system.ts';
import { newId } from '../kit/ids.ts';
import { appendEvents, type EventFeed, type FeedOptions, type NewEvent, openEvents } from './events.ts';
import type { Store } from './open.ts';

/** Without polling: what arrives was brought by a hint. */
const NEVER_MS = 2 ** 31 - 1;

function openFeed(t: TestContext, store: Store, options: FeedOptions = { poll_ms: NEVER_MS }): EventFeed {
  const feed = openEvents(store, options);
  defer(t, () => feed.close());
  return feed;
}

function event(subject: string, more: Partial<NewEvent> = {}): NewEvent {
  return { workspace_id: null, type: 'test.happened', subject, ...more };
}

async function append(store: Store, ...events: NewEvent[]): Promise<void> {
  await store.withInstance('test', tx => appendEvents(tx, events));
}

async function subjects(feed: EventFeed, after = '0', limit = 1000): Promise<string[]> {
  return (await feed.read(after, { limit })).map(({ subject }) => subject);
}

/** Asks until it is so, again after each wake of the feed, with a deadline. */
async function until(feed: EventFeed, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = AbortSignal.timeout(20_000);
  const woken = new EventTarget();
  let wakes = 0;
  const stop = feed.subscribe(() => {
    wakes += 1;
    woken.dispatchEvent(new globalThis.Event('wake'));
  });
  try {
    for (let seen = wakes; !(await isSo()); seen = wakes)
      if (wakes === seen) await once(woken, 'wake', { signal: deadline });
  } finally {
    stop();
  }
}

async function makeWorkspace(db: TestDatabase, slug: string): Promise<string> {
  const id = newId();
  await db.store.withInstance('test', tx =>
    tx.insertInto('workspaces').values({ id, slug, name: slug }).execute(),
  );
  return id;
}

test('a reader that goes on after N does not miss what was written before N and committed after it', async t => {
  const db = await testDatabase(t);
  const feed = openFeed(t, db.store);
  let commit = () => {};
  const permission = new Promise<void>(resolve => {
    commit = resolve;
  });
  let written = () => {};
  const is_written = new Promise<void>(resolve => {
    written = resolve;
  });
  const late = db.store.withInstance('test', async tx => {
    await appendEvents(tx, [event('late')]);
    written();
    await permission;
  });
  await is_written;
  await append(db.store, event('early'));
  await feed.sequence();
  const [first] = await feed.read('0', { limit: 10 });
  assert.equal(first?.subject, 'early');
  commit();
  await late;
  await feed.sequence();
  assert.deepEqual(await subjects(feed, first.position), ['late']);
});

test('what is rolled back never happened', async t => {
  const db = await testDatabase(t);
  const feed = openFeed(t, db.store);
  await assert.rejects(
    db.store.withInstance('test', async tx => {
      await appendEvents(tx, [event('ghost')]);
      throw new Error('no');
    }),
  );
  assert.equal(await feed.sequence(), 0);
  assert.deepEqual(await subjects(feed), []);
});

test('the events of one transaction keep their order, and so do transactions one after the other', async t => {
  const db = await testDatabase(t);
  const feed = openFeed(t, db.store);
  const numbers = Array.from({ length: 300 }, (_, index) => String(index));
  await append(db.store, ...numbers.map(number => event(number)));
  await append(db.store, event('after'));
  await until(feed, async () => (await feed.head()) === '301');
  assert.deepEqual(await subjects(feed), [...numbers, 'after']);
});

test('a hint wakes a reader on another server, without any polling', async t => {
  const db = await testDatabase(t);
  const other = await db.openAnother();
  openFeed(t, db.store);
  const feed = openFeed(t, other);
  await append(db.store, event('hello'));
  await until(feed, async () => (await subjects(feed)).includes('hello'));
});

test('what a process without a feed wrote is given a position by a server that has one', async t => {
  const db = await testDatabase(t);
  const feed = openFeed(t, await db.openAnother());
  await append(db.store, event('from the command line'));
  await until(feed, async () => (await feed.head()) !== '0');
});

test('what was written while nobody ran is found at the start, and a lost hint by polling', async t => {
  const db = await testDatabase(t);
  await append(db.store, event('before'));
  const feed = openFeed(t, db.store, { poll_ms: 20 });
  await until(feed, async () => (await subjects(feed)).includes('before'));
  // No door, no hint.
  await db.store.withInstance('test', tx =>
    sql`insert into events (id, type, subject) values (${newId()}, 'x', 'unannounced')`.execute(tx),
  );
  await until(feed, async () => (await subjects(feed)).includes('unannounced'));
});

test('with two servers writing, numbering and reading at once, every reader sees each event once, in one order', async t => {
  const db = await testDatabase(t);
  const other = await db.openAnother();
  const feeds = [openFeed(t, db.store), openFeed(t, other)];
  const WRITERS = 8;
  const EACH = 40;
  const seen = feeds.map(() => [] as Event[]);
  const readers = feeds.map((feed, index) =>
    until(feed, async () => {
      const mine = seen[index] ?? [];
      const next = () => feed.read(mine.at(-1)?.position ?? '0', { limit: 50 });
      for (let page = await next(); page.length > 0; page = await next()) mine.push(...page);
      return mine.length >= WRITERS * EACH;
    }),
  );
  const write = async (writer: number) => {
    const store = writer % 2 === 0 ? db.store : other;
    for (let number = 0; number < EACH; number += 1) await append(store, event(`${writer}:${number}`));
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
  await Promise.all(readers);

  const [first = [], second = []] = seen;
  assert.deepEqual(
    first.map(({ id }) => id),
    second.map(({ id }) => id),
  );
  assert.equal(new Set(first.map(({ id }) => id)).size, WRITERS * EACH);
  for (let writer = 0; writer < WRITERS; writer += 1) {
    const own = first.filter(({ subject }) => subject.startsWith(`${writer}:`)).map(({ subject }) => subject);
    assert.deepEqual(
      own,
      Array.from({ length: EACH }, (_, number) => `${writer}:${number}`),
    );
  }
});

test('numbers that were drawn and rolled back leave a gap in which no row is lost', async t => {
  const db = await testDatabase(t);
  const feed = openFeed(t, db.store);
  await append(db.store, event('a'));
  await feed.sequence();
  await assert.rejects(
    db.store.withInstance('test', async tx => {
      await sql`select nextval('event_positions') from generate_series(1, 5)`.execute(tx);
      throw new Error('the sequencer died');
    }),
  );
  await append(db.store, event('b'));
  await feed.sequence();
  const events = await feed.read('0', { limit: 10 });
  assert.deepEqual(
    events.map(({ subject, position }) => [subject, position]),
    [
      ['a', '1'],
      ['b', '7'],
    ],
  );
  assert.deepEqual(await subjects(feed, '1'), ['b']);
});

test('a workspace reads its own events only', async t => {
  const db = await testDatabase(t);
  const feed = openFeed(t, db.store);
  const [mine, foreign] = [await makeWorkspace(db, 'mine'), await makeWorkspace(db, 'foreign')];
  await append(
    db.store,
    event('installation'),
    event('m', { workspace_id: mine }),
    event('f', { workspace_id: foreign }),
  );
  await feed.sequence();
  const read = async (workspace_id?: string) =>
    (await feed.read('0', { workspace_id, limit: 10 })).map(({ subject }) => subject);
  assert.deepEqual(await read(mine), ['m']);
  assert.deepEqual(await read(foreign), ['f']);
  assert.deepEqual(await read(), ['installation', 'm', 'f']);
});

test('pages are bounded, types are chosen by their beginning', async t => {
  const db = await testDatabase(t);
  const feed = openFeed(t, db.store);
  await append(
    db.store,
    ...['member.added', 'member.removed', 'token.added', 'member_x'].map(type => event(type, { type })),
  );
  await feed.sequence();
  assert.deepEqual(await subjects(feed, '0', 2), ['member.added', 'member.removed']);
  const chosen = await feed.read('0', { types: ['member.', 'token.a'], limit: 10 });
  assert.deepEqual(
    chosen.map(({ type }) => type),
    ['member.added', 'member.removed', 'token.added'],
  );
});

test('an event comes back whole: payload of any size, microseconds, who and why', async t => {
  const db = await testDatabase(t);
  const feed = openFeed(t, db.store);
  // NOTIFY takes 8,000 bytes at most.
  const payload = { text: 'ü'.repeat(100_000), list: [1, 'two', null, { three: true }] };
  await append(db.store, event('s', { payload, actor: 'person:1', cause: 'request:2', version: 3 }));
  await feed.sequence();
  const [found] = await feed.read('0', { limit: 1 });
  assert(found);
  const { id, at, ...rest } = found;
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.match(at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  assert.deepEqual(rest, {
    position: '1',
    workspace_id: null,
    type: 'test.happened',
    version: 3,
    subject: 's',
    actor: 'person:1',
    cause: 'request:2',
    payload,
  });
});

test('retention deletes what is old and has been numbered, and tells where the stream begins', async t => {
  const db = await testDatabase(t);
  const feed = openFeed(t, db.store);
  assert.deepEqual([await feed.oldest(), await feed.head()], ['0', '0']);
  await append(db.store, event('old'), event('new'));
  await feed.sequence();
  await db.store.withInstance('test', tx =>
    tx
      .updateTable('events')
      .set({ at: sql`now() - interval '31 days'` })
      .where('subject', '=', 'old')
      .execute(),
  );
  assert.equal(await feed.trim(30), 1);
  assert.deepEqual(await subjects(feed), ['new']);
  assert.deepEqual([await feed.oldest(), await feed.head()], ['2', '2']);
});

// ── Consumers ───────────────────────────────────────────────────────────────────────────────────────

/** Collects what a consumer is given; `reached` waits for a subject. */
function collector(feed: EventFeed) {
  const got: string[] = [];
  return {
    got,
    handle: async (events: Event[]) => {
      got.push(...events.map(({ subject }) => subject));
    },
    reached: (subject: string) => until(feed, () => got.includes(subject)),
  };
}

/** Handlers run after the hint that woke the reader: polling wakes it once more. */
const SOON = { poll_ms: 20 };

test('a consumer goes on where the last one of its name stopped, in another process too', async t => {
  const db = await testDatabase(t);
  const first_feed = openFeed(t, db.store, SOON);
  const first = collector(first_feed);
  const consumer = first_feed.consume('catalog', first.handle);
  await append(db.store, event('a'), event('b'));
  await first.reached('b');
  await consumer.close();
  await append(db.store, event('c'));

  const feed = openFeed(t, await db.openAnother(), SOON);
  const second = collector(feed);
  feed.consume('catalog', second.handle);
  await second.reached('c');
  assert.deepEqual([first.got, second.got], [['a', 'b'], ['c']]);
});

test('an event whose handler failed comes again, and what follows waits for it', async t => {
  const db = await testDatabase(t);
  const feed = openFeed(t, db.store, SOON);
  const { got, handle, reached } = collector(feed);
  const failures: unknown[] = [];
  feed.consume(
    'picky',
    async events => {
      if (failures.length < 2) throw new Error('not now');
      await handle(events);
    },
    { batch: 1, failed: error => failures.push(error) },
  );
  await append(db.store, event('a'), event('b'));
  await reached('b');
  assert.deepEqual(got, ['a', 'b']);
  assert.equal(failures.length, 2);
});

test('of two consumers of one name one works; when its process is gone, the other takes over', async t => {
  const db = await testDatabase(t);
  const feeds = [openFeed(t, db.store, SOON), openFeed(t, await db.openAnother(), SOON)] as const;
  const collectors = feeds.map(collector);
  const consumers = feeds.map((feed, index) =>
    feed.consume('alerts', async events => collectors[index]?.handle(events)),
  );
  const together = () => collectors.flatMap(({ got }) => got).sort();
  await append(db.store, event('a'), event('b'));
  await until(feeds[0], () => together().length >= 2);
  assert.deepEqual(together(), ['a', 'b'], 'each event once');
  const worker = collectors.findIndex(({ got }) => got.length > 0);
  await consumers[worker]?.close();
  await append(db.store, event('c'));
  await until(feeds[0], () => together().includes('c'));
  assert.deepEqual(collectors[1 - worker]?.got, ['c']);
});

test('a consumer of some types moves its cursor past the others', async t => {
  const db = await testDatabase(t);
  const feed = openFeed(t, db.store, SOON);
  const { got, handle } = collector(feed);
  feed.consume('choosy', handle, { types: ['wanted.'] });
  await append(db.store, event('x'), event('y', { type: 'wanted.yes' }), event('z'));
  const cursor = async () => {
    const row = await db.store.withInstance('test', tx =>
      tx.selectFrom('event_consumers').select('position').where('name', '=', 'choosy').executeTakeFirst(),
    );
    return row?.position;
  };
  await until(feed, async () => (await cursor()) === '3');
  assert.deepEqual(got, ['y']);
});
