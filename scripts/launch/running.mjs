import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ROOT } from './places.mjs';

/**
 * Does the Moulin of this folder run right now? Its packages must not be taken away under it. The launcher cannot read
 * moulin.yaml (nothing that reads YAML may be installed yet), so it looks where flag, variable and default say.
 * @param {string[]} args
 * @returns {{ pid: number, url: string } | undefined}
 */
export function runningHere(args) {
  const data = resolve(ROOT, dataFlag(args) ?? process.env.MOULIN_DATA ?? '.moulin');
  try {
    const { pid, url } = JSON.parse(readFileSync(join(data, 'run', 'moulin.pid.json'), 'utf8'));
    process.kill(pid, 0);
    return { pid, url };
  } catch {
    return undefined;
  }
}

/** @param {string[]} args */
function dataFlag(args) {
  const at = args.findIndex(arg => arg === '--data' || arg.startsWith('--data='));
  if (at === -1) return undefined;
  return args[at] === '--data' ? args[at + 1] : args[at]?.slice('--data='.length);
}
