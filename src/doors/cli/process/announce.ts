import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PidFile, removePidFile, writePidFile } from './pid-file.ts';

/** For the commands of whoever may read the data folder: where the server is, and the secret that opens its local door. */
export function announce(data: string, running: Omit<PidFile, 'pid'> & { local_token: string }): () => void {
  const { local_token, ...facts } = running;
  const token = join(data, 'run', 'local.token');
  // Before the process file: whoever finds that finds this too.
  rmSync(token, { force: true });
  writeFileSync(token, `${local_token}\n`, { mode: 0o600 });
  writePidFile(data, { pid: process.pid, ...facts });
  return () => {
    removePidFile(data);
    rmSync(token, { force: true });
  };
}
