import type { Tx } from '../../../base/db/index.ts';
import type { MoreTasks, RunOrder } from './types.ts';

export async function createRun(_tx: Tx, _order: RunOrder): Promise<{ run_id: string; created: boolean }> {
  throw new Error('comes with the next commit');
}

export async function addTasks(_tx: Tx, _more: MoreTasks): Promise<void> {
  throw new Error('comes with the next commit');
}
