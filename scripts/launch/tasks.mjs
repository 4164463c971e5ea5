import { LaunchError } from './errors.mjs';
import { handOver } from './hand-over.mjs';
import { linkRuntime } from './link.mjs';
import { MAIN } from './places.mjs';
import { prepare } from './prepare.mjs';
import { say } from './progress.mjs';

/** The only command that shows pages: every other one starts without looking at the web's sources. */
const NEEDS_WEB = 'start';

/**
 * - `prepare`: make ready for the `exec moulin-node bin/main.mjs start` of package.json
 * - `run [--web] FILE …`: make ready, then run a script of this repository
 * - `moulin …`: make ready, then run the command line (bin/moulin)
 * @param {string[]} argv
 */
async function launch(argv) {
  const [task, ...rest] = argv;
  switch (task) {
    case 'prepare':
      return linkRuntime(await prepare({ web: true, command: NEEDS_WEB }));
    case 'moulin':
      return handOver(await prepare({ web: rest[0] === NEEDS_WEB, command: rest[0] }), MAIN, rest);
    case 'run': {
      const web = rest[0] === '--web';
      const [file, ...args] = web ? rest.slice(1) : rest;
      if (!file) throw new LaunchError('launch.mjs run: name the file to run.');
      return handOver(await prepare({ web }), file, args);
    }
    default:
      throw new LaunchError(`launch.mjs: there is no task "${task ?? ''}".`, 'Use prepare, run or moulin.');
  }
}

/** @param {string[]} argv */
export async function launchOrSayWhy(argv) {
  try {
    await launch(argv);
  } catch (error) {
    if (!(error instanceof LaunchError)) throw error;
    say(`✖ ${error.message}`);
    if (error.hint) say(`  ${error.hint}`);
    process.exit(error.exit_code);
  }
}
