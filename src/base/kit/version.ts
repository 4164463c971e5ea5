import { fail } from './errors.ts';

/** Two people save the same thing: the second is told, with the version that is there now. */
export function checkVersion({ expected, current }: { expected: number; current: number }): void {
  if (expected !== current) throw fail('version.conflict', { expected, current });
}
