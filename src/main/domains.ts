import { join } from 'node:path';
import { systemClock } from '../base/kit/clock.ts';
import type { Outbound } from '../base/kit/outbound.ts';
import type { alertRoutes } from '../contract/alerts.ts';
import type { Handlers } from '../contract/route.ts';
import type { runRoutes, workerRoutes } from '../contract/runs.ts';
import type { Access } from '../domains/access/index.ts';
import type { Core } from './core.ts';

export interface Domains {
  handlers: Handlers<typeof runRoutes & typeof workerRoutes & typeof alertRoutes>;
  /** What goes on beside requests while the server listens; answers how to end it. */
  start(): () => Promise<void>;
  /** Live logs say goodbye: before the server stops, which would wait for them. */
  close(): void;
}

interface Given {
  access: Access;
  outbound: Outbound;
  url: () => string;
}

const HOUR_MS = 3_600_000;

/** Runs and alerts, as the server has them: the work itself is done by workers. */
export async function openDomains(core: Core, { access, outbound, url }: Given): Promise<Domains> {
  const { resolved, place, store, events, secrets, log } = core;
  const { config } = resolved;
  const { kindTable, logHandlers, runHandlers, workerHandlers } = await import('../domains/runs/index.ts');
  const { alertHandlers, openAlerts } = await import('../domains/alerts/index.ts');
  const { openFolderStorage } = await import('../base/storage/index.ts');

  const clock = systemClock;
  const { audit, record } = access;
  const kinds = kindTable([]);
  const storage = await openFolderStorage(join(config.data, 'objects'));
  const logs = logHandlers({ store, storage, clock, days: config.retention.run_logs_days });
  return {
    handlers: {
      ...runHandlers({ store, clock, kinds, audit }),
      ...logs.handlers,
      ...workerHandlers({ store, version: place.version, audit }),
      ...alertHandlers({ store, secrets, outbound, clock, record }),
    },
    start() {
      const alerts = openAlerts({ store, events, secrets, outbound, clock, log, url });
      const failed = (error: unknown) => log.warn({ error }, 'Old incidents could not be deleted');
      const timer = setInterval(() => void alerts.sweep().catch(failed), HOUR_MS).unref();
      return async () => {
        clearInterval(timer);
        await alerts.close();
      };
    },
    close: logs.close,
  };
}
