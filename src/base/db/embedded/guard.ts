import { type ChildProcess, spawn } from 'node:child_process';
import { dirname } from 'node:path';
import type { Account } from './account.ts';

/**
 * PostgreSQL does not notice when the process that started it dies. The guard does: it reads a pipe whose other end only
 * we hold, and stops PostgreSQL when that end closes, however we ended. It costs one shell (about 1 MB).
 */
export interface Guard {
  /** The server to stop when we are gone; none: nothing is to be stopped. */
  watch(pid: number | undefined): void;
  close(): void;
}

/** Fast first (sessions are ended, all is written), then immediate (as after a power cut; the next start recovers). */
const SHELL_GUARD = `
pid=0
while read -r line; do pid=$line; done
[ "$pid" -gt 0 ] 2>/dev/null || exit 0
kill -INT "$pid" 2>/dev/null || exit 0
tenths=0
while kill -0 "$pid" 2>/dev/null && [ $tenths -lt 60 ]; do
  tenths=$((tenths + 1))
  [ $tenths -eq 30 ] && kill -QUIT "$pid" 2>/dev/null
  sleep 0.1 || sleep 1
done`;

/**
 * Where there is no shell (Windows, which has no signals either): the same through pg_ctl. The guard itself runs as we do:
 * PostgreSQL's account may not even execute a Node that lies in root's home, and then nobody would stop PostgreSQL.
 */
const NODE_GUARD = `
const [pg_ctl, folder, account] = process.argv.slice(1);
const as = JSON.parse(account);
let text = '';
process.stdin.on('data', chunk => { text += chunk; });
process.stdin.on('end', () => {
  if (!(Number(text.trim().split('\\n').at(-1)) > 0)) return;
  const { spawnSync } = require('node:child_process');
  const stop = (mode, seconds) => spawnSync(pg_ctl, ['stop', '-D', folder, '-m', mode, '-t', String(seconds)], as);
  if (stop('fast', 3).status !== 0) stop('immediate', 3);
});`;

/** A moment, so that a machine that can start no guard is not kept busy with trying. */
const REPLACE_MS = 50;

export interface GuardOptions {
  kind: 'shell' | 'node';
  /** Whom PostgreSQL runs as: stopping it needs no more rights than that. */
  account: Account | undefined;
  pg_ctl: string;
  data_folder: string;
}

/** Killed on its own, it is replaced at once. */
export function startGuard(options: GuardOptions): Guard {
  let watched = 0;
  let closed = false;
  let guard: ChildProcess | undefined;

  const tell = (): void => {
    guard?.stdin?.write(`${watched}\n`);
  };
  const post = (): void => {
    if (closed) return;
    guard = spawnGuard(options);
    guard.once('exit', () => setTimeout(post, REPLACE_MS));
    tell();
  };
  post();

  return {
    watch(pid) {
      watched = pid ?? 0;
      tell();
    },
    close() {
      closed = true;
      watched = 0;
      tell();
      guard?.stdin?.end();
    },
  };
}

function spawnGuard(options: GuardOptions): ChildProcess {
  const { command, args, account } = programOf(options);
  // Detached: Ctrl-C in a terminal goes to the whole group, and the guard must outlive us.
  const child = spawn(command, args, {
    ...account,
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    windowsHide: true,
    cwd: dirname(options.data_folder),
  });
  child.unref();
  // A guard that dies breaks the pipe; its end is seen by whoever posted it.
  child.stdin?.on('error', () => {});
  // It could not be started: `exit` does not follow by itself.
  child.on('error', () => child.emit('exit'));
  return child;
}

function programOf({ kind, account, pg_ctl, data_folder }: GuardOptions) {
  if (kind === 'shell') return { command: 'sh', args: ['-c', SHELL_GUARD], account };
  const args = ['-e', NODE_GUARD, pg_ctl, data_folder, JSON.stringify(account ?? {})];
  return { command: process.execPath, args, account: undefined };
}
