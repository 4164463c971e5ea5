import type { Store } from '../../base/db/index.ts';
import type { Clock } from '../../base/kit/clock.ts';
import type { Storage } from '../../base/storage/index.ts';
import type { KindTable } from './kinds.ts';
import { openSweeper, packLogs, type RunRetention, trimLogs } from './logs/index.ts';
import { openWatcher, sweepOnce } from './queue/index.ts';
import { type Duty, tick } from './schedules/index.ts';

export interface DutyParts {
  store: Store;
  kinds: KindTable;
  clock: Clock;
  storage: Storage;
  retention: RunRetention;
}

const HOUR_MS = 3_600_000;

/** What one server does for all of them, and how often. */
export function runDuties({ store, kinds, clock, storage, retention }: DutyParts): Duty[] {
  const watcher = openWatcher();
  const logs = { store, storage, now: clock.now };
  const sweeper = openSweeper({ ...logs, monotonic: clock.monotonic });
  return [
    { name: 'fire schedules', every_ms: 500, run: () => tick(store, kinds, clock.now()) },
    { name: 'sweep leases', every_ms: 3000, run: () => sweepOnce(store, watcher, clock.monotonic()) },
    { name: 'pack logs', every_ms: 15_000, run: () => packLogs(logs) },
    { name: 'trim runs and logs', every_ms: HOUR_MS, run: () => trimLogs(logs, retention) },
    { name: 'sweep objects of logs', every_ms: HOUR_MS, run: () => sweeper.sweep() },
  ];
}
