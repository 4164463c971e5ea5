import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../../contract/config.ts';
import { removePidFile, writePidFile } from './pid-file.ts';

export interface Announced {
  url: string;
  local_url: string;
  port: number;
  version: string;
  started_at: string;
  local_token: string;
}

/** For the commands of whoever may read the data folder: where the server is, and the secret that opens its local door. */
export function announce({ data, tls }: Pick<Config, 'data' | 'tls'>, server: Announced): () => void {
  const { url, local_url, port, version, started_at, local_token } = server;
  const token = join(data, 'run', 'local.token');
  // Before the process file: whoever finds that finds this too.
  rmSync(token, { force: true });
  writeFileSync(token, `${local_token}\n`, { mode: 0o600 });
  writePidFile(data, { pid: process.pid, url, local_url, tls_cert: tls.cert, port, version, started_at });
  return () => {
    removePidFile(data);
    rmSync(token, { force: true });
  };
}
