import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fail, isFailure } from '../../kit/errors.ts';
import { codeOf, reasonOf } from '../connection.ts';
import { type Account, canEnter, chooseAccount } from './account.ts';
import { SYSTEM_FOLDER } from './binaries.ts';

/** Where everything of one embedded server lies. */
export interface Home {
  /** `DATA/store`, or where its link leads. */
  folder: string;
  /** PostgreSQL's own data folder. */
  data: string;
  credentials: string;
  account: Account | undefined;
}

interface HomeOptions {
  say?: (text: string) => void;
  system_folder?: string;
}

/** The path of a socket has at most 107 bytes (sun_path less its end), of which PostgreSQL's name for it takes some. */
const SOCKET_PATH_BYTES = 107;
const SOCKET_NAME = '/.s.PGSQL.5432';

/**
 * Makes the folder of the store ready. When root starts us and the account that PostgreSQL runs as cannot get through
 * to the folder (a clone under /root), the store lies in a system folder, and a link stands in its place.
 */
export function openHome(folder: string, options: HomeOptions): Home {
  try {
    const account = chooseAccount(join(folder, 'data'));
    makeFolder(folder, account);
    if (account && !canEnter(realpathSync(folder), account)) relocate(folder, account, options);
    const real = realpathSync(folder);
    return { folder: real, data: join(real, 'data'), credentials: join(real, 'credentials.json'), account };
  } catch (error) {
    if (isFailure(error)) throw error;
    throw unusable(folder, error);
  }
}

export function unusable(folder: string, error: unknown) {
  if (codeOf(error) === 'ENOSPC')
    return fail('store.disk_full', { reason: reasonOf(error) }, { cause: error });
  return fail('store.unusable_folder', { folder, reason: reasonOf(error) }, { cause: error });
}

/** Ours alone; where PostgreSQL runs as somebody else, that account may pass through to its own folders and list nothing. */
function makeFolder(folder: string, account: Account | undefined): void {
  if (lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, account ? 0o711 : 0o700);
}

function relocate(folder: string, account: Account, options: HomeOptions): void {
  const { say = () => {}, system_folder = SYSTEM_FOLDER } = options;
  if (readdirSync(folder).length > 0)
    throw fail('store.unusable_folder', {
      folder,
      reason: `the account ${account.uid} that PostgreSQL runs as cannot reach it`,
    });
  const place = join(system_folder, randomBytes(6).toString('hex'));
  mkdirSync(place, { recursive: true });
  chmodSync(system_folder, 0o755);
  chmodSync(place, 0o711);
  // For whoever finds it there one day.
  writeFileSync(join(place, 'belongs-to'), `${folder}\n`);
  rmdirSync(folder);
  symlinkSync(place, folder);
  say(`PostgreSQL does not run as root and cannot reach ${dirname(folder)}, so the store lies in ${place}`);
}

/** A private folder of the account's. */
export function makePrivateFolder(path: string, account: Account | undefined): void {
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o700);
  if (account) chownSync(path, account.uid, account.gid);
}

/** A private folder for the socket: in the store, or a short one where the path of the store is too long for a socket. */
export function socketFolder(home: Home): string {
  const [inside, ...elsewhere] = socketPlaces(home.folder);
  const fits = (folder: string) => Buffer.byteLength(folder + SOCKET_NAME) <= SOCKET_PATH_BYTES;
  const folder = fits(inside) ? inside : (elsewhere.find(fits) ?? inside);
  if (folder !== inside) refuseForeign(folder, home.account);
  makePrivateFolder(folder, home.account);
  return folder;
}

function socketPlaces(folder: string): [string, ...string[]] {
  const name = `moulin-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`;
  return [join(folder, 'socket'), join(tmpdir(), name), join('/tmp', name)];
}

/** Everything outside `DATA/store` that belongs to it, for whoever removes it. */
export function storeOutposts(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const real = realpathSync(folder);
  const relocated = lstatSync(folder).isSymbolicLink() ? [real] : [];
  const [, ...sockets] = socketPlaces(real);
  return [...new Set([...relocated, ...sockets.filter(place => existsSync(place))])];
}

/** In a folder where everybody writes, somebody else may have put something under our name. */
function refuseForeign(folder: string, account: Account | undefined): void {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (!found) return;
  const isOurs = [process.getuid?.(), account?.uid].includes(found.uid);
  if (!found.isDirectory() || !isOurs)
    throw fail('store.unusable_folder', { folder, reason: 'it belongs to somebody else' });
}
