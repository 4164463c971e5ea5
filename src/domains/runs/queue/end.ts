import type { Tx } from '../../../base/db/index.ts';
import type { Answer, Ending } from './types.ts';

export async function endTasks(_tx: Tx, _endings: readonly Ending[]): Promise<Map<string, Answer>> {
  throw new Error('comes with the next commit');
}
