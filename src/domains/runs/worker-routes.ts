import type { Store, Tx } from '../../base/db/index.ts';
import { fail } from '../../base/kit/errors.ts';
import type { Principal } from '../../contract/principal.ts';
import type { Handlers } from '../../contract/route.ts';
import type { workerRoutes } from '../../contract/runs.ts';
import { type Actor, type AuditNote, actorOf } from '../access/index.ts';
import { type Seer, tasksOfWorkers, type WorkerTask, workerById, workerRows } from './history/workers.ts';
import { drainWorker } from './queue/index.ts';

export interface WorkerParts {
  store: Store;
  /** Of this server. */
  version: string;
  audit: (tx: Tx, actor: Actor, ...notes: AuditNote[]) => Promise<void>;
}

export function workerHandlers({ store, version, audit }: WorkerParts): Handlers<typeof workerRoutes> {
  return {
    'workers.list': ({ principal }) =>
      store.withInstance(
        'workers',
        async tx => {
          const workers = await workerRows(tx);
          const tasks = Map.groupBy(await tasksOfWorkers(tx, seerOf(principal)), task => task.worker_id);
          const items = workers.map(worker => {
            const mine = tasks.get(worker.id) ?? [];
            return {
              ...worker,
              same_version: worker.version === version,
              tasks: mine.map(toTask),
              tasks_elsewhere: Math.max(0, worker.tasks_elsewhere - mine.length),
            };
          });
          return { items, server_version: version };
        },
        // The numbers and the lists are of one moment.
        { read_only: true, isolation: 'repeatable read' },
      ),

    'workers.drain': async call => {
      const { params, body } = call;
      await store.withInstance('drain a worker', async tx => {
        const worker = await workerById(tx, params.id);
        if (!worker) throw fail('object.not_found', { kind: 'worker', id: params.id });
        if (worker.state === 'gone' || worker.state === 'lost')
          throw fail('worker.ended', { name: worker.name });
        await drainWorker(tx, worker.id, body.drain);
        await audit(tx, actorOf(call), {
          workspace_id: null,
          action: body.drain ? 'worker.drain_requested' : 'worker.drain_revoked',
          object: { kind: 'worker', id: worker.id, name: worker.name },
        });
      });
      return undefined;
    },
  };
}

/** A right over the installation is none to look into workspaces: tasks have names there. */
function seerOf({ kind, id, token_workspace_id }: Principal): Seer {
  if (kind === 'local') return { of: 'all' };
  if (token_workspace_id !== undefined) return { of: 'workspace', workspace_id: token_workspace_id };
  return { of: 'person', user_id: id };
}

function toTask({ worker_id: _, slug, workspace_name, ...task }: WorkerTask) {
  return { ...task, workspace: { slug, name: workspace_name } };
}
