import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Store } from '../base/db/index.ts';
import { fail, isFailure } from '../base/kit/errors.ts';
import { newId } from '../base/kit/ids.ts';
import type { Proxies } from '../base/kit/outbound.ts';
import type { ObjectCache, S3Options, Storage, Workplace } from '../base/storage/index.ts';
import type { Config } from '../contract/config.ts';
import type { StorageSettings } from '../domains/lakehouse/index.ts';

// Objects: logs that have ended, uploads, exports, the lake. The storage of an installation carries a mark that its store
// knows, so that a second machine cannot quietly write into a folder of its own.

const MARK = 'artifacts/storage-id';
const DEFAULT_REGION = 'us-east-1';

/** How a process without the configuration reaches the storage: a runner. */
export async function storageSettings(config: Config): Promise<StorageSettings> {
  const { url } = config.storage;
  if (!url?.startsWith('s3:'))
    return { kind: 'folder', folder: url === null ? join(config.data, 'objects') : fileURLToPath(url) };
  const { proxiesOf } = await import('../base/kit/outbound.ts');
  const given = { env: process.env, proxies: proxiesOf(process.env) };
  return { kind: 's3', options: s3Options(config.storage, url, given) };
}

export async function openStorage(
  config: Config,
  limits: S3Options['limits'] = {},
): Promise<{ storage: Storage; place: string }> {
  const { openFolderStorage, openS3Storage } = await import('../base/storage/index.ts');
  const settings = await storageSettings(config);
  if (settings.kind === 'folder')
    return { storage: await openFolderStorage(settings.folder), place: settings.folder };
  const storage = await openS3Storage({ ...settings.options, limits });
  return { storage, place: storage.facts.root };
}

/** Copies of objects for engines that read files only; those of workspaces lie apart. Shared by the processes of a machine. */
export async function openObjectCache(config: Config, storage: Storage): Promise<ObjectCache> {
  const { openCache } = await import('../base/storage/index.ts');
  const { cache_bytes } = config.storage;
  return openCache(join(config.data, 'copies'), { storage, max_bytes: cache_bytes });
}

/** Where engines write what is brought into the storage afterwards. What a process leaves behind goes at the next opening. */
export async function openDrafts(config: Config): Promise<Workplace> {
  const { openWorkplace } = await import('../base/storage/index.ts');
  return openWorkplace(join(config.data, 'run', 'drafts'));
}

function s3Options(
  settings: Config['storage'],
  url: string,
  { env, proxies }: { env: Readonly<Record<string, string | undefined>>; proxies: Proxies },
): S3Options {
  const { endpoint, aws_chain, access_key, secret_key, session_token, checksums, role, sts_endpoint } =
    settings;
  const chain_region = aws_chain ? (env.AWS_REGION ?? env.AWS_DEFAULT_REGION) : undefined;
  return {
    url,
    endpoint,
    region: settings.region ?? chain_region ?? DEFAULT_REGION,
    path_style: settings.path_style ?? endpoint !== null,
    credentials: aws_chain
      ? 'aws_chain'
      : { access_key: access_key ?? '', secret_key: secret_key ?? '', session_token },
    checksums,
    ca: settings.ca === null ? null : readAuthorities(settings.ca),
    proxies,
    sts: role === null ? null : { role, endpoint: sts_endpoint },
  };
}

function readAuthorities(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw fail('config.file_unreadable', { path, reason }, { cause: error });
  }
}

/** By a server: marks a storage that has no mark, and refuses one that belongs to another installation. */
export async function claimStorage(store: Store, config: Config): Promise<Storage> {
  const { storage, place } = await openStorage(config);
  const known = await store.withInstance('storage of the installation', async tx => {
    const row = await tx.selectFrom('instance').select('storage_id').forUpdate().executeTakeFirst();
    const id = row?.storage_id ?? newId();
    if (row?.storage_id === null) await tx.updateTable('instance').set({ storage_id: id }).execute();
    return id;
  });
  if ((await readMark(storage)) === undefined) await mark(storage, known);
  if ((await readMark(storage)) !== known) throw fail('half.other_storage', { place });
  return storage;
}

/** Of two installations that find the same empty bucket at once, one has it. */
async function mark(storage: Storage, id: string): Promise<void> {
  try {
    await storage.put(MARK, Buffer.from(`${id}\n`), { if_absent: true });
  } catch (error) {
    if (!isFailure(error, 'storage.exists')) throw error;
  }
}

/** By a worker on any machine: the files that it sees are those that the servers see. */
export async function checkStorage(store: Store, config: Config): Promise<void> {
  const { storage, place } = await openStorage(config);
  const known = await store.withInstance(
    'storage of the installation',
    tx => tx.selectFrom('instance').select('storage_id').executeTakeFirst(),
    { read_only: true },
  );
  const expected = known?.storage_id ?? undefined;
  // Before the first server there is nothing to compare with; it will compare.
  if (expected !== undefined && (await readMark(storage)) !== expected)
    throw fail('half.other_storage', { place });
}

async function readMark(storage: Storage): Promise<string | undefined> {
  const bytes = await storage.size(MARK);
  return bytes === undefined ? undefined : (await storage.range(MARK, 0, bytes)).toString().trim();
}

const PROBE = 'artifacts/doctor';
/** Who asks waits for the answer. */
const PROBE_LIMITS = { attempts: 2, request_ms: 20_000 };

/** For `moulin doctor`: does what the storage is used for, and takes it away again. Answers where that was. */
export async function tryStorage(config: Config): Promise<string> {
  const { storage, place } = await openStorage(config, PROBE_LIMITS);
  const key = `${PROBE}/${newId()}`;
  const body = Buffer.from('moulin doctor\n');
  await storage.put(key, body);
  try {
    const { items } = await storage.list(key);
    const read = await storage.range(key, 0, body.length);
    if (items.length !== 1 || !read.equals(body))
      throw fail('storage.failed', { folder: place, reason: 'what was written did not come back' });
  } finally {
    await storage.delete(key);
  }
  return place;
}
