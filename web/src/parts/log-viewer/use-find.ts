import { useEffect, useRef, useState } from 'react';
import type { Problem } from '../../../../src/contract/errors.ts';
import { toProblem } from '../../problems.ts';
import type { OpenLog, Wanted } from './use-log.ts';

export interface Find {
  /** The line that was found last. */
  hit: number | undefined;
  state: 'idle' | 'busy' | 'found' | 'wrapped' | 'none';
  problem: Problem | undefined;
  /** From the line `from` on, or backwards from it; past the end it goes on at the other one. */
  go: (wanted: Omit<Wanted, 'from'>, from: number) => void;
  reset: () => void;
}

const BEHIND_ALL = 2 ** 40;

/** Looks for lines on the server, one after the other; asking again ends the search before. */
export function useFind({ find, goTo }: Pick<OpenLog, 'find' | 'goTo'>): Find {
  const [found, setFound] = useState<Pick<Find, 'hit' | 'state' | 'problem'>>(NOTHING);
  const running = useRef<AbortController>(null);
  useEffect(() => () => running.current?.abort(), []);

  const go = async (wanted: Omit<Wanted, 'from'>, from: number) => {
    running.current?.abort();
    const stop = new AbortController();
    running.current = stop;
    setFound(before => ({ ...before, state: 'busy', problem: undefined }));
    try {
      const ahead = await find({ ...wanted, from }, stop.signal);
      const around = ahead ?? (await find({ ...wanted, from: wanted.back ? BEHIND_ALL : 0 }, stop.signal));
      if (stop.signal.aborted) return;
      if (around === null) return setFound({ hit: undefined, state: 'none', problem: undefined });
      setFound({ hit: around, state: ahead === null ? 'wrapped' : 'found', problem: undefined });
      goTo(around);
    } catch (error) {
      if (!stop.signal.aborted) setFound({ ...NOTHING, problem: toProblem(error) });
    }
  };

  const reset = () => {
    running.current?.abort();
    setFound(NOTHING);
  };
  return { ...found, go: (wanted, from) => void go(wanted, from), reset };
}

const NOTHING: Pick<Find, 'hit' | 'state' | 'problem'> = {
  hit: undefined,
  state: 'idle',
  problem: undefined,
};
