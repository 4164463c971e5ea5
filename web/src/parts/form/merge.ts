import type { FieldValue, Values } from './field.ts';

export interface Difference {
  name: string;
  base: FieldValue | undefined;
  mine: FieldValue | undefined;
  theirs: FieldValue | undefined;
  /** Both changed it, to different values: only a person can decide. */
  conflict: boolean;
}

/** Three versions of a form: where everyone began, what I typed, what somebody else has saved meanwhile. */
export function mergeEdits<V extends Values>(
  base: V,
  mine: V,
  theirs: V,
): { merged: V; differences: Difference[] } {
  const merged: Values = { ...theirs };
  const differences: Difference[] = [];
  for (const name of Object.keys(mine)) {
    const iChanged = !isSame(base[name], mine[name]);
    const theyChanged = !isSame(base[name], theirs[name]);
    if (iChanged && mine[name] !== undefined) merged[name] = mine[name];
    if (!iChanged && !theyChanged) continue;
    const conflict = iChanged && theyChanged && !isSame(mine[name], theirs[name]);
    differences.push({ name, base: base[name], mine: mine[name], theirs: theirs[name], conflict });
  }
  return { merged: merged as V, differences };
}

export function isSame(a: FieldValue | undefined, b: FieldValue | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

export function isSameValues(a: Values, b: Values): boolean {
  return Object.keys({ ...a, ...b }).every(name => isSame(a[name], b[name]));
}
