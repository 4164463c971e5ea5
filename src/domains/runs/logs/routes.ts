import type { Store } from '../../../base/db/index.ts';
import type { Clock } from '../../../base/kit/clock.ts';
import { fail } from '../../../base/kit/errors.ts';
import type { Storage } from '../../../base/storage/index.ts';
import type { Handlers } from '../../../contract/route.ts';
import type { runRoutes } from '../../../contract/runs.ts';
import { downloadLog } from './download.ts';
import { toLogLine } from './line.ts';
import { isGone, placeOf, type ReaderParts, readPage } from './reader.ts';
import { openSearches } from './search.ts';
import { openTails, type TailLimits } from './tail.ts';
import { openLogWatch } from './watch.ts';

type LogRoutes = Pick<typeof runRoutes, 'logs.page' | 'logs.tail' | 'logs.download'>;

export interface LogHandlerParts {
  store: Pick<Store, 'withWorkspace' | 'withInstance' | 'listen'>;
  storage: Storage;
  clock: Clock;
  /** `retention.run_logs_days`: told when a log is gone. */
  days: number;
  tail_limits?: Partial<TailLimits>;
  /** Milliseconds that a search may take for one piece. */
  search_ms?: number;
}

export interface LogHandlers {
  handlers: Handlers<LogRoutes>;
  /** Live tails end with a word; call it before the server stops taking requests. */
  close(): void;
  tails(): number;
}

export function logHandlers({ store, storage, clock, days, ...options }: LogHandlerParts): LogHandlers {
  const parts: ReaderParts = {
    store,
    storage,
    openSearch: openSearches(options.search_ms),
    monotonic: () => clock.monotonic(),
  };
  const watch = openLogWatch(store);
  const tails = openTails({ ...parts, watch, ...(options.tail_limits && { limits: options.tail_limits }) });
  return {
    handlers: {
      async 'logs.page'({ workspace_id, params, query }) {
        const place = await placeOf(parts, { workspace_id, task_id: params.id, attempt: query.attempt });
        if (isGone(place)) throw fail('log.gone', { attempt: place.attempt, days });
        const { lines, next } = await readPage(parts, workspace_id, place, query);
        return {
          items: lines.map(line => toLogLine(line, query.full)),
          lines: place.lines,
          dropped: place.dropped,
          open: place.open,
          next,
        };
      },
      'logs.tail': call => tails.open(call),
      'logs.download': call => downloadLog({ ...parts, days }, call),
    },
    tails: () => tails.count(),
    close() {
      tails.close();
      watch.close();
    },
  };
}
