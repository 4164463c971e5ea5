import type { LogLine } from '../../../contract/runs.ts';

export type LogStream = LogLine['stream'];

/** A line as the worker hands it over: not yet masked, bounded or numbered. */
export interface RawLine {
  level: LogLine['level'];
  text: string;
  stream: LogStream;
  /** Structured fields of the task's own log. */
  fields?: Readonly<Record<string, unknown>> | null;
  /** RFC 3339; the moment of `write` where it is absent or cannot be read. */
  at?: string;
}
