import { setTimeout as pause } from 'node:timers/promises';

interface Deadline {
  seconds: number;
  what: () => string;
}

const PAUSE_MS = 20;

/** Asks until the answer is there; a condition that never comes says what was waited for. */
export async function waitFor<T>(
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  { seconds, what }: Deadline,
): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`waited ${seconds} s for ${what()}`);
    await pause(PAUSE_MS);
  }
}
