import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** Who serves a data folder, for people and for other processes. Only the lock says whether it is still true. */
const pidFileSchema = z.object({
  pid: z.number().int().positive(),
  /** What people type: behind a proxy that is not this process. */
  url: z.string(),
  /** Where this process itself listens, and the certificate that it shows there: for commands on this machine. */
  local_url: z.string().optional(),
  tls_fingerprint: z.string().optional(),
  port: z.number().int(),
  started_at: z.string(),
  version: z.string(),
});
export type PidFile = z.infer<typeof pidFileSchema>;

export function pidFilePath(data: string): string {
  return join(data, 'run', 'moulin.pid.json');
}

export function writePidFile(data: string, value: PidFile): void {
  const fresh = `${pidFilePath(data)}.new`;
  writeFileSync(fresh, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(fresh, pidFilePath(data));
}

export function removePidFile(data: string): void {
  rmSync(pidFilePath(data), { force: true });
}

/** A file that was cut off says as little as none. */
export function readPidFile(data: string): PidFile | undefined {
  try {
    return pidFileSchema.safeParse(JSON.parse(readFileSync(pidFilePath(data), 'utf8'))).data;
  } catch {
    return undefined;
  }
}
