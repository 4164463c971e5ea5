/** Chance that can be repeated: the same seed gives the same plans and the same kills. (Mulberry32.) */
export interface Chance {
  /** 0 ≤ x < 1 */
  next(): number;
  /** Both ends included. */
  whole(from: number, to: number): number;
  one<T>(all: readonly [T, ...T[]]): T;
  is(probability: number): boolean;
}

export function openChance(seed: number): Chance {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    whole: (from, to) => from + Math.floor(next() * (to - from + 1)),
    one: all => all[Math.floor(next() * all.length)] ?? all[0],
    is: probability => next() < probability,
  };
}
