export interface OneAtATime {
  /** Done when every run that was asked for by then is. */
  (): Promise<void>;
  /** Done when nothing runs. */
  idle(): Promise<void>;
}

/**
 * Work that must not overlap itself, asked for by hints. A call while it runs asks for exactly one more run, which starts
 * after it: what was written meanwhile is seen, and a thousand hints are two runs. The work itself never fails.
 */
export function oneAtATime(work: () => Promise<void>): OneAtATime {
  let running: Promise<void> | undefined;
  let again = false;
  const run = async (): Promise<void> => {
    do {
      again = false;
      await work();
    } while (again);
    running = undefined;
  };
  const ask = () => {
    if (running) again = true;
    running ??= run();
    return running;
  };
  return Object.assign(ask, { idle: async () => running });
}
