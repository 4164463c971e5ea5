/** At a terminal npm and the system both deliver one Ctrl-C: what comes so soon after is the same press. */
const SAME_PRESS_MS = 500;
/** A service manager waits longer than this, so it is Moulin that ends what does not end by itself. */
export const STOP_DEADLINE_MS = 10_000;

export interface StopSignals {
  /** Ends the waiting: nobody listens any more. */
  close(): void;
}

/** The first signal stops cleanly, a second one stops at once. */
export function onStopSignals(actions: {
  stop: (reason: string) => void;
  stopNow: () => void;
  now?: () => number;
}): StopSignals {
  const now = actions.now ?? (() => performance.now());
  let first: number | undefined;
  const heard = (signal: NodeJS.Signals) => {
    if (first === undefined) {
      first = now();
      actions.stop(signal);
    } else if (now() - first > SAME_PRESS_MS) actions.stopNow();
  };
  const signals: NodeJS.Signals[] = [
    'SIGINT',
    'SIGTERM',
    'SIGHUP',
    ...(process.platform === 'win32' ? (['SIGBREAK'] as const) : []),
  ];
  for (const signal of signals) process.on(signal, heard);
  return {
    close: () => {
      for (const signal of signals) process.off(signal, heard);
    },
  };
}
