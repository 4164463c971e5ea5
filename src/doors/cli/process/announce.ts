import { X509Certificate } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PidFile, removePidFile, writePidFile } from './pid-file.ts';

type Running = Omit<PidFile, 'pid' | 'tls_fingerprint'> & {
  local_token: string;
  /** The file with the certificate that this process shows. */
  tls_cert: string | null;
};

/** For the commands of whoever may read the data folder: where the server is, and the secret that opens its local door. */
export function announce(data: string, running: Running): () => void {
  const { local_token, tls_cert, ...facts } = running;
  const token = join(data, 'run', 'local.token');
  // Before the process file: whoever finds that finds this too.
  rmSync(token, { force: true });
  writeFileSync(token, `${local_token}\n`, { mode: 0o600 });
  writePidFile(data, {
    pid: process.pid,
    ...facts,
    ...(tls_cert && { tls_fingerprint: fingerprintOf(tls_cert) }),
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
