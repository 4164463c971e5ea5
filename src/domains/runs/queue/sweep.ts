import type { Store } from '../../../base/db/index.ts';
import type { Watcher } from './watcher.ts';

/** How many of each. */
export interface Swept {
  lost_workers: number;
  lost_tasks: number;
  too_late_to_start: number;
  due: number;
  late_runs: number;
}

/** `now`: milliseconds that only grow. */
export async function sweepOnce(_store: Store, _watcher: Watcher, _now: number): Promise<Swept> {
  throw new Error('comes with the next commit');
}
