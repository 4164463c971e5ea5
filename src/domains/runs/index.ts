export { type KindTable, kindTable } from './kinds.ts';
export { type LogHandlerParts, type LogHandlers, logHandlers } from './logs/index.ts';
export { type RunParts, runHandlers } from './routes.ts';
export type { RunTask, TaskKind } from './task.ts';
export { type WorkerParts, workerHandlers } from './worker-routes.ts';
