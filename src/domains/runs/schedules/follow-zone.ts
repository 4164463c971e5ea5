import type { Consumer, EventFeed, Store } from '../../../base/db/index.ts';
import type { Clock } from '../../../base/kit/clock.ts';
import { nextTimes } from './plan.ts';
import { lockDependent, moveOn } from './store.ts';

/** Schedules without a zone of their own follow the workspace's: when that changes, their next times do. */
export function followZone({
  store,
  events,
  clock,
}: {
  store: Store;
  events: EventFeed;
  clock: Clock;
}): Consumer {
  return events.consume(
    'schedules follow time zones',
    async batch => {
      const changed = new Set(batch.flatMap(({ workspace_id }) => workspace_id ?? []));
      for (const workspace_id of changed)
        await store.withWorkspace({ workspace_id }, async tx => {
          const rows = await lockDependent(tx, workspace_id, 'time_zone');
          await moveOn(
            tx,
            rows.map(row => ({ id: row.id, ...nextTimes(row, clock.now()) })),
          );
        });
    },
    { types: ['workspace.changed'] },
  );
}
