import type { lakeRoutes } from '../../contract/lake.ts';
import type { Handlers } from '../../contract/route.ts';
import type { LakeRouteParts } from './routes/asking.ts';
import { careHandlers } from './routes/care.ts';
import { changeHandlers } from './routes/changes.ts';
import { historyHandlers } from './routes/history.ts';
import { overviewHandlers } from './routes/lake.ts';
import { mountHandlers } from './routes/mounts.ts';
import { namespaceHandlers } from './routes/namespaces.ts';
import { tableHandlers } from './routes/tables.ts';
import { transferHandlers } from './routes/transfer.ts';

export type { LakeRouteParts } from './routes/asking.ts';

export function lakeHandlers(parts: LakeRouteParts): Handlers<typeof lakeRoutes> {
  return {
    ...overviewHandlers(parts),
    ...namespaceHandlers(parts),
    ...tableHandlers(parts),
    ...historyHandlers(parts),
    ...changeHandlers(parts),
    ...careHandlers(parts),
    ...transferHandlers(parts),
    ...mountHandlers(parts),
  };
}
