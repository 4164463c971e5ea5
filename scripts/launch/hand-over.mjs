import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { enableCompileCache } from './compile-cache.mjs';

/** A person's Ctrl-C reaches the whole group at a terminal, a signal by `kill` only us: pass it on, Moulin counts doubles once. */
const FORWARDED = /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']);

/**
 * Becomes the script: in this process if its Node will do, by replacing the process where Node can (22.15 and later),
 * else as a child whose end is ours.
 * @param {string} node
 * @param {string} file
 * @param {string[]} args
 */
export async function handOver(node, file, args) {
  const script = resolve(file);
  const env = { ...process.env, ...enableCompileCache() };
  if (node === process.execPath) {
    process.argv = [node, script, ...args];
    await import(pathToFileURL(script).href);
    return;
  }
  const command = [node, script, ...args];
  const { execve } =
    /** @type {{ execve?: (file: string, args: string[], env: NodeJS.ProcessEnv) => never }} */ (process);
  if (execve) {
    process.removeAllListeners('warning');
    execve.call(process, node, command, env);
  }
  runAsChild(command, { ...env, LAUNCHER_PID: String(process.pid) });
}

/**
 * @param {string[]} command
 * @param {NodeJS.ProcessEnv} env
 */
function runAsChild([node = '', ...args], env) {
  const child = spawn(node, args, { stdio: 'inherit', env });
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal));
  child.on('error', error => {
    process.stderr.write(`✖ Cannot run ${node}: ${error.message}.\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    if (!signal) process.exit(code ?? 1);
    for (const name of FORWARDED) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}
