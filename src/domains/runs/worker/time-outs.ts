import type { TaskError, Timeouts } from '../../../contract/runs.ts';
import { taskError } from '../task-error.ts';
import type { Timers } from './timers.ts';

/** A runner that does not even begin is given up, also where nobody asked for a start time-out. */
const START_SECONDS = 120;

interface Watched {
  timers: Timers;
  timeouts: Timeouts;
  /** Since something was heard of it; 0 while it waits for us. */
  silentMs(): number;
  fire(error: TaskError): void;
}

export function watchStart({ timers, timeouts, fire }: Watched): void {
  const seconds = timeouts.start ?? START_SECONDS;
  timers.after('start', seconds * 1000, () => fire(taskError('task.start_time', { seconds })));
}

/** From its beginning on; the others are counted from here. */
export function watchRun(watched: Watched): void {
  const { timers, timeouts, fire } = watched;
  const { run, silence } = timeouts;
  timers.clear('start');
  if (run !== undefined)
    timers.after('run', run * 1000, () => fire(taskError('task.run_time', { seconds: run })));
  if (silence !== undefined) watchSilence(watched, silence);
}

/** Looks only when it may have become too long: a line of the log must not cost a timer. */
function watchSilence(watched: Watched, seconds: number): void {
  const left_ms = seconds * 1000 - watched.silentMs();
  if (left_ms <= 0) watched.fire(taskError('task.silence', { seconds }));
  // Timers may fire a moment early.
  else watched.timers.after('silence', left_ms + 1, () => watchSilence(watched, seconds));
}
