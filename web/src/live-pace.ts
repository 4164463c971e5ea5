/**
 * What changes all the time is asked for again once a second, not at each change: the first change at once, those of the
 * rest of the second together when it is over. Every name keeps its own time.
 */
export function openPace(
  pass: (names: string[]) => void,
  wait: (work: () => void, milliseconds: number) => () => void,
  rest_ms = 1000,
): { say(names: readonly string[]): void; close(): void } {
  /** Resting, and whether something was said meanwhile. */
  const resting = new Map<string, { again: boolean; cancel: () => void }>();

  function begin(names: readonly string[]): void {
    for (const name of names) resting.set(name, { again: false, cancel: wait(() => over(name), rest_ms) });
    if (names.length > 0) pass([...names]);
  }

  function over(name: string): void {
    const { again } = resting.get(name) ?? { again: false };
    resting.delete(name);
    if (again) begin([name]);
  }

  return {
    say(names) {
      for (const name of names) {
        const rest = resting.get(name);
        if (rest !== undefined) rest.again = true;
      }
      begin(names.filter(name => !resting.has(name)));
    },
    close() {
      for (const { cancel } of resting.values()) cancel();
      resting.clear();
    },
  };
}
