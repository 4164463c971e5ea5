import type { Outcome } from './attempt.ts';

// What a worker has done since it began, as numbers that only grow. They travel with its beat, so that any server can show
// them: a worker listens on no port.

/** Upper ends of the buckets for how long attempts took, in seconds; the last bucket has none. */
export const TOOK_SECONDS = [0.1, 1, 10, 60, 600, 3600] as const;

export const OUTCOMES = ['succeeded', 'partial', 'failed', 'cancelled', 'released', 'lost'] as const;

export interface Tally {
  began(attempt: number): void;
  ended(state: Outcome['state'], ms: number): void;
  /** `began`, `again`, `ended_<outcome>`, `took_<bucket>`, `took_seconds`. */
  numbers(): Readonly<Record<string, number>>;
}

export function openTally(): Tally {
  const counts: Record<string, number> = { began: 0, again: 0, took_seconds: 0 };
  for (const outcome of OUTCOMES) counts[endedKey(outcome)] = 0;
  const add = (key: string, more = 1) => {
    counts[key] = (counts[key] ?? 0) + more;
  };
  return {
    began(attempt) {
      add('began');
      if (attempt > 1) add('again');
    },
    ended(state, ms) {
      add(endedKey(state));
      // What another worker goes on with has not taken its time yet; what was lost, nobody measured.
      if (state === 'released' || state === 'lost') return;
      add(tookKey(bucketOf(ms / 1000)));
      add('took_seconds', ms / 1000);
    },
    numbers: () => ({ ...counts }),
  };
}

export const endedKey = (outcome: Outcome['state']) => `ended_${outcome}`;
export const tookKey = (bucket: number) => `took_${bucket}`;

function bucketOf(seconds: number): number {
  const found = TOOK_SECONDS.findIndex(bound => seconds <= bound);
  return found < 0 ? TOOK_SECONDS.length : found;
}
