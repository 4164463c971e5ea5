import { execFileSync } from 'node:child_process';
import { cpSync, globSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// What the published package holds instead of src/: JavaScript and its types (Node strips no types under node_modules),
// and beside them the SQL and the other files that the code reads. `npm pack` runs it; a clone needs none of it.

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const DIST = join(ROOT, 'dist');
const NOT_SHIPPED = /\.(ts|md)$|\.golden\.|(^|\/)golden\//;

rmSync(DIST, { recursive: true, force: true });
execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
  cwd: ROOT,
  stdio: ['ignore', 2, 2],
});
const assets = globSync('**/*.*', { cwd: join(ROOT, 'src') }).filter(
  file => !NOT_SHIPPED.test(file.replaceAll('\\', '/')),
);
for (const file of assets) cpSync(join(ROOT, 'src', file), join(DIST, file));
