// Where every Moulin process begins. Plain JavaScript, because the compile cache must be on before the first TypeScript is read.
import { existsSync } from 'node:fs';
import { enableCompileCache } from '../scripts/launch/compile-cache.mjs';
import { cacheFolder, ROOT } from '../scripts/launch/places.mjs';

enableCompileCache();
quieten();
const source = new URL('../src/main.ts', import.meta.url);
// Node strips no types under node_modules: the package brings JavaScript.
const { main } = await import(
  existsSync(source) ? source.href : new URL('../dist/main.js', import.meta.url).href
);
await main(process.argv.slice(2), { package_folder: ROOT, cache_folder: cacheFolder() });

/** The first Nodes of line 24 call type stripping and SQLite experimental at every start; nobody can do anything about that. */
function quieten() {
  process.removeAllListeners('warning');
  process.on('warning', warning => {
    if (warning.name !== 'ExperimentalWarning') process.stderr.write(`${warning.stack ?? warning}\n`);
  });
}
