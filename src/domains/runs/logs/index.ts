export type { LogStream, RawLine } from './line.ts';
export { openSweeper, type PackOptions, type PackReport, packLogs, type Sweeper } from './pack.ts';
export { type RunRetention, type TrimReport, trimLogs } from './retention.ts';
export { type LogHandlerParts, type LogHandlers, logHandlers } from './routes.ts';
export {
  type AttemptLog,
  type AttemptRef,
  LOG_LIMITS,
  type LogLimits,
  type LogTotals,
  type LogWriter,
  type LogWriterParts,
  openLogWriter,
} from './writer.ts';
