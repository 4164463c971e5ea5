import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { fail } from '../../kit/errors.ts';
import { codeOf } from '../connection.ts';
import { randomPassword } from '../scram.ts';
import { type Binaries, POSTGRES_MAJOR } from './binaries.ts';
import { type Home, makePrivateFolder, unusable } from './home.ts';
import { isAlive } from './pid-file.ts';
import { environment } from './process.ts';

/** The superuser is the launcher's alone. */
export const SUPERUSER = 'moulin_launcher';
export const OWNER = 'moulin_owner';

const credentialsSchema = z.object({ superuser: z.string(), owner: z.string(), app: z.string() });
/** Passwords by role. */
export type Credentials = z.infer<typeof credentialsSchema>;

/** Made once. Of several first starts at the same time one wins, and all read what it wrote. */
export function readCredentials(home: Home): Credentials {
  if (!existsSync(home.credentials)) {
    // New ones would open nothing: the store knows the passwords that it was made with.
    if (existsSync(home.data))
      throw unusable(home.folder, new Error(`${home.credentials}, which holds its passwords, is missing`));
    createCredentials(home.credentials);
  }
  try {
    return credentialsSchema.parse(JSON.parse(readFileSync(home.credentials, 'utf8')));
  } catch (error) {
    throw unusable(home.credentials, error);
  }
}

function createCredentials(path: string): void {
  const draft = `${path}.${randomBytes(4).toString('hex')}`;
  const made: Credentials = { superuser: randomPassword(), owner: randomPassword(), app: randomPassword() };
  try {
    writeFileSync(draft, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600, flush: true });
    linkSync(draft, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw unusable(path, error);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Complete or absent: a folder that was being made when everything was killed is thrown away by the next start. */
export async function ensureCluster(
  home: Home,
  binaries: Binaries,
  credentials: Credentials,
  say: (text: string) => void,
): Promise<void> {
  if (existsSync(home.data)) return;
  say('Making the metadata store; this happens once');
  removeDrafts(home.folder);
  const draft = join(home.folder, `initdb-${process.pid}-${randomBytes(4).toString('hex')}`);
  const password_file = `${draft}.password`;
  try {
    makePrivateFolder(draft, home.account);
    writeFileSync(password_file, credentials.superuser, { mode: 0o600 });
    if (home.account) chownSync(password_file, home.account.uid, home.account.gid);
    await initialise(home, binaries, draft, password_file);
    renameSync(draft, home.data);
    syncFolder(home.folder);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another start was first.
    if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) throw error;
  } finally {
    rmSync(password_file, { force: true });
  }
}

export function refuseOtherMajor({ data }: Home): void {
  const file = join(data, 'PG_VERSION');
  if (!existsSync(file)) return;
  const found = readFileSync(file, 'utf8').trim();
  if (found !== String(POSTGRES_MAJOR))
    throw fail('store.other_major', { folder: data, found, expected: POSTGRES_MAJOR });
}

function removeDrafts(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = /^initdb-(\d+)/.exec(name)?.[1];
    if (pid && !isAlive(Number(pid))) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** `builtin` sorts the same on every machine, so that the folder can move; SCRAM also on the socket. */
async function initialise(
  home: Home,
  binaries: Binaries,
  folder: string,
  password_file: string,
): Promise<void> {
  const { status, output } = await run(
    binaries.initdb,
    [
      ...['-D', folder, '-U', SUPERUSER, `--pwfile=${password_file}`, '--auth=scram-sha-256'],
      ...['-E', 'UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
      '--no-instructions',
    ],
    home,
  );
  if (status === 0) return;
  const reason = output.trim().split('\n').slice(-3).join(' ') || 'initdb gave no reason';
  if (/No space left/.test(output)) throw fail('store.disk_full', { reason });
  if (/could not look up effective user ID/.test(output)) throw fail('store.no_account', { reason });
  if (/Permission denied|Read-only file system/.test(output))
    throw fail('store.unusable_folder', { folder: home.folder, reason });
  throw fail('store.start_failed', { reason: `initdb failed: ${reason}`, log: 'this message' });
}

function run(
  program: string,
  args: string[],
  home: Home,
): Promise<{ status: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...home.account,
      cwd: home.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: environment(),
      windowsHide: true,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    child.on('error', reject);
    child.on('close', status => resolve({ status, output }));
  });
}

/** A new name is durable when its folder is. Windows knows no such thing. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  fsyncSync(handle);
  closeSync(handle);
}
