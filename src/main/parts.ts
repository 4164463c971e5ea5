import { openCore } from './core.ts';
import { opening } from './opening.ts';
import { livePart } from './part.ts';
import type { Place } from './place.ts';
import { openServer } from './server.ts';
import { openWorkerOn } from './worker.ts';

/** The server as a process of its own, under a supervisor. */
export function serverProcess(place: Place): Promise<void> {
  return livePart(({ resolved, address, port }, tell) =>
    opening(async opened => {
      const core = await openCore(opened, resolved, { place, address, name: 'moulin' });
      const server = await openServer(opened, core);
      const facts = await server.listen(port);
      const { local_token, failed } = server;
      await tell({ type: 'listening', facts, local_token, started_at: core.started_at });
      return { failed, close: () => opened.disposeAsync() };
    }),
  );
}

/** The worker as a process of its own, under a supervisor. */
export function workerProcess(place: Place): Promise<void> {
  return livePart(({ resolved, address, ended_workers }, tell) =>
    opening(async opened => {
      const core = await openCore(opened, resolved, { place, address, name: 'worker' });
      const { id, failed } = await openWorkerOn(opened, core, { ended_workers });
      await tell({ type: 'working', worker_id: id });
      return { failed, close: () => opened.disposeAsync() };
    }),
  );
}
