export { markTask, repeatRun, retryRun, retryTask } from './again.ts';
export { cancelRun, cancelTask } from './cancel.ts';
export { claimTasks } from './claim.ts';
export { addTasks, createRun } from './create.ts';
export { endTasks } from './end.ts';
export { beginTasks, commitStage, releaseTasks, writeProgress } from './lease.ts';
export { setLimit } from './limits.ts';
export { type Swept, sweepOnce } from './sweep.ts';
export type {
  Answer,
  Beat,
  BeatAnswer,
  ByHand,
  Claimant,
  Claimed,
  Ending,
  Lease,
  MoreTasks,
  NewWorker,
  Outcome,
  RunAs,
  RunOrder,
  StageCommit,
  TaskProgress,
} from './types.ts';
export { openWatcher, type Watcher } from './watcher.ts';
export { beatWorker, drainWorker, endWorker, giveUpWorkers, loseWorker, registerWorker } from './workers.ts';
