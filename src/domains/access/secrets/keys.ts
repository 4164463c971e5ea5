import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail } from '../../../base/kit/errors.ts';
import { keyFile } from '../../../base/kit/folders.ts';
import type { Redactor } from '../../../base/kit/redact.ts';
import { type Binding, unwrap, wrap } from './envelope.ts';
import { type Kek, parseKek, toKek } from './kek.ts';

/** One key-encryption key in use. Asynchronous, because a key service would do this far away. */
export interface WrappingKey {
  readonly id: string;
  wrap(plain: Buffer, binding: Binding): Promise<Buffer>;
  unwrap(wrapped: Buffer, binding: Binding): Promise<Buffer | undefined>;
}

/**
 * Where key-encryption keys come from. A provider may hold several: which one is in force, the database says. So a new
 * key is safe in its place before anything depends on it, and a crash at any point leaves both usable.
 */
export interface KeyProvider {
  readonly kind: 'file' | 'environment';
  /** For messages: the file, or the variable. */
  readonly place: string;
  find(key_id: string): Promise<WrappingKey | undefined>;
  ids(): Promise<string[]>;
  /** The key of an installation that has none yet. */
  first(): Promise<WrappingKey>;
  /** The key that shall follow `key_id`; the same one again when a former attempt did not come to its end. */
  next(key_id: string): Promise<WrappingKey>;
}

interface KeySource {
  /** The setting `key` and where it came from; null when it says nothing. */
  given: { text: string; place: string } | null | undefined;
  /** The configuration folder of the user. */
  folder: string;
  instance_id: string;
  redactor: Redactor;
}

/** The seam: what the configuration says, else a file of the user. A key service will be a third kind. */
export function openKeyProvider({ given, folder, instance_id, redactor }: KeySource): KeyProvider {
  return given ? givenKeys(given.text, given.place, redactor) : fileKeys(folder, instance_id, redactor);
}

/** A key from the configuration: one, or several of which the first is the newest. */
export function givenKeys(text: string, place: string, redactor?: Redactor): KeyProvider {
  const keks = parseKeks(text, place);
  hide(keks, redactor);
  const first = async () => keks.map(toWrappingKey)[0] ?? absent(place);
  return {
    kind: 'environment',
    place,
    first,
    ids: async () => keks.map(kek => kek.id),
    find: async key_id => keks.filter(kek => kek.id === key_id).map(toWrappingKey)[0],
    async next(key_id) {
      const newest = await first();
      if (newest.id === key_id) throw fail('key.new_needed', { place, key_id });
      return newest;
    },
  };
}

/** A file of the user, outside the data folder: a stolen data folder or backup alone opens no secret. */
export function fileKeys(folder: string, instance_id: string, redactor?: Redactor): KeyProvider {
  const path = keyFile(folder, instance_id);
  const load = async () => {
    const keks = parseKeks((await readKeyFile(path)) ?? '', path);
    hide(keks, redactor);
    return keks;
  };
  const prepend = async (keks: readonly Kek[]) => {
    const fresh = toKek(randomBytes(32));
    hide([fresh], redactor);
    await writeKeyFile(path, render(instance_id, [fresh, ...keks]));
    return toWrappingKey(fresh);
  };
  return {
    kind: 'file',
    place: path,
    ids: async () => (await load()).map(kek => kek.id),
    find: async key_id => (await load()).filter(kek => kek.id === key_id).map(toWrappingKey)[0],
    async first() {
      const keks = await load();
      return keks.map(toWrappingKey)[0] ?? prepend([]);
    },
    async next(key_id) {
      const keks = await load();
      const [newest] = keks.map(toWrappingKey);
      return newest && newest.id !== key_id ? newest : prepend(keks);
    },
  };
}

/** Lines of keys, newest first; `#` begins a comment. Variables separate them by commas or spaces. */
export function parseKeks(text: string, place: string): Kek[] {
  const words = text.replaceAll(/#.*$/gm, '').split(/[\s,]+/);
  return words.filter(word => word !== '').map(word => parseKek(word, place));
}

/** The redactor itself finds the base64 and the hexadecimal of a text; of bytes it must be told. */
function hide(keks: readonly Kek[], redactor: Redactor | undefined): void {
  for (const { bytes } of keks) {
    redactor?.pin(bytes.toString('base64'));
    redactor?.pin(bytes.toString('base64url'));
    redactor?.pin(bytes.toString('hex'));
  }
}

function render(instance_id: string, keks: readonly Kek[]): string {
  return [
    `# Key-encryption keys of the Moulin installation ${instance_id}, newest first.`,
    '# With this file and a backup every stored secret can be read; without it none can. Keep a copy apart from the backups.',
    ...keks.map(kek => `${kek.bytes.toString('base64')} # ${kek.id}`),
    '',
  ].join('\n');
}

function toWrappingKey(kek: Kek): WrappingKey {
  return {
    id: kek.id,
    wrap: async (plain, binding) => wrap(kek.bytes, plain, binding),
    unwrap: async (wrapped, binding) => unwrap(kek.bytes, wrapped, binding),
  };
}

function absent(place: string): never {
  throw fail('key.weak', { place, reason: 'it is empty' });
}

async function readKeyFile(path: string): Promise<string | undefined> {
  try {
    const text = await readFile(path, 'utf8');
    await tighten(path);
    return text;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw fail('key.unreadable', { place: path, reason: reasonOf(error) }, { cause: error });
  }
}

/** A restored home folder often comes back readable for everybody. */
async function tighten(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0) await chmod(path, 0o600);
}

/** Beside, synced, renamed: after a crash the file is the old one or the new one, and never an empty one. */
export async function writeKeyFile(path: string, text: string): Promise<void> {
  const beside = `${path}.${process.pid}.new`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeSynced(beside, text);
    await rename(beside, path);
    await syncFolder(dirname(path));
  } catch (error) {
    throw fail('key.unwritable', { place: path, reason: reasonOf(error) }, { cause: error });
  }
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  // Windows cannot open a folder; its rename is durable enough by itself.
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
