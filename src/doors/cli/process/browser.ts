import { spawn } from 'node:child_process';

interface Seat {
  platform: NodeJS.Platform;
  env: Readonly<Record<string, string | undefined>>;
  /** Somebody sits at this terminal. */
  is_terminal: boolean;
}

/** Only where a browser can show up before the person who typed the command. */
export function canShowBrowser({ platform, env, is_terminal }: Seat): boolean {
  if (!is_terminal || env.CI || env.SSH_CONNECTION || env.SSH_TTY) return false;
  if (platform === 'win32' || platform === 'darwin') return true;
  return Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
}

/**
 * Best effort: the address is on the console in any case. It is the plain address, never the one-time link, because
 * command lines are visible to everybody on the machine.
 */
export function openBrowser(url: string, platform: NodeJS.Platform = process.platform): void {
  const [command, ...args] = openerOf(platform, url);
  const child = spawn(command, args, { stdio: 'ignore', detached: true });
  child.on('error', () => {});
  child.unref();
}

function openerOf(platform: NodeJS.Platform, url: string): [string, ...string[]] {
  if (platform === 'darwin') return ['open', url];
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler', url];
  return ['xdg-open', url];
}
