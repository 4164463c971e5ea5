import type { Tx } from '../../../base/db/index.ts';
import type { Lease, StageCommit, TaskProgress } from './types.ts';

export async function beginTasks(_tx: Tx, _leases: readonly Lease[]): Promise<Set<string>> {
  throw new Error('comes with the next commit');
}

export async function releaseTasks(_tx: Tx, _leases: readonly Lease[]): Promise<Set<string>> {
  throw new Error('comes with the next commit');
}

export async function commitStage(_tx: Tx, _stage: StageCommit): Promise<'accepted' | 'refused' | 'known'> {
  throw new Error('comes with the next commit');
}

export async function writeProgress(
  _tx: Tx,
  _progress: TaskProgress,
  _leases: readonly Lease[],
): Promise<void> {
  throw new Error('comes with the next commit');
}
