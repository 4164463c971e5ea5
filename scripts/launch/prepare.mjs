import { LaunchError } from './errors.mjs';
import { ensureInstalled, isInstalled } from './install.mjs';
import { ensureNode } from './node24.mjs';
import { isClone } from './places.mjs';
import { runningHere } from './running.mjs';
import { ensureWeb, isBuilt } from './web.mjs';

/**
 * Everything that must stand before Moulin's own code can run. Nothing changed since the last time: no network, no
 * process, a few milliseconds.
 * @param {{ web: boolean, command?: string }} needs
 * @returns {Promise<string>} the Node to run it with
 */
export async function prepare({ web, command }) {
  const node = await ensureNode();
  if (!isClone()) return node;
  const isReady = isInstalled() && (!web || isBuilt());
  if (isReady) return node;
  const running = runningHere(process.argv.slice(2));
  if (running && command === 'start')
    throw new LaunchError(
      `An older Moulin of this folder runs at ${running.url} (process ${running.pid}) and needs its files.`,
      'Stop it (Ctrl-C there, or bin/moulin stop), then start again to upgrade.',
    );
  // Any other command talks to the running one, with the packages that both have.
  if (running) return node;
  await ensureInstalled(node);
  if (web) await ensureWeb(node);
  return node;
}
