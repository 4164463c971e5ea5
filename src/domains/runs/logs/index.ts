export type { LogStream, RawLine } from './line.ts';
export type { AttemptLog, AttemptRef, LogLimits, LogTotals, LogWriter, LogWriterParts } from './writer.ts';
