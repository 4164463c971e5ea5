/**
 * The eight states of everything that runs, and how each looks. `running` is the only one that moves. Never colour
 * alone: a mark and a word go with it.
 */
export const STATES = {
  succeeded: { tone: 'ok', mark: 'dot' },
  running: { tone: 'run', mark: 'turning' },
  waiting: { tone: 'wait', mark: 'dot' },
  warning: { tone: 'warn', mark: 'dot' },
  failed: { tone: 'bad', mark: 'dot' },
  lost: { tone: 'lost', mark: 'dot' },
  skipped: { tone: 'wait', mark: 'ring' },
  paused: { tone: 'wait', mark: 'bars' },
} as const;

export type State = keyof typeof STATES;
export const stateNames = Object.keys(STATES) as State[];
