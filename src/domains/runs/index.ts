export { diagnostic } from './diagnostic.ts';
export { type DutyParts, runDuties } from './duties.ts';
export { workersCheck } from './health.ts';
export { type KindTable, kindTable } from './kinds.ts';
export { type LogHandlerParts, type LogHandlers, logHandlers } from './logs/index.ts';
export { runMetrics } from './metrics.ts';
export { openRunsWorker, type RunsWorkerParts, tryRunner } from './open.ts';
export { createRun, giveUpWorkers } from './queue/index.ts';
export { type RunParts, runHandlers } from './routes.ts';
export type { Duty } from './schedules/index.ts';
export { followZone, openLeader, type ScheduleParts, scheduleHandlers } from './schedules/index.ts';
export {
  type BeginContext,
  type Begun,
  type Commit,
  type CommitContext,
  defineTask,
  type Fact,
  type PrepareContext,
  type RunContext,
  type RunTask,
  type StageOf,
  type TaskKind,
} from './task.ts';
export type { Worker, WorkerStats } from './worker/index.ts';
export { type WorkerParts, workerHandlers } from './worker-routes.ts';
