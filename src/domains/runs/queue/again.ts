import type { Tx } from '../../../base/db/index.ts';
import type { KindTable } from '../kinds.ts';
import type { ByHand, RunAs } from './types.ts';

export async function retryRun(_tx: Tx, _what: ByHand & { run_id: string }): Promise<void> {
  throw new Error('comes with the next commit');
}

/** All of it once more, as a new run. */
export async function repeatRun(
  _tx: Tx,
  _what: ByHand & { run_id: string; kinds: KindTable; run_as: RunAs },
): Promise<{ run_id: string }> {
  throw new Error('comes with the next commit');
}

export async function retryTask(_tx: Tx, _what: ByHand & { task_id: string }): Promise<void> {
  throw new Error('comes with the next commit');
}

export async function markTask(
  _tx: Tx,
  _what: ByHand & { task_id: string; as: 'succeeded' | 'failed'; reason: string },
): Promise<void> {
  throw new Error('comes with the next commit');
}
