import type { EventFeed, Store } from '../../base/db/index.ts';
import type { Clock } from '../../base/kit/clock.ts';
import type { Log } from '../../base/kit/log.ts';
import type { Outbound } from '../../base/kit/outbound.ts';
import type { Secrets } from '../access/index.ts';
import { startSending } from './deliver.ts';
import { HEARD } from './outcome.ts';
import { sweepAlerts } from './store.ts';
import { takeIn } from './take-in.ts';

export interface AlertParts {
  store: Store;
  events: Pick<EventFeed, 'consume'>;
  secrets: Secrets;
  outbound: Outbound;
  clock: Clock;
  log: Log;
  /** Where people reach this installation: messages link to the run. */
  url: () => string;
}

export interface Alerts {
  /** Deletes what is long over; meant to run every hour or so. */
  sweep(): Promise<void>;
  /** Waits for what is in hand. */
  close(): Promise<void>;
}

const SWEPT_ROWS = 5000;

/** Hears how runs end and tells the webhooks. Any number of processes may open it: one of them at a time does each. */
export function openAlerts({ store, events, secrets, outbound, clock, log, url }: AlertParts): Alerts {
  const consumer = events.consume('alerts', batch => takeIn(store, batch, url()), {
    types: HEARD,
    failed: error => log.warn({ error }, 'Incidents wait for the store'),
  });
  const sending = startSending({ store, secrets, outbound, log, now: clock.now });
  return {
    sweep: () => store.withInstance('old incidents', tx => sweepAlerts(tx, SWEPT_ROWS)),
    async close() {
      await Promise.all([consumer.close(), sending.close()]);
    },
  };
}
