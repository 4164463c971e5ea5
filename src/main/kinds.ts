import type { Config } from '../contract/config.ts';
import type { LakeParts } from '../domains/lakehouse/index.ts';
import type { KindTable } from '../domains/runs/index.ts';
import { storageSettings } from './storage.ts';

/** Every kind of task there is: the server checks with it, the worker works with it. Their runner halves stand in `main.ts`. */
export async function openKinds(config: Config, lake: LakeParts): Promise<KindTable> {
  const { diagnostic, kindTable } = await import('../domains/runs/index.ts');
  const { lakeKinds } = await import('../domains/lakehouse/index.ts');
  return kindTable([diagnostic, ...lakeKinds(lake, await storageSettings(config))]);
}
