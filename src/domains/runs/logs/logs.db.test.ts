import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import {
  endAttempt,
  type PlantedAttempt,
  plantAttempt,
  plantWorkspace,
} from '../../../../tests/support/attempts.ts';
import { type TestDatabase, testDatabase } from '../../../../tests/support/database.ts';
import { defer } from '../../../../tests/support/defer.ts';
import { scratchFolder } from '../../../../tests/support/scratch.ts';
import { keysOf } from '../../../../tests/support/storage-conformance.ts';
import { until } from '../../../../tests/support/until.ts';
import type { Store } from '../../../base/db/index.ts';
import { systemClock } from '../../../base/kit/clock.ts';
import { fail, isFailure } from '../../../base/kit/errors.ts';
import { newId } from '../../../base/kit/ids.ts';
import { openLog } from '../../../base/kit/log.ts';
import { openFolderStorage, type Storage } from '../../../base/storage/index.ts';
import type { Call } from '../../../contract/route.ts';
import { LOG_LEVELS, type LogLine, runRoutes } from '../../../contract/runs.ts';
import type { RawLine } from './line.ts';
import { LOG_OBJECTS, openSweeper, packLogs } from './pack.ts';
import { trimLogs } from './retention.ts';
import { logHandlers } from './routes.ts';
import { type AttemptLog, type LogLimits, openLogWriter } from './writer.ts';

const { log } = openLog({ level: 'fatal', format: 'json', clock: systemClock, redact: text => text });
const asIs = (text: string) => text;
const NOW = { settle_seconds: 0, worthwhile_bytes: 0 };
const KEEP = { run_logs_days: 30, run_logs_bytes: 2 * 1024 ** 3, runs_days: 90 };

interface World {
  database: TestDatabase;
  store: Store;
  storage: Storage;
  workspace_id: string;
  /** Set: the store is away, for the writer. */
  door: { shut: boolean };
  writer(limits?: Partial<LogLimits>): ReturnType<typeof openLogWriter>;
  plant(): Promise<PlantedAttempt>;
  handlers: ReturnType<typeof logHandlers>['handlers'];
  closeHandlers(): void;
  pack: { store: Store; storage: Storage; now: () => number };
  folder: string;
}

async function openWorld(t: TestContext, options: { search_ms?: number } = {}): Promise<World> {
  const database = await testDatabase(t);
  const { store } = database;
  const folder = join(scratchFolder(t), 'objects');
  const storage = await openFolderStorage(folder);
  const workspace_id = await plantWorkspace(store);
  const door = { shut: false };
  const behindDoor: Pick<Store, 'withInstance'> = {
    withInstance: (...given) =>
      door.shut
        ? Promise.reject(fail('server.unavailable', { part: 'The metadata store' }))
        : store.withInstance(...given),
  };
  const { handlers, close } = logHandlers({ store, storage, clock: systemClock, days: 30, ...options });
  defer(t, close);
  return {
    database,
    store,
    storage,
    workspace_id,
    door,
    writer(limits) {
      const writer = openLogWriter({
        store: behindDoor,
        clock: systemClock,
        log,
        limits: { give_up_ms: 100, ...limits },
      });
      defer(t, () => writer.close());
      return writer;
    },
    plant: () => plantAttempt(store, workspace_id),
    handlers,
    closeHandlers: close,
    pack: { store, storage, now: () => Date.now() },
    folder,
  };
}

function rawLine(text: string, more: Partial<RawLine> = {}): RawLine {
  return { level: 'info', stream: 'log', text, ...more };
}

function linesFrom(count: number, first = 0): RawLine[] {
  return Array.from({ length: count }, (_, at) =>
    rawLine(`line ${first + at} of a task that says what it does`),
  );
}

type LogRoute = 'logs.page' | 'logs.tail' | 'logs.download';
type CallOf<Name extends LogRoute> = Call<(typeof runRoutes)[Name]>;

function commonCall(workspace_id: string) {
  return {
    body: undefined,
    bytes: undefined,
    workspace_id,
    version: 0,
    origin: { request_id: 'r', ip: '::1', user_agent: '' },
    session: { start() {}, end() {} },
    browser: { recall: () => undefined, keep() {}, forget() {} },
    redirect() {},
    recheck: async () => {},
    signal: new AbortController().signal,
    principal: { kind: 'person' as const, id: newId(), name: 'p', instance_rights: [], scopes: [] },
  };
}

function page(world: World, task_id: string, query: object = {}, workspace_id = world.workspace_id) {
  const call: CallOf<'logs.page'> = {
    ...commonCall(workspace_id),
    params: { id: task_id },
    query: runRoutes['logs.page'].query.parse(query),
    headers: undefined,
  };
  return world.handlers['logs.page'](call);
}

function tail(world: World, task_id: string, query: object = {}, more: Partial<CallOf<'logs.tail'>> = {}) {
  const call: CallOf<'logs.tail'> = {
    ...commonCall(world.workspace_id),
    params: { id: task_id },
    query: runRoutes['logs.tail'].query.parse(query),
    headers: {},
    ...more,
  };
  return world.handlers['logs.tail'](call);
}

async function download(world: World, task_id: string, query: object = {}): Promise<string> {
  const call: CallOf<'logs.download'> = {
    ...commonCall(world.workspace_id),
    params: { id: task_id },
    query: runRoutes['logs.download'].query.parse(query),
    headers: undefined,
  };
  let text = '';
  for await (const piece of (await world.handlers['logs.download'](call)).body) text += String(piece);
  return text;
}

/** All of it by pages, as the viewer reads. */
async function readAll(world: World, task_id: string, query: object = {}): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for (let from: number | null = 0; from !== null; ) {
    const answer: Awaited<ReturnType<typeof page>> = await page(world, task_id, {
      limit: '2000',
      ...query,
      from,
    });
    lines.push(...answer.items);
    from = answer.next;
  }
  return lines;
}

async function written(attempt: AttemptLog, ref: PlantedAttempt, store: Store): Promise<void> {
  await attempt.close();
  await endAttempt(store, ref, attempt.totals());
}

async function pieceCount({ store }: World, where: 'data' | 'object'): Promise<number> {
  const rows = await store.withInstance('count pieces', tx =>
    tx.selectFrom('log_pieces').select('first_line').where(where, 'is not', null).execute(),
  );
  return rows.length;
}

test('40,000 lines are read back by number, forward and back, before, while and after they are packed', async t => {
  const world = await openWorld(t);
  const ref = await world.plant();
  const attempt = world.writer().attempt(ref, asIs);
  for (let first = 0; first < 40_000; first += 1000) {
    if (!attempt.write(linesFrom(1000, first))) await attempt.ready();
  }
  await written(attempt, ref, world.store);
  assert.deepEqual({ ...attempt.totals(), bytes: 0 }, { lines: 40_000, bytes: 0, dropped: 0 });

  const check = async () => {
    const all = await readAll(world, ref.task_id);
    assert.equal(all.length, 40_000);
    all.forEach((line, n) => {
      assert.equal(line.n, n);
      assert.equal(line.text, `line ${n} of a task that says what it does`);
    });
    for (const from of [0, 1, 12_345, 39_999]) {
      const { items, lines, next, open } = await page(world, ref.task_id, { from, limit: 3 });
      assert.deepEqual(
        items.map(({ n }) => n),
        [from, from + 1, from + 2].filter(n => n < 40_000),
      );
      assert.deepEqual([lines, open, next], [40_000, false, from + 3 < 40_000 ? from + 3 : null]);
    }
    for (const from of [2, 12_345, 40_000, Number.MAX_SAFE_INTEGER]) {
      const { items, next } = await page(world, ref.task_id, { from, limit: 2, back: 'true' });
      const end = Math.min(from, 40_000);
      assert.deepEqual(
        items.map(({ n }) => n),
        [end - 2, end - 1],
      );
      assert.equal(next, end === 2 ? null : end - 2);
    }
  };
  await check();
  const before = await pieceCount(world, 'data');
  const [report] = await Promise.all([packLogs(world.pack, NOW), check()]);
  assert.equal(report.pieces, before);
  assert.equal(await pieceCount(world, 'data'), 0);
  assert.ok((await pieceCount(world, 'object')) <= Math.ceil(before / 3));
  assert.equal((await keysOf(world.storage, LOG_OBJECTS)).length, report.objects);
  await check();
});

test('any sequence of writing, flushing and packing reads back exactly what was written', async t => {
  const world = await openWorld(t);
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.array(
        fc.record({
          level: fc.constantFrom(...LOG_LEVELS),
          stream: fc.constantFrom('log' as const, 'stdout' as const, 'stderr' as const),
          text: fc.oneof(fc.string({ unit: 'binary', maxLength: 30 }), fc.constant('z'.repeat(100_000))),
        }),
        { maxLength: 30 },
      ),
    },
    { weight: 2, arbitrary: fc.constant('flush' as const) },
    { weight: 2, arbitrary: fc.constant('pack' as const) },
    { weight: 1, arbitrary: fc.constant('outage' as const) },
    { weight: 1, arbitrary: fc.constant('doubled' as const) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async steps => {
      const ref = await world.plant();
      const writer = world.writer();
      const attempt = writer.attempt(ref, asIs);
      const expected: RawLine[] = [];
      for (const one of steps) {
        if (one === 'flush') await writer.flush();
        else if (one === 'pack') await packLogs(world.pack, { ...NOW, patience_seconds: 0 });
        else if (one === 'outage') {
          world.door.shut = true;
          attempt.write([rawLine('said while the store was away')]);
          expected.push(rawLine('said while the store was away'));
          await writer.flush();
          world.door.shut = false;
        } else if (one === 'doubled') {
          // Packed although it goes on, as when it has written many.
          await writer.flush();
          await endAttempt(world.store, ref, { lines: 0, bytes: 0, dropped: 0 });
          await packLogs(world.pack, NOW);
        } else {
          attempt.write(one);
          expected.push(...one);
        }
      }
      await written(attempt, ref, world.store);
      const read = await readAll(world, ref.task_id, { full: 'true' });
      assert.deepEqual(
        read.map(({ n, level, stream, text }) => ({ n, level, stream, text })),
        expected.map(({ level, stream, text }, n) => ({ n, level, stream, text })),
      );
    }),
    { numRuns: 25 },
  );
});

test('pieces that come twice, also after they were packed, are there once', async t => {
  const world = await openWorld(t);
  const ref = await world.plant();
  let lose = false;
  // The store takes it, and the answer is lost with the connection.
  const store: Pick<Store, 'withInstance'> = {
    async withInstance(reason, work) {
      const answer = await world.store.withInstance(reason, work);
      if (!lose) return answer;
      lose = false;
      await packLogs(world.pack, NOW);
      throw fail('server.unavailable', { part: 'The metadata store' });
    },
  };
  const writer = openLogWriter({ store, clock: systemClock, log });
  defer(t, () => writer.close());
  const attempt = writer.attempt(ref, asIs);
  attempt.write(linesFrom(5));
  await writer.flush();
  await endAttempt(world.store, ref, { lines: 0, bytes: 0, dropped: 0 });
  attempt.write(linesFrom(5, 5));
  lose = true;
  await attempt.close();
  assert.equal(lose, false);
  assert.equal(await pieceCount(world, 'data'), 0);
  assert.deepEqual(
    (await readAll(world, ref.task_id)).map(({ n }) => n),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
});

test('a line of a megabyte is kept, shown cut, and whole when asked', async t => {
  const world = await openWorld(t);
  const ref = await world.plant();
  const attempt = world.writer().attempt(ref, asIs);
  const long = 'é'.repeat(512 * 1024);
  attempt.write([rawLine('before'), rawLine(long), rawLine('after')]);
  await written(attempt, ref, world.store);
  const shown = (await page(world, ref.task_id)).items;
  assert.deepEqual(
    shown.map(({ text, cut }) => [text.length, cut]),
    [
      [6, false],
      [16_384, true],
      [5, false],
    ],
  );
  assert.equal((await page(world, ref.task_id, { from: 1, limit: 1, full: 'true' })).items[0]?.text, long);
});

test('secrets are covered before they are stored', async t => {
  const world = await openWorld(t);
  const ref = await world.plant();
  const attempt = world.writer().attempt(ref, text => text.replaceAll('s3cret', '•••'));
  attempt.write([
    rawLine('a s3cret', { fields: { url: 'x://s3cret@' } }),
    rawLine('s3cret', { stream: 'stderr' }),
  ]);
  attempt.notice('it ended with s3cret');
  await written(attempt, ref, world.store);
  const lines = await readAll(world, ref.task_id);
  assert.deepEqual(
    lines.map(({ text, fields, stream }) => [text, fields, stream]),
    [
      ['a •••', { url: 'x://•••@' }, 'log'],
      ['•••', null, 'stderr'],
      ['it ended with •••', null, 'moulin'],
    ],
  );
});

test('a log that has grown to its cap says so, counts what follows, and takes notices', async t => {
  const world = await openWorld(t);
  const ref = await world.plant();
  const attempt = world.writer({ attempt_lines: 10 }).attempt(ref, asIs);
  attempt.write(linesFrom(25));
  attempt.notice('The task was ended.');
  await written(attempt, ref, world.store);
  const { items, dropped } = await page(world, ref.task_id);
  assert.equal(dropped, 15);
  assert.equal(attempt.totals().lines, items.length);
  assert.deepEqual(
    items.slice(10).map(({ text, stream }) => [text.slice(0, 16), stream]),
    [
      ['The log is full ', 'moulin'],
      ['The task was end', 'moulin'],
      ['15 lines in all ', 'moulin'],
    ],
  );
});

test('while the store is away lines are kept up to a bound, and what is missing is said in its place', async t => {
  const world = await openWorld(t);
  const ref = await world.plant();
  const writer = world.writer({ full_bytes: 64 * 1024 });
  const attempt = writer.attempt(ref, asIs);
  world.door.shut = true;
  attempt.write(linesFrom(100));
  await writer.flush();
  assert.equal(writer.stats().failing, true);
  const noise = Array.from({ length: 3000 }, () =>
    rawLine(Buffer.from(crypto.getRandomValues(new Uint8Array(64))).toString('hex')),
  );
  assert.equal(attempt.write(noise), true, 'nobody waits for a store that is away');
  await attempt.ready();
  const { dropped } = attempt.totals();
  assert.ok(dropped > 0 && writer.stats().waiting_bytes <= 64 * 1024, JSON.stringify(writer.stats()));
  world.door.shut = false;
  await writer.flush();
  attempt.write([rawLine('well again')]);
  await written(attempt, ref, world.store);
  const lines = await readAll(world, ref.task_id);
  assert.deepEqual(
    lines.map(({ n }) => n),
    lines.map((_, n) => n),
  );
  assert.deepEqual(
    lines.slice(-2).map(({ text }) => text),
    [`${dropped} lines are missing here: they came faster than the store could take them.`, 'well again'],
  );
  assert.equal(lines.length, 3100 - dropped + 2);
});

test('whoever writes faster than the store is told to wait', async t => {
  const world = await openWorld(t);
  const writer = world.writer({ high_bytes: 10_000 });
  const attempt = writer.attempt(await world.plant(), asIs);
  assert.equal(attempt.write(linesFrom(10)), true);
  assert.equal(attempt.write(linesFrom(1000, 10)), false);
  await attempt.ready();
  assert.equal(attempt.write([]), true);
  assert.equal(attempt.totals().dropped, 0);
});

test('a store that hangs is one that is away: whoever waits for it goes on', async t => {
  const world = await openWorld(t);
  const ref = await world.plant();
  const hang = Promise.withResolvers<void>();
  const store: Pick<Store, 'withInstance'> = {
    async withInstance(...given) {
      await hang.promise;
      return world.store.withInstance(...given);
    },
  };
  const writer = openLogWriter({
    store,
    clock: systemClock,
    log,
    limits: { high_bytes: 1000, stuck_ms: 50 },
  });
  defer(t, () => writer.close());
  const attempt = writer.attempt(ref, asIs);
  assert.equal(attempt.write(linesFrom(100)), false);
  await attempt.ready();
  assert.equal(writer.stats().failing, true);
  assert.equal(attempt.write(linesFrom(100, 100)), true);
  hang.resolve();
  await written(attempt, ref, world.store);
  assert.equal((await readAll(world, ref.task_id)).length, 200);
});

test('pieces that the store will never take harm no others', async t => {
  const world = await openWorld(t);
  const ref = await world.plant();
  const writer = world.writer();
  const orphan = writer.attempt({ ...ref, workspace_id: newId(), task_id: newId() }, asIs);
  const attempt = writer.attempt(ref, asIs);
  orphan.write(linesFrom(3));
  attempt.write(linesFrom(2));
  await Promise.all([orphan.close(), attempt.close()]);
  assert.equal(orphan.totals().dropped, 3);
  assert.equal((await readAll(world, ref.task_id)).length, 2);
});

test('a writer that is closed while the store is away gives up, and frees who waits', async t => {
  const world = await openWorld(t);
  const writer = world.writer();
  const attempt = writer.attempt(await world.plant(), asIs);
  world.door.shut = true;
  attempt.write(linesFrom(3));
  const closed = attempt.close();
  await writer.close();
  await closed;
  assert.equal(writer.stats().dropped, 3);
});

test('a page by level reads the pieces only that can have it', async t => {
  const world = await openWorld(t);
  const ref = await world.plant();
  const writer = world.writer();
  const attempt = writer.attempt(ref, asIs);
  for (let at = 0; at < 6; at += 1) {
    attempt.write([
      rawLine('a', { level: 'debug' }),
      rawLine(`b${at}`, { level: at % 3 === 0 ? 'error' : 'info' }),
    ]);
    await writer.flush();
  }
  // Were they read, it would fail.
  await world.store.withInstance('damage what must not be read', tx =>
    tx
      .updateTable('log_pieces')
      .set({ data: Buffer.from('damaged') })
      .where('max_level', '<', 50)
      .execute(),
  );
  const texts = (query: object) =>
    page(world, ref.task_id, query).then(({ items }) => items.map(({ n }) => n));
  assert.deepEqual(await texts({ level: 'error' }), [1, 7]);
  assert.deepEqual(await texts({ level: 'error', back: 'true', from: 7 }), [1]);
});

test('a search finds by regular expression, without colours, and goes on where it stopped', async t => {
  const world = await openWorld(t);
  const ref = await world.plant();
  const attempt = world.writer().attempt(ref, asIs);
  attempt.write(linesFrom(3000));
  attempt.write([rawLine('\u001b[31mred\u001b[0m alert')]);
  await written(attempt, ref, world.store);
  await packLogs(world.pack, NOW);
  const numbers = async (query: object) => (await readAll(world, ref.task_id, query)).map(({ n }) => n);
  assert.deepEqual(await numbers({ search: '^line (7|1234|2999) ' }), [7, 1234, 2999]);
  assert.deepEqual(await numbers({ search: '^red alert$', limit: 1 }), [3000]);
  assert.deepEqual(
    await numbers({ search: 'line 1\\d00 ', limit: 3 }),
    [1000, 1100, 1200, 1300, 1400, 1500, 1600, 1700, 1800, 1900],
  );
  const back = await page(world, ref.task_id, { search: 'line \\d+5 ', back: 'true', from: 3001, limit: 2 });
  assert.deepEqual(
    back.items.map(({ n }) => n),
    [2985, 2995],
  );
  assert.equal(back.next, 2985);
  await assert.rejects(page(world, ref.task_id, { search: 'a(b' }), error => {
    assert.ok(isFailure(error, 'log.search'));
    assert.equal(error.params.reason, 'Unterminated group');
    return true;
  });
});

test('a search that does not end is ended, and the server answers meanwhile', async t => {
  const world = await openWorld(t, { search_ms: 300 });
  const ref = await world.plant();
  const attempt = world.writer().attempt(ref, asIs);
  attempt.write([rawLine(`${'a'.repeat(60)}!`), rawLine('fine')]);
  await written(attempt, ref, world.store);
  const bad = page(world, ref.task_id, { search: '^(a+)+$' });
  const refused = assert.rejects(bad, error => isFailure(error, 'log.search_time'));
  let done = false;
  void refused.then(() => {
    done = true;
  });
  assert.equal((await page(world, ref.task_id)).items.length, 2);
  assert.equal(done, false, 'this one came between');
  await refused;
  // More of them than may run at once: none stays behind.
  await Promise.all(
    Array.from({ length: 6 }, () =>
      assert.rejects(page(world, ref.task_id, { search: '^(a+)+$' }), error =>
        isFailure(error, 'log.search_time'),
      ),
    ),
  );
  assert.equal((await page(world, ref.task_id, { search: 'fine' })).items.length, 1);
});

test('another workspace, another task and another attempt are not found', async t => {
  const world = await openWorld(t);
  const ref = await world.plant();
  const attempt = world.writer().attempt(ref, asIs);
  attempt.write(linesFrom(1));
  await attempt.close();
  const foreign = await plantWorkspace(world.store);
  const isMissing = (error: unknown) => isFailure(error, 'object.not_found');
  await assert.rejects(page(world, ref.task_id, {}, foreign), isMissing);
  await assert.rejects(page(world, newId()), isMissing);
  await assert.rejects(page(world, ref.task_id, { attempt: 2 }), isMissing);
  await assert.rejects(tail(world, ref.task_id, {}, { workspace_id: foreign }), isMissing);
  await assert.rejects(download(world, newId()), isMissing);
  assert.equal((await page(world, ref.task_id, { attempt: 1 })).items.length, 1);
});

// ── Tail ────────────────────────────────────────────────────────────────────────────────────────────

interface Frame {
  id: number | undefined;
  event: string;
  data: { items?: LogLine[]; code?: string | null; lines?: number };
}

function parseFrame(text: string): Frame {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1];
  const id = field('id');
  return {
    id: id === undefined ? undefined : Number(id),
    event: field('event') ?? 'message',
    data: JSON.parse(field('data') ?? '{}'),
  };
}

async function* framesOf(body: AsyncIterable<string | Uint8Array>): AsyncGenerator<Frame> {
  for await (const text of body) yield parseFrame(String(text));
}

test('a tail brings every line once and in order while they are written, and ends when the attempt has', async t => {
  const world = await openWorld(t);
  const ref = await world.plant();
  const attempt = world.writer().attempt(ref, asIs);
  attempt.write(linesFrom(3));
  const writing = (async () => {
    for (let first = 3; first < 5003; first += 100) {
      attempt.write(linesFrom(100, first));
      if (first % 500 === 3)
        await until('it is written', async () => (await page(world, ref.task_id)).lines > first);
    }
    await written(attempt, ref, world.store);
  })();
  const seen: LogLine[] = [];
  let last: Frame | undefined;
  for await (const frame of framesOf((await tail(world, ref.task_id)).body)) {
    if (frame.data.items) {
      seen.push(...frame.data.items);
      assert.equal(frame.id, (seen.at(-1)?.n ?? 0) + 1);
    }
    last = frame;
  }
  await writing;
  assert.deepEqual(
    seen.map(({ n }) => n),
    Array.from({ length: 5003 }, (_, n) => n),
  );
  assert.deepEqual([last?.event, last?.data.code, last?.data.lines], ['end', null, 5003]);
});

test('a tail goes on from the last id, leaves out by level, and moves on all the same', async t => {
  const world = await openWorld(t);
  const ref = await world.plant();
  const attempt = world.writer().attempt(ref, asIs);
  attempt.write([...linesFrom(10), rawLine('bad', { level: 'error' }), ...linesFrom(3)]);
  await written(attempt, ref, world.store);
  const collect = async (query: object, last_id?: string) => {
    const headers = { 'last-event-id': last_id };
    const frames: Frame[] = [];
    for await (const frame of framesOf((await tail(world, ref.task_id, query, { headers })).body))
      frames.push(frame);
    return frames;
  };
  const numbers = (frames: Frame[]) => frames.flatMap(({ data }) => data.items ?? []).map(({ n }) => n);
  assert.deepEqual(numbers(await collect({ from: 2 }, '12')), [12, 13]);
  assert.deepEqual(numbers(await collect({ from: 12 }, 'rubbish')), [12, 13]);
  assert.deepEqual(numbers(await collect({ level: 'warn' })), [10]);
  const quiet = await collect({ level: 'fatal' });
  assert.deepEqual(
    quiet.map(({ id, event }) => [id, event]),
    [
      [0, 'hello'],
      [14, 'message'],
      [undefined, 'end'],
    ],
  );
});

test('a tail ends when its caller may not look any more, when the server stops, and when the client goes', async t => {
  const world = await openWorld(t);
  const ref = await world.plant();
  const { handlers, close, tails } = logHandlers({
    store: world.store,
    storage: world.storage,
    clock: systemClock,
    days: 30,
    tail_limits: { recheck_ms: 0, tails_per_principal: 2 },
  });
  const own = { ...world, handlers };
  const refused = await tail(own, ref.task_id, {}, { recheck: () => Promise.reject(fail('auth.invalid')) });
  const events = async (body: AsyncIterable<string | Uint8Array>) => {
    const codes: unknown[] = [];
    for await (const { event, data } of framesOf(body)) codes.push(event === 'end' ? data.code : event);
    return codes;
  };
  assert.deepEqual(await events(refused.body), ['hello', 'auth.invalid']);

  const gone = new AbortController();
  const { principal } = commonCall('');
  const first = events((await tail(own, ref.task_id, {}, { signal: gone.signal, principal })).body);
  const second = events((await tail(own, ref.task_id, {}, { principal })).body);
  await assert.rejects(tail(own, ref.task_id, {}, { principal }), error =>
    isFailure(error, 'events.too_many_streams'),
  );
  gone.abort();
  assert.deepEqual(await first, ['hello']);
  assert.equal(tails(), 2, 'the refused one waits for its request to end');
  close();
  assert.deepEqual(await second, ['hello', 'server.stopping']);
});

test('a tail survives a store that is away', async t => {
  const world = await openWorld(t);
  const ref = await world.plant();
  const attempt = world.writer().attempt(ref, asIs);
  attempt.write(linesFrom(5));
  const frames = framesOf((await tail(world, ref.task_id)).body);
  await frames.next();
  assert.equal((await frames.next()).value?.data.items?.length, 5);
  await world.database.cutSessions();
  attempt.write(linesFrom(5, 5));
  await written(attempt, ref, world.store);
  const rest: number[] = [];
  for await (const { data } of frames) rest.push(...(data.items ?? []).map(({ n }) => n));
  assert.deepEqual(rest, [5, 6, 7, 8, 9]);
});

// ── Download, packing, retention ────────────────────────────────────────────────────────────────────

test('a download is the whole log, as text or as lines of JSON', async t => {
  const world = await openWorld(t);
  const ref = await world.plant();
  const attempt = world.writer().attempt(ref, asIs);
  const at = '2026-11-21T12:00:00.000001Z';
  attempt.write([
    rawLine('\u001b[1mbold\u001b[0m', { at }),
    rawLine('two', { at, level: 'warn', fields: { rows: 3 } }),
  ]);
  attempt.write(Array.from({ length: 5000 }, () => rawLine('more', { at })));
  await written(attempt, ref, world.store);
  const text = await download(world, ref.task_id);
  assert.equal(text, `${at} INFO  bold\n${at} WARN  two {"rows":3}\n${`${at} INFO  more\n`.repeat(5000)}`);
  assert.ok(
    (await download(world, ref.task_id, { times: 'false', colours: 'true' })).startsWith(
      'INFO  \u001b[1mbold',
    ),
  );
  await packLogs(world.pack, NOW);
  const lines = (await download(world, ref.task_id, { format: 'ndjson' })).trimEnd().split('\n');
  assert.deepEqual(
    lines.map(line => JSON.parse(line)),
    await readAll(world, ref.task_id, { full: 'true' }),
  );
});

test('a packer that dies between object and rows leaves an object that is swept, and lines that are read', async t => {
  const world = await openWorld(t);
  const ref = await world.plant();
  const attempt = world.writer().attempt(ref, asIs);
  attempt.write(linesFrom(100));
  await written(attempt, ref, world.store);
  let calls = 0;
  const dying: Pick<Store, 'withInstance'> = {
    withInstance(reason, work) {
      calls += 1;
      return reason === 'pack logs'
        ? Promise.reject(new Error('killed'))
        : world.store.withInstance(reason, work);
    },
  };
  await assert.rejects(packLogs({ ...world.pack, store: dying }, NOW), /killed/);
  assert.ok(calls > 2);
  assert.equal((await keysOf(world.storage, LOG_OBJECTS)).length, 1);
  assert.equal((await readAll(world, ref.task_id)).length, 100);

  await packLogs(world.pack, NOW);
  const time = { now: 0 };
  const sweeper = openSweeper({ ...world.pack, monotonic: () => time.now, orphan_ms: 1000 });
  assert.equal(await sweeper.sweep(), 0, 'it may be just being packed');
  time.now = 1000;
  assert.equal(await sweeper.sweep(), 1);
  assert.equal(await sweeper.sweep(), 0);
  assert.equal((await keysOf(world.storage, LOG_OBJECTS)).length, 1);
  assert.equal((await readAll(world, ref.task_id)).length, 100);
});

test('two packers at once lose and double nothing', async t => {
  const world = await openWorld(t);
  const refs = await Promise.all([1, 2, 3].map(() => world.plant()));
  for (const ref of refs) {
    const attempt = world.writer().attempt(ref, asIs);
    attempt.write(linesFrom(50));
    await written(attempt, ref, world.store);
  }
  await Promise.all([packLogs(world.pack, NOW), packLogs(world.pack, NOW)]);
  await packLogs(world.pack, { ...NOW, patience_seconds: 0 });
  for (const ref of refs) assert.equal((await readAll(world, ref.task_id)).length, 50);
  assert.equal((await keysOf(world.storage, LOG_OBJECTS)).length, 1);
  assert.equal(await pieceCount(world, 'data'), 0);
});

test('an attempt that goes on is packed once it has many pieces; a few wait for company', async t => {
  const world = await openWorld(t);
  const ref = await world.plant();
  const writer = world.writer();
  const attempt = writer.attempt(ref, asIs);
  for (let at = 0; at < 64; at += 1) {
    attempt.write(linesFrom(1, at));
    await writer.flush();
  }
  assert.equal((await packLogs(world.pack, NOW)).pieces, 0);
  attempt.write(linesFrom(1, 64));
  await writer.flush();
  assert.equal((await packLogs(world.pack, { settle_seconds: 0 })).pieces, 0, 'not worth an object yet');
  assert.equal((await packLogs(world.pack, NOW)).pieces, 65);
  attempt.write(linesFrom(1, 65));
  await writer.flush();
  assert.deepEqual(
    (await readAll(world, ref.task_id)).map(({ n }) => n),
    Array.from({ length: 66 }, (_, n) => n),
  );
});

test('old logs go with their objects, by age and by size, and say so', async t => {
  const world = await openWorld(t);
  const old = await world.plant();
  const young = await world.plant();
  for (const ref of [old, young]) {
    const attempt = world.writer().attempt(ref, asIs);
    attempt.write(linesFrom(100));
    await written(attempt, ref, world.store);
    await packLogs(world.pack, NOW);
  }
  assert.equal((await keysOf(world.storage, LOG_OBJECTS)).length, 2);
  const age = (ref: PlantedAttempt, days: number) =>
    world.store.withInstance('age', tx =>
      tx
        .updateTable('log_pieces')
        .set({ written_at: new Date(Date.now() - days * 86_400_000).toISOString() })
        .where('task_id', '=', ref.task_id)
        .execute(),
    );
  await age(old, 31);
  await age(young, 29);
  assert.deepEqual(await trimLogs(world.pack, KEEP), { runs: 0, pieces: 1, objects: 1 });
  const isGone = (error: unknown) => isFailure(error, 'log.gone') && error.params.days === 30;
  await assert.rejects(page(world, old.task_id), isGone);
  await assert.rejects(download(world, old.task_id), isGone);
  assert.equal((await readAll(world, young.task_id)).length, 100);
  assert.deepEqual(await trimLogs(world.pack, { ...KEEP, run_logs_bytes: 10 }), {
    runs: 0,
    pieces: 1,
    objects: 1,
  });
  assert.deepEqual(await keysOf(world.storage, ''), []);
});

test('runs that ended long ago go with their logs', async t => {
  const world = await openWorld(t);
  const refs = [await world.plant(), await world.plant()] as const;
  for (const ref of refs) {
    const attempt = world.writer().attempt(ref, asIs);
    attempt.write(linesFrom(1));
    await attempt.close();
  }
  await endAttempt(
    world.store,
    refs[0],
    { lines: 1, bytes: 1, dropped: 0 },
    new Date(Date.now() - 91 * 86_400_000).toISOString(),
  );
  await endAttempt(world.store, refs[1], { lines: 1, bytes: 1, dropped: 0 });
  assert.deepEqual(await trimLogs(world.pack, KEEP), { runs: 1, pieces: 0, objects: 0 });
  await assert.rejects(page(world, refs[0].task_id), error => isFailure(error, 'object.not_found'));
  assert.equal((await readAll(world, refs[1].task_id)).length, 1);
  assert.equal(await pieceCount(world, 'data'), 1);
});

test('a reader whom retention overtakes goes on with what is left, and a download says what is missing', async t => {
  const world = await openWorld(t);
  const ref = await world.plant();
  const writer = world.writer();
  const attempt = writer.attempt(ref, asIs);
  attempt.write(linesFrom(10));
  await writer.flush();
  await endAttempt(world.store, ref, { lines: 0, bytes: 0, dropped: 0 });
  await packLogs(world.pack, NOW);
  attempt.write(linesFrom(10, 10));
  await written(attempt, ref, world.store);
  let overtake = true;
  const storage: Storage = {
    ...world.storage,
    async range(...asked) {
      if (overtake) await world.storage.delete(asked[0]);
      if (overtake)
        await world.store.withInstance('trim', tx =>
          tx.deleteFrom('log_pieces').where('object', 'is not', null).execute(),
        );
      overtake = false;
      return world.storage.range(...asked);
    },
  };
  const { handlers, close } = logHandlers({ store: world.store, storage, clock: systemClock, days: 30 });
  defer(t, close);
  const { items } = await page({ ...world, handlers }, ref.task_id);
  assert.deepEqual(
    items.map(({ n }) => n),
    [10, 11, 12, 13, 14, 15, 16, 17, 18, 19],
  );
  assert.match(
    await download(world, ref.task_id, { times: 'false' }),
    /^… lines 0 to 9 are not kept any more\nINFO {2}line 10 /,
  );
});

test('an object that is lost is an error, never a log with a hole', async t => {
  const world = await openWorld(t);
  const ref = await world.plant();
  const attempt = world.writer().attempt(ref, asIs);
  attempt.write(linesFrom(10));
  await written(attempt, ref, world.store);
  await packLogs(world.pack, NOW);
  rmSync(join(world.folder, 'artifacts'), { recursive: true });
  await assert.rejects(page(world, ref.task_id), error => isFailure(error, 'storage.missing'));
  await assert.rejects(download(world, ref.task_id), error => isFailure(error, 'storage.missing'));
});
