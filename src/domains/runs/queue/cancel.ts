import type { Tx } from '../../../base/db/index.ts';
import type { ByHand } from './types.ts';

export async function cancelRun(_tx: Tx, _what: ByHand & { run_id: string; reason?: string }): Promise<void> {
  throw new Error('comes with the next commit');
}

export async function cancelTask(
  _tx: Tx,
  _what: ByHand & { task_id: string; reason?: string },
): Promise<void> {
  throw new Error('comes with the next commit');
}
