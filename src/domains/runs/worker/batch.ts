import { setTimeout as delay } from 'node:timers/promises';

// Group commit: what arrives while one transaction is under way goes into the next one. Alone, an item waits for nothing;
// under load, a hundred of them share one commit and its fsync.

export interface Batch<In, Out> {
  /** Fulfilled when it is durable. Rejects only for an item that the store refuses by itself, or after `close`. */
  add(item: In): Promise<Out>;
  /** Items that are not durable yet. */
  waiting(): number;
  /** Fulfilled when nothing waits, or when `give_up_ms` have passed: what waits then is rejected. */
  close(give_up_ms: number): Promise<void>;
}

export interface BatchParts<In, Out> {
  /** One transaction; an answer for each item, in their order. It may be called again with the same items. */
  flush(items: readonly In[]): Promise<readonly Out[]>;
  /** Worth trying again as it is: the store is away, say. Anything else is the fault of one of the items. */
  passes(error: unknown): boolean;
  failed(error: unknown): void;
  max_items?: number;
  retry_ms?: { first: number; last: number };
}

interface Waiting<In, Out> {
  item: In;
  resolve(out: Out): void;
  reject(error: unknown): void;
}

const MAX_ITEMS = 500;
const RETRY_MS = { first: 50, last: 2000 };

export function openBatch<In, Out>(parts: BatchParts<In, Out>): Batch<In, Out> {
  const { max_items = MAX_ITEMS, retry_ms = RETRY_MS } = parts;
  let queue: Waiting<In, Out>[] = [];
  let working: Promise<void> | undefined;
  let in_flight = 0;
  const giving_up = new AbortController();

  const work = async (): Promise<void> => {
    // Whatever else this turn of the event loop brings goes along.
    await null;
    for (let pause = retry_ms.first; queue.length > 0; ) {
      const taken = queue.slice(0, max_items);
      queue = queue.slice(taken.length);
      in_flight = taken.length;
      const left = await flushAll(parts, taken);
      in_flight = 0;
      queue = [...left, ...queue];
      if (giving_up.signal.aborted) return rejectAll();
      if (left.length > 0) await delay(pause, undefined, { signal: giving_up.signal }).catch(() => {});
      pause = left.length > 0 ? Math.min(pause * 2, retry_ms.last) : retry_ms.first;
    }
  };
  const rejectAll = (): void => {
    for (const { reject } of queue) reject(new Error('the worker ended before the store came back'));
    queue = [];
  };
  const start = (): void => {
    working ??= work().finally(() => {
      working = undefined;
      if (queue.length > 0) start();
    });
  };

  return {
    add: item =>
      new Promise((resolve, reject) => {
        queue.push({ item, resolve, reject });
        start();
      }),
    waiting: () => queue.length + in_flight,
    async close(give_up_ms) {
      const timer = setTimeout(() => giving_up.abort(), give_up_ms);
      while (working) await working;
      clearTimeout(timer);
    },
  };
}

/** Answers those for which another try makes sense. One bad item must not fail the others: what fails is halved. */
async function flushAll<In, Out>(
  parts: BatchParts<In, Out>,
  all: readonly Waiting<In, Out>[],
): Promise<readonly Waiting<In, Out>[]> {
  try {
    const answers = await parts.flush(all.map(({ item }) => item));
    all.forEach(({ resolve }, at) => {
      resolve(answers[at] as Out);
    });
    return [];
  } catch (error) {
    parts.failed(error);
    if (parts.passes(error)) return all;
    const [only] = all;
    if (all.length === 1) {
      only?.reject(error);
      return [];
    }
    const half = Math.ceil(all.length / 2);
    const left = await flushAll(parts, all.slice(0, half));
    return [...left, ...(await flushAll(parts, all.slice(half)))];
  }
}
