import { type Failure, fail } from '../../kit/errors.ts';
import { type Binaries, findBinaries } from './binaries.ts';
import { type Credentials, ensureCluster, readCredentials, refuseOtherMajor, SUPERUSER } from './cluster.ts';
import { type Home, openHome, socketFolder } from './home.ts';
import { freePort } from './port.ts';
import { type PostgresProcess, startPostgres, stopPostgres } from './process.ts';
import { SETTINGS } from './settings.ts';

export interface EmbeddedOptions {
  /** `DATA/store` */
  folder: string;
  log_file: string;
  /** For the person at the console: what takes long, what is unusual. */
  say?: (text: string) => void;
  /** Sockets unless they are not available. */
  listen?: 'socket' | 'loopback';
  guard?: 'shell' | 'node';
  settings?: Readonly<Record<string, string>>;
  /** Where the store lies when its own folder cannot be reached by the account that PostgreSQL runs as. */
  system_folder?: string;
}

/** What stays the same over all lives of the process. */
export interface Plan {
  home: Home;
  binaries: Binaries;
  credentials: Credentials;
  superuser: { host: string; port: number; user: string; password: string; database: string };
  log_file: string;
  start(): PostgresProcess;
  /** Returns when it is gone, or after all patience. */
  stop(pid: number | undefined, isGone: () => boolean): Promise<void>;
  inUse(holder: string): Failure;
}

/** Makes whatever a start needs: the folder, the programs, the cluster. */
export async function makePlan(options: EmbeddedOptions): Promise<Plan> {
  const home = openHome(options.folder, options);
  refuseOtherMajor(home);
  const binaries = findBinaries(home.account);
  const credentials = readCredentials(home);
  await ensureCluster(home, binaries, credentials, options.say ?? (() => {}));
  const { address, settings } = await choosePlace(home, options.listen);
  const all_settings = { ...SETTINGS, ...options.settings, ...settings };
  return {
    home,
    binaries,
    credentials,
    superuser: { ...address, user: SUPERUSER, password: credentials.superuser, database: 'postgres' },
    log_file: options.log_file,
    start: () => startPostgres(home, binaries, all_settings, options.log_file),
    stop: (pid, isGone) => stopPostgres(pid, home, binaries, isGone),
    inUse: holder => fail('store.in_use', { folder: options.folder, holder }),
  };
}

interface Place {
  address: { host: string; port: number };
  settings: Record<string, string>;
}

async function choosePlace(home: Home, wanted?: 'socket' | 'loopback'): Promise<Place> {
  const listen = wanted ?? (process.platform === 'win32' ? 'loopback' : 'socket');
  return listen === 'socket' ? onSocket(socketFolder(home)) : onLoopback(await freePort());
}

function onSocket(folder: string): Place {
  return {
    // The number is only a part of the socket's name.
    address: { host: folder, port: 5432 },
    settings: {
      listen_addresses: '',
      port: '5432',
      // Quoted: a comma would separate two folders.
      unix_socket_directories: `"${folder.replaceAll('"', '""')}"`,
      unix_socket_permissions: '0700',
    },
  };
}

function onLoopback(port: number): Place {
  return {
    address: { host: '127.0.0.1', port },
    settings: { listen_addresses: '127.0.0.1', port: String(port), unix_socket_directories: '' },
  };
}
