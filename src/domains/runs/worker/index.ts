export {
  openWorker,
  type Worker,
  type WorkerMetrics,
  type WorkerParts,
  type WorkerStats,
  type WorkerTimes,
} from './worker.ts';
