export {
  openWorker,
  type Worker,
  type WorkerParts,
  type WorkerStats,
  type WorkerTimes,
} from './worker.ts';
