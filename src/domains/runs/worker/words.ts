import type { Store, Tx } from '../../../base/db/index.ts';
import { beginTasks, type Ending, endTasks, type Lease, releaseTasks } from '../queue/index.ts';
import { idsOf, lockLeases } from '../queue/lease.ts';
import { holdRunsOf } from '../queue/runs.ts';

/** What a worker says to the store about one of its tasks. */
export type Word =
  | { say: 'begin'; lease: Lease }
  | { say: 'end'; ending: Ending }
  | { say: 'release'; lease: Lease };

/** Ends that hang in a network that swallows are said again on another connection while their leases are still kept up. */
const STATEMENT_SECONDS = 15;

/** All of it in one transaction; whether each was accepted. The beginnings come first: a task may begin and end in one. */
export function sayAll(store: Pick<Store, 'withInstance'>, words: readonly Word[]): Promise<boolean[]> {
  const work = async (tx: Tx): Promise<boolean[]> => {
    await lockAll(tx, words);
    const begun = await begin(tx, words);
    const ended = await end(tx, words);
    const released = await release(tx, words);
    return words.map(word => {
      switch (word.say) {
        case 'begin':
          return begun.has(word.lease.task_id);
        case 'end':
          return ended.get(word.ending.task_id) === 'accepted';
        case 'release':
          return released.has(word.lease.task_id);
        default:
          return word satisfies never;
      }
    });
  };
  return store.withInstance('words of a worker', work, {
    prepared: true,
    statement_seconds: STATEMENT_SECONDS,
  });
}

/**
 * Each of the statements below locks its rows in order; one after the other they would not, and the beat, which locks all of
 * the worker's tasks, would meet them crosswise.
 */
async function lockAll(tx: Tx, words: readonly Word[]): Promise<void> {
  if (new Set(words.map(({ say }) => say)).size < 2) return;
  const leases = words.map(word => (word.say === 'end' ? word.ending : word.lease));
  await holdRunsOf(tx, idsOf(leases));
  await lockLeases(leases).execute(tx);
}

async function begin(tx: Tx, words: readonly Word[]): Promise<Set<string>> {
  const leases = words.flatMap(word => (word.say === 'begin' ? [word.lease] : []));
  return leases.length > 0 ? beginTasks(tx, leases) : new Set();
}

async function end(tx: Tx, words: readonly Word[]) {
  const endings = words.flatMap(word => (word.say === 'end' ? [word.ending] : []));
  return endings.length > 0 ? endTasks(tx, endings) : new Map<string, string>();
}

async function release(tx: Tx, words: readonly Word[]): Promise<Set<string>> {
  const leases = words.flatMap(word => (word.say === 'release' ? [word.lease] : []));
  return leases.length > 0 ? releaseTasks(tx, leases) : new Set();
}
