import { spawn } from 'node:child_process';
import { LaunchError } from './errors.mjs';

const SIGNALS = /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
const KEPT_OUTPUT = 200_000;
const PARENT_LOOK_MS = 500;
const KILL_AFTER_MS = 5000;

/**
 * Runs a step of the preparation to its end. It dies with us: by our signals, and when whoever started us is gone.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv }} options
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
export function runQuietly(command, args, { cwd, env = process.env }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (/** @type {string} */ text) => {
      output = (output + text).slice(-KEPT_OUTPUT);
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);

    /** @type {LaunchError | undefined} */
    let interrupted;
    const stop = (/** @type {string} */ why) => {
      interrupted ??= new LaunchError(`Interrupted (${why}).`, 'Start again to go on.', 130);
      child.kill('SIGTERM');
      setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS).unref();
    };
    const forget = onEnd(stop);
    child.on('error', error => {
      forget();
      reject(new LaunchError(`Cannot run ${command}: ${error.message}.`));
    });
    child.on('close', code => {
      forget();
      if (interrupted) reject(interrupted);
      else resolve({ ok: code === 0, output });
    });
  });
}

/** @param {(why: string) => void} stop */
function onEnd(stop) {
  for (const signal of SIGNALS) process.on(signal, stop);
  const parent = process.ppid;
  const watch = setInterval(() => process.ppid !== parent && stop('its parent ended'), PARENT_LOOK_MS);
  return () => {
    clearInterval(watch);
    for (const signal of SIGNALS) process.off(signal, stop);
  };
}
