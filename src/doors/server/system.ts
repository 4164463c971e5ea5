import type { Handlers } from '../../contract/route.ts';
import type { systemRoutes } from '../../contract/system.ts';
import type { EventStreams } from './event-stream.ts';
import type { Health } from './health.ts';
import type { EventReader, ServerParts } from './parts.ts';

interface SystemParts {
  describe: ServerParts['describe'];
  backup: ServerParts['backup'];
  health: Health;
  events: EventReader;
  streams: EventStreams;
}

/** The routes that are about the server itself. */
export function systemHandlers(parts: SystemParts): Handlers<typeof systemRoutes> {
  return {
    'system.show': async () => {
      const [facts, states] = await Promise.all([parts.describe(), parts.health.parts()]);
      return { ...facts, parts: states };
    },
    'backup.download': call => parts.backup(call),
    'events.stream': call => parts.streams.open(call),
    'events.list': async ({ query, workspace_id }) => {
      const types = query.types?.split(',').filter(type => type !== '');
      const items = await parts.events.read(query.after, { workspace_id, types, limit: query.limit });
      return { items, next_after: items.at(-1)?.position ?? query.after };
    },
  };
}
