import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// `npm run generate`: every generator, one after the other (one may read what another wrote).

const ROOT = fileURLToPath(new URL('../', import.meta.url));

for (const script of globSync('scripts/generate-*.ts', { cwd: ROOT }).sort()) {
  const { status } = spawnSync(process.execPath, [script], { cwd: ROOT, stdio: 'inherit' });
  console.log(`${status === 0 ? '✔' : '✖'} ${script}`);
  if (status !== 0) process.exitCode = 1;
}
