import { entryOf, type ResolvedConfig } from '../../../base/kit/config.ts';
import type { Config } from '../../../contract/config.ts';
import { readInstanceFile, remember } from './data-folder.ts';
import { choosePort, portTaken } from './ports.ts';

export const DEFAULT_PORT = 4610;
/** Between the look at a port and its opening another program may take it. */
const TRIES = 3;

export interface OpenedPort {
  port: number;
  /** The default one, when another had to be taken for the first time. */
  moved_from?: number | undefined;
}

/** Opens the port that was asked for, or the next free pair where nobody insisted; the folder remembers it. */
export async function openPort(
  { config, ...resolved }: ResolvedConfig,
  open: (port: number) => Promise<number>,
): Promise<OpenedPort> {
  const origin = entryOf({ config, ...resolved }, 'port')?.origin;
  const is_explicit = origin !== 'default' && origin !== 'remembered';
  const remembered = readInstanceFile(config.data).port;
  const wanted = {
    host: config.host,
    port: is_explicit ? config.port : DEFAULT_PORT,
    is_explicit,
    remembered,
  };
  for (let tries = 1; ; tries++) {
    const chosen = await choosePort(wanted);
    try {
      const port = await open(chosen);
      if (is_explicit) return { port };
      remember(config.data, { port: port === DEFAULT_PORT ? undefined : port });
      const moved_from = port === (remembered ?? DEFAULT_PORT) ? undefined : (remembered ?? DEFAULT_PORT);
      return { port, moved_from };
    } catch (error) {
      if (!isTaken(error)) throw error;
      if (is_explicit || tries === TRIES) throw portTaken(config.host, chosen);
    }
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}

/** What people type: the configured public address, else host and port; "all addresses" is reached by this machine's name for itself. */
export function addressOf({ public_url, host, tls }: Config, port: number): string {
  if (public_url !== null) return public_url.replace(/\/$/, '');
  const scheme = tls.cert === null ? 'http' : 'https';
  const isEverywhere = host === '0.0.0.0' || host === '::';
  const name = isEverywhere ? 'localhost' : host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return `${scheme}://${name}:${port}`;
}
