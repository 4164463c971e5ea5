import { X509Certificate } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  const { local_token, ...facts } = server;
  const token = join(data, 'run', 'local.token');
  // Before the process file: whoever finds that finds this too.
  rmSync(token, { force: true });
  writeFileSync(token, `${local_token}\n`, { mode: 0o600 });
  writePidFile(data, {
    pid: process.pid,
    ...facts,
    ...(tls.cert !== null && { tls_fingerprint: fingerprintOf(tls.cert) }),
  });
  return () => {
    removePidFile(data);
    rmSync(token, { force: true });
  };
}

/** Kept now: the file may be renewed while this process still shows what it read. Of a chain the first one is the server's. */
function fingerprintOf(file: string): string {
  return new X509Certificate(readFileSync(file)).fingerprint256;
}
