import type { Log } from '../../../base/kit/log.ts';
import type { AttemptLog } from '../logs/index.ts';
import type { Ending, Lease } from '../queue/index.ts';
import { taskError, toTaskError } from '../task-error.ts';
import type { Outcome } from './attempt.ts';
import type { Batch } from './batch.ts';
import type { Word } from './words.ts';

export interface Ended {
  lease: Lease;
  outcome: Outcome;
  metrics: Readonly<Record<string, number>>;
  attempt_log: AttemptLog;
}

/** Tells the store how it ended; never throws. What the store refuses is somebody else's by now. */
export async function report(words: Batch<Word, boolean>, log: Log, ended: Ended): Promise<void> {
  const { lease, outcome, metrics, attempt_log } = ended;
  // First what it said, then that it is over: whoever sees the end can read the log to the end.
  await attempt_log.close();
  if (outcome.state === 'lost') return;
  const said = { metrics, log: attempt_log.totals() };
  try {
    // Refused: its lease is gone, or it was cancelled first. The store ends what is cancelled by whatever is said of it, but
    // does not hand it over.
    if (outcome.state === 'released' && (await words.add({ say: 'release', lease }))) return;
    await end(words, { ...lease, ...said, outcome: toOutcome(outcome) });
  } catch (error) {
    // Its lease is not kept up any more, and whoever watches gives it to another attempt.
    log.error({ error, task_id: lease.task_id }, 'The end of a task could not be stored');
  }
}

/** A result that the store cannot hold is a failure of the task, not of the worker. */
async function end(words: Batch<Word, boolean>, ending: Ending): Promise<boolean> {
  try {
    return await words.add({ say: 'end', ending });
  } catch (error) {
    const bare = { ...ending, metrics: {}, outcome: { state: 'failed' as const, error: toTaskError(error) } };
    return words.add({ say: 'end', ending: bare });
  }
}

function toOutcome(outcome: Exclude<Outcome, { state: 'lost' }>): Ending['outcome'] {
  if (outcome.state !== 'cancelled' && outcome.state !== 'released') return outcome;
  const reason = outcome.state === 'released' || outcome.reason === '' ? '' : `: ${outcome.reason}`;
  return { state: 'cancelled', error: taskError('task.cancelled', { reason }) };
}
