import { type ChildProcess, spawn } from 'node:child_process';

/**
 * A process that is killed cannot end what it started. Its guard does: it reads a pipe whose other end only we hold, knows
 * the groups of processes to end, and ends them when that pipe closes, however we died. It costs one shell (about 1 MB).
 */
export interface Guard {
  /** `now`: SIGKILL. `gentle`: SIGTERM, and SIGKILL three seconds later, for what has something to put in order. */
  watch(group: number, how?: 'now' | 'gentle'): void;
  /** It has ended: its number may soon be somebody else's. */
  forget(group: number): void;
  close(): void;
}

export interface GuardOptions {
  /** `NAME=value` in the environment of what is to be ended though it left its group; looked for where there is /proc. */
  mark?: string;
  kind?: 'shell' | 'node';
}

/** The groups are words of a text: there are few, and a shell has nothing else. */
const SHELL_GUARD = `
mark=$1 now= gentle=
without() { rest=; for one in $1; do [ "$one" = "$2" ] || rest="$rest $one"; done; }
while read -r what group; do
  [ "$what" = done ] && exit 0
  without "$now" "$group"; now=$rest
  without "$gentle" "$group"; gentle=$rest
  case $what in now) now="$now $group" ;; gentle) gentle="$gentle $group" ;; esac
done
for one in $now; do kill -s KILL -- "-$one"; done
for one in $gentle; do kill -s TERM -- "-$one"; done
rounds=0
while [ -n "$mark" ] && [ -d /proc/self ] && [ $rounds -lt 5 ]; do
  found=
  for file in $(grep -lF -- "$mark" /proc/[0-9]*/environ); do
    pid=\${file#/proc/}; pid=\${pid%/environ}
    [ "$pid" = "$$" ] || { kill -s KILL "$pid" && found=1; }
  done
  [ -n "$found" ] || break
  rounds=$((rounds + 1))
done
tenths=0
while [ -n "$gentle" ] && [ $tenths -lt 30 ]; do
  left=
  for one in $gentle; do kill -s 0 -- "-$one" && left="$left $one"; done
  gentle=$left tenths=$((tenths + 1))
  sleep 0.1 || sleep 1
done
for one in $gentle; do kill -s KILL -- "-$one"; done`;

/** Where there is no shell (Windows, which has neither groups nor signals): whole trees. */
const NODE_GUARD = `
const { spawnSync } = require('node:child_process');
const watched = new Map();
let text = '';
process.stdin.on('data', chunk => {
  const lines = (text + chunk).split('\\n');
  text = lines.pop();
  for (const line of lines) {
    const [what, group] = line.split(' ');
    if (what === 'done') process.exit();
    watched.delete(group);
    if (what !== 'forget') watched.set(group, what);
  }
});
const end = (group, signal) => {
  if (process.platform === 'win32') return spawnSync('taskkill', ['/T', '/F', '/PID', group]).status === 0;
  try { return process.kill(-group, signal); } catch { return false; }
};
process.stdin.on('end', () => {
  for (const [group, what] of watched) end(group, what === 'now' ? 'SIGKILL' : 'SIGTERM');
  const gentle = [...watched].filter(([, what]) => what === 'gentle').map(([group]) => group);
  if (gentle.length) setTimeout(() => gentle.forEach(group => end(group, 'SIGKILL')), 3000);
});`;

/** A moment, so that a machine that can start no guard is not kept busy with trying. */
const REPLACE_MS = 50;

/** Killed on its own, it is replaced at once, and told everything again. */
export function startGuard(options: GuardOptions = {}): Guard {
  const watched = new Map<number, 'now' | 'gentle'>();
  let closed = false;
  let guard: ChildProcess | undefined;

  const tell = (line: string) => void guard?.stdin?.write(`${line}\n`);
  const post = () => {
    if (closed) return;
    guard = spawnGuard(options);
    guard.once('exit', () => setTimeout(post, REPLACE_MS));
    for (const [group, how] of watched) tell(`${how} ${group}`);
  };
  post();

  return {
    watch(group, how = 'now') {
      watched.set(group, how);
      tell(`${how} ${group}`);
    },
    forget(group) {
      if (watched.delete(group)) tell(`forget ${group}`);
    },
    close() {
      closed = true;
      watched.clear();
      tell('done');
      guard?.stdin?.end();
    },
  };
}

function spawnGuard({ kind, mark = '' }: GuardOptions): ChildProcess {
  const is_shell = (kind ?? (process.platform === 'win32' ? 'node' : 'shell')) === 'shell';
  const [command, args] = is_shell
    ? ['sh', ['-c', SHELL_GUARD, 'moulin-guard', mark]]
    : [process.execPath, ['-e', NODE_GUARD]];
  // Detached: Ctrl-C in a terminal goes to the whole group, and the guard must outlive us. Of our environment it needs only
  // where programs are; a mark in it would be its own death.
  const env = { PATH: process.env.PATH, SystemRoot: process.env.SystemRoot };
  const child = spawn(command, args, {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    windowsHide: true,
    cwd: '/',
    env,
  });
  child.unref();
  // A guard that dies breaks the pipe; its end is seen by whoever posted it.
  child.stdin?.on('error', () => {});
  // It could not be started: `exit` does not follow by itself.
  child.on('error', () => child.emit('exit'));
  return child;
}
