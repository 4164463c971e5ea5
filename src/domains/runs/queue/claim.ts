import type { Tx } from '../../../base/db/index.ts';
import type { Claimant, Claimed } from './types.ts';

export async function claimTasks(_tx: Tx, _claimant: Claimant): Promise<Claimed[]> {
  throw new Error('comes with the next commit');
}
