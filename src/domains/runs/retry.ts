import type { Retry, TaskError } from '../../contract/runs.ts';

/** What decides whether a task that failed is tried again. */
export interface Tried {
  retry: Retry;
  attempt: number;
  /** Grows with what does not count: an attempt that was handed over, a new start by hand. */
  max_attempts: number;
}

/** Seconds until the next attempt; undefined when there is none: no attempt is left, or trying again would change nothing. */
export function nextAttemptIn(
  tried: Tried,
  error: Pick<TaskError, 'retry'>,
  chance: number,
): number | undefined {
  const left = tried.max_attempts - tried.attempt;
  if (error.retry === 'terminal' || left <= 0) return undefined;
  return backOff(tried.retry, tried.retry.max_attempts - left, chance);
}

/**
 * Before the n-th new attempt: delay × factor^(n-1), at most `max_delay_seconds`, then moved by chance (0 … 1) by up to the
 * share that `jitter` allows, so that what failed together does not come back together.
 */
export function backOff(retry: Retry, n: number, chance: number): number {
  const grown = retry.delay_seconds * retry.factor ** Math.max(0, n - 1);
  const delay = Math.min(grown, retry.max_delay_seconds);
  return Math.max(0, delay * (1 + retry.jitter * (2 * chance - 1)));
}
