import type { BackupLake, EventFeed } from '../base/db/index.ts';
import { systemClock } from '../base/kit/clock.ts';
import type { Outbound } from '../base/kit/outbound.ts';
import type { alertRoutes } from '../contract/alerts.ts';
import type { lakeRoutes } from '../contract/lake.ts';
import type { Handlers } from '../contract/route.ts';
import type { runRoutes, workerRoutes } from '../contract/runs.ts';
import type { scheduleRoutes } from '../contract/schedules.ts';
import type { Access } from '../domains/access/index.ts';
import type { Catalog } from '../domains/lakehouse/index.ts';
import type { Core } from './core.ts';
import { openKinds } from './kinds.ts';
import { openLakeOn } from './lake.ts';
import { claimStorage } from './storage.ts';

export interface Domains {
  handlers: Handlers<
    typeof runRoutes & typeof workerRoutes & typeof scheduleRoutes & typeof alertRoutes & typeof lakeRoutes
  >;
  /** The Iceberg REST catalog. */
  catalog: Catalog;
  /** The lake, for a backup. */
  backupLake: () => Promise<BackupLake>;
  /** What goes on beside requests while the server listens; answers how to end it. */
  start(): () => Promise<void>;
  /** Live logs say goodbye: before the server stops, which would wait for them. */
  close(): void;
}

interface Given {
  access: Access;
  events: EventFeed;
  outbound: Outbound;
  url: () => string;
}

const HOUR_MS = 3_600_000;

/** Runs, alerts and the lake, as the server has them: the work itself is done by workers. */
export async function openDomains(
  opened: AsyncDisposableStack,
  core: Core,
  { access, events, outbound, url }: Given,
): Promise<Domains> {
  const { resolved, place, store, secrets, log } = core;
  const { config } = resolved;
  const { followZone, logHandlers, openLeader, runDuties, runHandlers, scheduleHandlers, workerHandlers } =
    await import('../domains/runs/index.ts');
  const { backupLake, lakeDuties, lakeHandlers, lakeMirror, noticeRoot, openCatalog } = await import(
    '../domains/lakehouse/index.ts'
  );
  const { makeFolders } = await import('../base/storage/index.ts');
  const { alertHandlers, countIncidents, openAlerts } = await import('../domains/alerts/index.ts');

  const clock = systemClock;
  const { audit, record } = access;
  const storage = await claimStorage(store, config);
  const { lake, parts: lake_parts } = await openLakeOn(opened, core, { storage, record, outbound });
  const moved_from = await noticeRoot(store, storage.facts.root);
  if (moved_from !== undefined)
    log.warn(
      { from: moved_from, to: storage.facts.root },
      'The lake is not where it was: stop Moulin and run moulin lake relocate',
    );
  const kinds = await openKinds(config, lake_parts);
  const vends = config.storage.role !== null;
  const logs = logHandlers({ store, storage, clock, days: config.retention.run_logs_days });
  return {
    handlers: {
      ...runHandlers({ store, clock, kinds, audit, countIncidents }),
      ...logs.handlers,
      ...scheduleHandlers({ store, clock, kinds, record }),
      ...workerHandlers({ store, version: place.version, audit }),
      ...alertHandlers({ store, secrets, outbound, clock, record }),
      ...lakeHandlers({ lake, store, storage, clock, kinds, secrets, outbound, record, audit, url, vends }),
    },
    backupLake: backupLake(lake_parts),
    catalog: openCatalog({
      lake,
      clock,
      storage,
      identify: access.identify,
      makeFolders: places => makeFolders(storage, places),
    }),
    start() {
      const duties = [
        ...runDuties({ store, kinds, clock, storage, retention: config.retention }),
        ...lakeDuties(lake_parts, kinds),
      ];
      const leader = openLeader({ store, log, duties });
      const zones = followZone({ store, events, clock });
      const mirror = lakeMirror(lake_parts, events, error =>
        log.warn({ error }, 'Copies of metadata wait for the storage'),
      );
      const alerts = openAlerts({ store, events, secrets, outbound, clock, log, url });
      const failed = (error: unknown) => log.warn({ error }, 'Old incidents could not be deleted');
      const timer = setInterval(() => void alerts.sweep().catch(failed), HOUR_MS).unref();
      return async () => {
        clearInterval(timer);
        await Promise.all([leader.close(), zones.close(), alerts.close(), mirror.close()]);
      };
    },
    close: logs.close,
  };
}
