/** Lets so many in at once; the others wait in the order in which they came. */
export type Gate = <T>(work: () => Promise<T>) => Promise<T>;

export function openGate(places: number): Gate {
  let free = places;
  const waiting: (() => void)[] = [];
  const enter = (): Promise<void> | void => {
    if (free === 0) return new Promise<void>(resolve => waiting.push(resolve));
    free -= 1;
  };
  const leave = (): void => {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  };
  return async work => {
    await enter();
    try {
      return await work();
    } finally {
      leave();
    }
  };
}

/** A gate of one place for each key; a key that nobody waits for is forgotten. */
export type KeyedGate = <T>(key: string, work: () => Promise<T>) => Promise<T>;

export function openKeyedGate(): KeyedGate {
  const last = new Map<string, Promise<unknown>>();
  return async (key, work) => {
    const mine = (last.get(key) ?? Promise.resolve()).then(work);
    const settled = mine.catch(() => {});
    last.set(key, settled);
    try {
      return await mine;
    } finally {
      if (last.get(key) === settled) last.delete(key);
    }
  };
}
