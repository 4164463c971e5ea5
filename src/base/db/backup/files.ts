import { existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fail, isFailure } from '../../kit/errors.ts';
import { reasonOf } from '../connection.ts';
import { isAlive } from '../embedded/pid-file.ts';
import type { Manifest } from './manifest.ts';
import { readManifest } from './read.ts';
import { type BackupSource, streamBackup, type Written } from './write.ts';

const ENDING = '.moulin-backup';
const AUTOMATIC = 'before-upgrade-';

/** Complete and durable under its name, or not there at all. */
export async function writeBackup(source: BackupSource, file: string): Promise<Written> {
  if (existsSync(file)) throw fail('backup.file_exists', { file });
  await removeDrafts(file);
  const draft = `${file}.${process.pid}.part`;
  try {
    const written = await writeDraft(source, draft);
    await rename(draft, file);
    await syncFolder(dirname(file));
    return written;
  } catch (error) {
    await rm(draft, { force: true });
    if (isFailure(error)) throw error;
    throw fail('backup.not_written', { file, reason: reasonOf(error) }, { cause: error });
  }
}

async function writeDraft(source: BackupSource, draft: string): Promise<Written> {
  const handle = await open(draft, 'w', 0o600);
  try {
    const stream = streamBackup(source);
    let next = await stream.next();
    for (; !next.done; next = await stream.next()) await handle.writeFile(next.value);
    await handle.sync();
    return next.value;
  } finally {
    await handle.close();
  }
}

/** A new name is durable when its folder is. Windows knows no such thing. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  await handle.sync();
  await handle.close();
}

/** What a backup to the same name left that was killed. */
async function removeDrafts(file: string): Promise<void> {
  const names = await readdir(dirname(file)).catch(() => []);
  for (const name of names) {
    const pid = name.startsWith(`${basename(file)}.`) && /\.(\d+)\.part$/.exec(name)?.[1];
    if (pid && !isAlive(Number(pid))) await rm(join(dirname(file), name), { force: true });
  }
}

// ── The folder of backups ───────────────────────────────────────────────────────────────────────────

export interface ListedBackup {
  file: string;
  bytes: number;
  /** Made by an upgrade; only these are ever deleted by themselves. */
  automatic: boolean;
  /** Absent where the beginning of the file cannot be read; `problem` says why. */
  manifest?: Manifest;
  problem?: string;
}

/** The newest first; those that cannot be read last. */
export async function listBackups(folder: string): Promise<ListedBackup[]> {
  const names = await readdir(folder).catch(() => []);
  const ours = names.filter(name => name.endsWith(ENDING)).map(name => describeFile(join(folder, name)));
  const made = ({ manifest }: ListedBackup) => manifest?.created_at ?? '';
  return (await Promise.all(ours)).sort((a, b) => made(b).localeCompare(made(a)));
}

async function describeFile(file: string): Promise<ListedBackup> {
  const { size } = await stat(file);
  const listed = { file, bytes: size, automatic: basename(file).startsWith(AUTOMATIC) };
  try {
    return { ...listed, manifest: await readManifest(file) };
  } catch (error) {
    return { ...listed, problem: reasonOf(error) };
  }
}

/** `moulin-20261121T120000000Z.moulin-backup`: a file name everywhere. */
export function backupName(at: Date, prefix = 'moulin-'): string {
  return `${prefix}${at.toISOString().replaceAll(/[-:.]/g, '')}${ENDING}`;
}

/** Before a store that holds something is migrated; the oldest automatic ones beyond `keep` go. */
export async function backUpBeforeUpgrade(
  source: BackupSource,
  { folder, keep }: { folder: string; keep: number },
): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, backupName(new Date(), AUTOMATIC));
  await writeBackup(source, file);
  const automatic = (await listBackups(folder)).filter(backup => backup.automatic);
  for (const old of automatic.slice(keep)) await rm(old.file, { force: true });
  return file;
}
