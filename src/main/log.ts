import { join } from 'node:path';
import { systemClock } from '../base/kit/clock.ts';
import { entryOf, type ResolvedConfig } from '../base/kit/config.ts';
import type { Log, OpenedLog } from '../base/kit/log.ts';
import type { Redactor } from '../base/kit/redact.ts';

/** Each process writes files of its own: two that rotate one file would cut each other off. */
export type ProcessName = 'moulin' | 'supervisor' | 'worker';

const FILE_BYTES = 10 * 1024 * 1024;

/** The console shows what goes wrong, unless somebody asked for more; the files hold all. */
export async function openLogFor(
  resolved: ResolvedConfig,
  redactor: Redactor,
  name: ProcessName,
): Promise<OpenedLog> {
  const { openLog } = await import('../base/kit/log.ts');
  const { log, data, retention } = resolved.config;
  const is_terminal = process.stderr.isTTY === true;
  return openLog({
    level: log.level,
    console_level: entryOf(resolved, 'log.level')?.origin === 'default' ? 'warn' : log.level,
    format: log.format === 'auto' ? (is_terminal ? 'text' : 'json') : log.format,
    clock: systemClock,
    redact: redactor.redact,
    console: text => void process.stderr.write(text),
    files: {
      name,
      folder: join(data, 'logs'),
      file_bytes: FILE_BYTES,
      total_bytes: retention.logs_bytes,
      keep_days: retention.logs_days,
    },
  });
}

/** A mistake of ours that nobody caught: no state can be trusted after it, so the process ends, in order and with a reason. */
export function dieAloud(log: Log, end: (reason: string) => void): () => void {
  const heard = (error: unknown) => {
    log.fatal({ error }, 'An unexpected error ends this process');
    end('an unexpected error; the log has it');
  };
  process.on('uncaughtException', heard);
  return () => process.off('uncaughtException', heard);
}
