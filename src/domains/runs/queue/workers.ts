import type { Tx } from '../../../base/db/index.ts';
import type { Beat, BeatAnswer, NewWorker } from './types.ts';

export async function registerWorker(_tx: Tx, _worker: NewWorker): Promise<void> {
  throw new Error('comes with the next commit');
}

/** It said that it ends; what it still held is lost. */
export async function endWorker(_tx: Tx, _worker_id: string): Promise<void> {
  throw new Error('comes with the next commit');
}

/** It is known to be dead. */
export async function loseWorker(_tx: Tx, _worker_id: string): Promise<void> {
  throw new Error('comes with the next commit');
}

export async function drainWorker(_tx: Tx, _worker_id: string, _drain = true): Promise<void> {
  throw new Error('comes with the next commit');
}

export async function beatWorker(_tx: Tx, _beat: Beat): Promise<BeatAnswer> {
  throw new Error('comes with the next commit');
}
