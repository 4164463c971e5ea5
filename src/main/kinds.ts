import type { KindTable } from '../domains/runs/index.ts';

/** Every kind of task there is: the server checks with it, the worker works with it. Their runner halves stand in `main.ts`. */
export async function openKinds(): Promise<KindTable> {
  const { diagnostic, kindTable } = await import('../domains/runs/index.ts');
  return kindTable([diagnostic]);
}
