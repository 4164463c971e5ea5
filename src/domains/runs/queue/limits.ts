import type { Tx } from '../../../base/db/index.ts';

export async function setLimit(
  _tx: Tx,
  _limit: { workspace_id: string; key: string; slots: number | null; actor: string },
): Promise<void> {
  throw new Error('comes with the next commit');
}
