import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Event } from '../../contract/system.ts';
import { newId } from '../kit/ids.ts';
import { oneAtATime } from '../kit/one-at-a-time.ts';
import { notifyAfterCommit, type Tx } from './doors.ts';
import { lockKey } from './locks.ts';
import type { Store } from './open.ts';
import type { JsonValue } from './types.ts';

/**
 * One durable stream. A row is written in the transaction that changes something, without a position; the sequencer gives
 * positions to what has been committed, so that positions follow the order of commits and a reader that goes on after N
 * never misses a row that was written before N and committed after it.
 */
export interface NewEvent {
  /** null: about the installation. */
  workspace_id: string | null;
  type: string;
  /** `member:0190…`; what it is about. */
  subject: string;
  version?: number;
  /** `person:0190…`; who did it. */
  actor?: string | null;
  /** The request, or the event, that led to it. */
  cause?: string | null;
  payload?: JsonValue;
}

export interface EventFilter {
  /** Without one, the events of all workspaces and of the installation. */
  workspace_id?: string;
  /** Beginnings of types; none or an empty list: all. */
  types?: readonly string[];
  limit: number;
}

export interface EventFeed {
  /** What follows a position, in order. */
  read(after: string, filter: EventFilter): Promise<Event[]>;
  /** The newest position that can be read, and the oldest that is still kept; 0 when there is none. */
  head(): Promise<string>;
  oldest(): Promise<string>;
  /** Called when there may be something new; a hint, and called now and then without one. */
  subscribe(wake: () => void): () => void;
  /**
   * A named reader that keeps its cursor in the store, shared by all processes: one of them at a time hands on the next
   * events and then moves the cursor. At least once: what was in hand when it died comes again.
   */
  consume(name: string, handle: (events: Event[]) => Promise<void>, options?: ConsumerOptions): Consumer;
  /** Gives positions to everything that is committed by now; how many it gave. */
  sequence(): Promise<number>;
  /** Deletes what is older; how many. */
  trim(keep_days: number): Promise<number>;
  close(): Promise<void>;
}

export interface ConsumerOptions {
  types?: readonly string[];
  batch?: number;
  /** A handler that fails is called again with the same events, later and later; this is told each time. */
  failed?: (error: unknown) => void;
}

export interface Consumer {
  /** Waits for what is in hand. */
  close(): Promise<void>;
}

export interface FeedOptions {
  /** How often the tables are looked at without a hint: hints may be lost. */
  poll_ms?: number;
  /** A pass that failed (the store is away, say); the next one comes by itself. */
  failed?: (error: unknown) => void;
}

/** Rows are there that have no position yet. */
const WRITTEN = 'moulin_events_written';
/** Positions were given: there is something to read. */
const SEQUENCED = 'moulin_events';

const POLL_MS = 5000;
const SEQUENCE_ROWS = 1000;
const TRIM_ROWS = 5000;
const BATCH_ROWS = 100;
const RETRY_MS = { first: 200, last: 30_000 };

/** In the transaction of the change that they tell; one statement, in the order given. */
export async function appendEvents(tx: Tx, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  await tx
    .insertInto('events')
    .values(
      events.map(event => ({
        id: newId(),
        workspace_id: event.workspace_id,
        type: event.type,
        version: event.version ?? 1,
        subject: event.subject,
        actor: event.actor ?? null,
        cause: event.cause ?? null,
        payload: JSON.stringify(event.payload ?? {}),
      })),
    )
    .execute();
  notifyAfterCommit(tx, WRITTEN);
}

// ── The feed ────────────────────────────────────────────────────────────────────────────────────────

export function openEvents(store: Store, options: FeedOptions = {}): EventFeed {
  const { poll_ms = POLL_MS, failed = () => {} } = options;
  const wakes = new Set<() => void>();
  const consumers = new Set<Consumer>();
  const wakeAll = () => {
    for (const wake of wakes) wake();
  };
  const sequence = async (): Promise<number> => {
    let count = 0;
    for (let given = -1; given !== 0; count += given) given = await giveNextPositions(store);
    if (count > 0) store.notify(SEQUENCED);
    return count;
  };
  const sequenceSoon = oneAtATime(() => sequence().then(() => {}, failed));
  const subscribe = (wake: () => void): (() => void) => {
    wakes.add(wake);
    return () => wakes.delete(wake);
  };
  const read = (after: string, filter: EventFilter) => readEvents(store, after, filter);

  const stops = [store.listen(WRITTEN, () => void sequenceSoon()), store.listen(SEQUENCED, wakeAll)];
  const poll = setInterval(() => void sequenceSoon().then(wakeAll), poll_ms).unref();
  // What was written while nobody ran.
  void sequenceSoon();

  return {
    read,
    subscribe,
    sequence,
    head: () => readBound(store, 'max'),
    oldest: () => readBound(store, 'min'),
    trim: keep_days => trimEvents(store, keep_days),
    consume(name, handle, consumer_options = {}) {
      const consumer = startConsumer({ store, read, subscribe, name, handle, poll_ms, ...consumer_options });
      consumers.add(consumer);
      return consumer;
    },
    async close() {
      clearInterval(poll);
      for (const stop of stops) stop();
      wakes.clear();
      await Promise.all([...consumers].map(consumer => consumer.close()));
      await sequenceSoon.idle();
    },
  };
}

// ── Statements ──────────────────────────────────────────────────────────────────────────────────────

const SEQUENCER = lockKey('event sequencer');

/**
 * One sequencer at a time, in all processes. The lock is a statement of its own before the one that reads: its snapshot
 * is then younger than the commit of whoever held the lock before, so that no row is seen without a position that has one.
 */
function giveNextPositions(store: Store): Promise<number> {
  return store.withInstance('sequence events', async tx => {
    await sql`select pg_advisory_xact_lock(${SEQUENCER})`.execute(tx);
    const { numAffectedRows } = await sql`
      update events set position = numbered.position
      from (
        select id, nextval('event_positions') "position"
        from (select id from events where position is null order by arrival limit ${SEQUENCE_ROWS}) pending
      ) numbered
      where events.id = numbered.id and events.position is null`.execute(tx);
    return Number(numAffectedRows ?? 0);
  });
}

function readEvents(store: Store, after: string, filter: EventFilter): Promise<Event[]> {
  const { workspace_id, types = [], limit } = filter;
  const select = async (tx: Tx): Promise<Event[]> => {
    let query = tx
      .selectFrom('events')
      .select([
        'position',
        'id',
        'workspace_id',
        'type',
        'version',
        'subject',
        'actor',
        'cause',
        'payload',
        'at',
      ])
      .where('position', '>', after)
      .orderBy('position')
      .limit(limit);
    if (workspace_id !== undefined) query = query.where('workspace_id', '=', workspace_id);
    if (types.length > 0)
      query = query.where(
        sql<boolean>`exists (select from unnest(${types}::text[]) beginning where starts_with(type, beginning))`,
      );
    // Rows without a position are not greater than anything.
    return (await query.execute()) as Event[];
  };
  return workspace_id === undefined
    ? store.withInstance('read events', select, { read_only: true })
    : store.withWorkspace({ workspace_id }, select, { read_only: true });
}

function readBound(store: Store, bound: 'min' | 'max'): Promise<string> {
  return store.withInstance(
    'read events',
    async tx => {
      const row = await tx
        .selectFrom('events')
        .select(({ fn }) => fn[bound]('position').as('position'))
        .executeTakeFirst();
      return row?.position ?? '0';
    },
    { read_only: true },
  );
}

/** In pieces, so that no statement holds locks for long. What has no position yet has been read by nobody. */
async function trimEvents(store: Store, keep_days: number): Promise<number> {
  let count = 0;
  for (let deleted = TRIM_ROWS; deleted === TRIM_ROWS; count += deleted)
    deleted = await store.withInstance('trim events', async tx => {
      const { numAffectedRows } = await sql`
        delete from events where id in (
          select id from events
          where at < now() - make_interval(secs => ${keep_days * 86_400}) and position is not null
          order by at limit ${TRIM_ROWS})`.execute(tx);
      return Number(numAffectedRows ?? 0);
    });
  return count;
}

// ── Consumers ───────────────────────────────────────────────────────────────────────────────────────

interface ConsumerParts extends ConsumerOptions {
  store: Store;
  read: EventFeed['read'];
  subscribe: EventFeed['subscribe'];
  name: string;
  handle: (events: Event[]) => Promise<void>;
  poll_ms: number;
}

function startConsumer(parts: ConsumerParts): Consumer {
  const closing = new AbortController();
  const running = runConsumer(parts, closing.signal);
  return {
    async close() {
      closing.abort();
      await running;
    },
  };
}

async function runConsumer(parts: ConsumerParts, closing: AbortSignal): Promise<void> {
  const { store, name, poll_ms, failed } = parts;
  let pause = RETRY_MS.first;
  while (!closing.aborted) {
    const lock = await store.tryLock(`event consumer ${name}`);
    if (!lock) {
      await rest(poll_ms, closing);
      continue;
    }
    try {
      await consumeWhileHeld(parts, AbortSignal.any([closing, lock.lost]), () => {
        pause = RETRY_MS.first;
      });
    } catch (error) {
      failed?.(error);
      await rest(pause, closing);
      pause = Math.min(pause * 2, RETRY_MS.last);
    } finally {
      await lock.release();
    }
  }
}

async function consumeWhileHeld(parts: ConsumerParts, stop: AbortSignal, worked: () => void): Promise<void> {
  const { store, read, name, handle, types = [], batch = BATCH_ROWS } = parts;
  const bell = openAlarm(parts.subscribe, parts.poll_ms);
  try {
    let cursor = await readCursor(store, name);
    while (!stop.aborted) {
      const head = types.length > 0 ? await readBound(store, 'max') : cursor;
      const events = await read(cursor, { types, limit: batch });
      if (events.length > 0) await handle(events);
      // Nothing of our types up to here: without this, each pass would look through it again.
      const reached = events.at(-1)?.position ?? head;
      if (BigInt(reached) > BigInt(cursor)) {
        await moveCursor(store, name, reached);
        cursor = reached;
        worked();
      }
      if (events.length === 0) await bell.wait(stop);
    }
  } finally {
    bell.close();
  }
}

/** Rings that came while nobody waited are not lost: the next wait returns at once. */
function openAlarm(subscribe: EventFeed['subscribe'], poll_ms: number) {
  let rung = false;
  let wake = () => {};
  const stop = subscribe(() => {
    rung = true;
    wake();
  });
  return {
    async wait(signal: AbortSignal): Promise<void> {
      if (!rung) {
        const heard = new AbortController();
        wake = () => heard.abort();
        await rest(poll_ms, AbortSignal.any([signal, heard.signal]));
      }
      rung = false;
    },
    close: stop,
  };
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {});
}

function readCursor(store: Store, name: string): Promise<string> {
  return store.withInstance('event consumer', async tx => {
    await tx
      .insertInto('event_consumers')
      .values({ name })
      .onConflict(conflict => conflict.doNothing())
      .execute();
    const row = await tx
      .selectFrom('event_consumers')
      .select('position')
      .where('name', '=', name)
      .executeTakeFirstOrThrow();
    return row.position;
  });
}

/** Only forward: whoever lost the lock without noticing must not turn it back. */
function moveCursor(store: Store, name: string, position: string): Promise<unknown> {
  return store.withInstance('event consumer', tx =>
    tx
      .updateTable('event_consumers')
      .set({ position, updated_at: sql`now()` })
      .where('name', '=', name)
      .where('position', '<', position)
      .execute(),
  );
}
