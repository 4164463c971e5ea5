import { randomBytes } from 'node:crypto';
import type { Store, Tx } from '../../../base/db/index.ts';
import { fail, isFailure } from '../../../base/kit/errors.ts';
import { newId } from '../../../base/kit/ids.ts';
import type { Redactor } from '../../../base/kit/redact.ts';
import type { BrokenSecret, KeyStatus } from '../../../contract/secrets.ts';
import { type Binding, DATA_KEY_BYTES, type Sealed, seal, unseal } from './envelope.ts';
import { type Keyring, openKeyring, type Rewrapping } from './keyring.ts';
import type { KeyProvider } from './keys.ts';
import {
  addDataKey,
  addSecret,
  allDataKeys,
  count,
  currentDataKey,
  currentDataKeys,
  type DataKeyRow,
  dataKeyById,
  dropUnusedDataKeys,
  lockVersion,
  lockWaiting,
  removeSecret,
  removeSecretsOf,
  replaceSecret,
  retireDataKeys,
  type SecretRef,
  type SecretRow,
  type SecretState,
  saveReencrypted,
  secretAt,
  secretsAfter,
  stateAt,
  statesOf,
} from './store.ts';

export interface Secrets {
  /** In the caller's transaction, through either door: the secret becomes true with the object it belongs to. */
  put(tx: Tx, ref: SecretRef, value: string, updated_by: string): Promise<void>;
  /** The value; it is known to the redactor before it is returned. Undefined when there is none. */
  read(tx: Tx, ref: SecretRef): Promise<string | undefined>;
  /** What may be shown: that there is one, since when, by whom. */
  describe(tx: Tx, ref: SecretRef): Promise<SecretState | undefined>;
  describeAll(tx: Tx, object: Omit<SecretRef, 'field'>): Promise<SecretState[]>;
  remove(tx: Tx, ref: SecretRef): Promise<boolean>;
  removeAll(tx: Tx, object: Omit<SecretRef, 'field'>): Promise<void>;
  /** Which key is in force and where it is kept; cheap enough for a health check. */
  status(): Promise<KeyStatus>;
  /** New data keys for all, then the secrets under them, batch by batch; stops at `signal` and can go on later. */
  rotate(options?: RotationOptions): Promise<Rotation>;
  /** A new key-encryption key over all data keys: one transaction, with what `also` adds to it. */
  rewrap(also?: (tx: Tx, done: Rewrapping) => Promise<void>): Promise<Rewrapping>;
  /** Opens everything once. */
  verify(): Promise<Verification>;
}

export interface RotationOptions {
  /** Go on where a former one stopped, instead of making new data keys. */
  resume?: boolean;
  signal?: AbortSignal;
  /** In the transaction that makes the data keys. */
  also?: (tx: Tx, data_keys: number) => Promise<void>;
}

export interface Rotation {
  data_keys: number;
  reencrypted: number;
  waiting: number;
}

export interface Verification {
  data_keys: number;
  secrets: number;
  broken_count: number;
  broken: BrokenSecret[];
}

interface DataKey {
  id: string;
  bytes: Buffer;
}

const BATCH = 500;
const MAX_CACHED_KEYS = 1000;
const MAX_BROKEN_LISTED = 100;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

interface SecretsOptions {
  store: Store;
  keys: KeyProvider;
  redactor: Redactor;
}

/** Proves the key-encryption key first: with a wrong or missing one nothing is opened, and the failure says what to do. */
export async function openSecrets({ store, keys, redactor }: SecretsOptions): Promise<Secrets> {
  const keyring = await openKeyring(store, keys);
  const opened = createKeyCache(keyring);

  const read = async (tx: Tx, ref: SecretRef) => {
    const row = await secretAt(tx, ref);
    if (!row) return undefined;
    const value = await openSecret(tx, row, opened);
    if (value === undefined) throw fail('secret.damaged', { secret: nameOf(ref) });
    redactor.add(value, ref.workspace_id);
    return value;
  };

  const put = async (tx: Tx, ref: SecretRef, value: string, updated_by: string) => {
    redactor.add(value, ref.workspace_id);
    const data_key = await keyOfWorkspace(tx, ref.workspace_id, keyring, opened);
    await save(tx, ref, Buffer.from(value, 'utf8'), data_key, updated_by);
  };

  return {
    put,
    read,
    describe: stateAt,
    describeAll: statesOf,
    remove: removeSecret,
    removeAll: removeSecretsOf,
    status: () => readStatus(store, keyring),
    rotate: options => rotate(store, keyring, opened, options),
    rewrap: also => keyring.rewrap(also),
    verify: () => verify(store, opened),
  };
}

/** Data keys opened so far; unwrapping may be a call to a far key service. */
interface KeyCache {
  open(row: DataKeyRow): Promise<Buffer | undefined>;
  byId(tx: Tx, id: string): Promise<Buffer | undefined>;
  forget(): void;
}

function createKeyCache(keyring: Keyring): KeyCache {
  const cached = new Map<string, Buffer>();
  const open = async (row: DataKeyRow) => {
    const bytes = cached.get(row.id) ?? (await keyring.unwrap(row));
    if (!bytes) return undefined;
    const [oldest] = cached.keys();
    if (cached.size >= MAX_CACHED_KEYS && oldest !== undefined) cached.delete(oldest);
    cached.set(row.id, bytes);
    return bytes;
  };
  const byId = async (tx: Tx, id: string) => {
    const known = cached.get(id);
    if (known) return known;
    const row = await dataKeyById(tx, id);
    return row && open(row);
  };
  return { open, byId, forget: () => cached.clear() };
}

// ── One secret ──────────────────────────────────────────────────────────────────────────────────────

async function openSecret(tx: Tx, row: SecretRow, opened: KeyCache): Promise<string | undefined> {
  const key = await opened.byId(tx, row.data_key_id);
  return key && unseal(key, row, bindingOf(row))?.toString('utf8');
}

async function keyOfWorkspace(
  tx: Tx,
  workspace_id: string | null,
  keyring: Keyring,
  opened: KeyCache,
): Promise<DataKey> {
  const row = (await currentDataKey(tx, workspace_id)) ?? (await makeDataKey(tx, workspace_id, keyring));
  const bytes = await opened.open(row);
  if (!bytes) throw fail('key.wrong', { key_id: row.key_id, place: keyring.place });
  return { id: row.id, bytes };
}

async function makeDataKey(tx: Tx, workspace_id: string | null, keyring: Keyring): Promise<DataKeyRow> {
  const add = async () => addDataKey(tx, await freshDataKey(workspace_id, keyring));
  if (!(await add())) {
    // Another process replaced the key-encryption key since this one last looked.
    await keyring.follow(tx);
    if (!(await add())) throw fail('key.changed', { key_id: keyring.key_id() });
  }
  const row = await currentDataKey(tx, workspace_id);
  if (!row) throw new Error('a data key was added and is not there');
  return row;
}

function freshDataKey(workspace_id: string | null, keyring: Keyring): Promise<DataKeyRow> {
  return keyring.wrap({ id: newId(), workspace_id }, randomBytes(DATA_KEY_BYTES));
}

async function save(
  tx: Tx,
  ref: SecretRef,
  value: Buffer,
  data_key: DataKey,
  updated_by: string,
): Promise<void> {
  const former = await lockVersion(tx, ref);
  const version = (former ?? 0) + 1;
  const { workspace_id, object_kind, object_id, field } = ref;
  const place = { workspace_id, object_kind, object_id, field, version, data_key_id: data_key.id };
  const row = { id: newId(), ...place, ...seal(data_key.bytes, value, bindingOf(place)) };
  if (former !== undefined) return replaceSecret(tx, row, updated_by);
  // Somebody else's first value came between: it is now there to be locked and replaced.
  if (!(await addSecret(tx, row, updated_by))) await save(tx, ref, value, data_key, updated_by);
}

function bindingOf(row: Omit<SecretRow, 'id' | keyof Sealed>): Binding {
  const { workspace_id, object_kind, object_id, field, version, data_key_id } = row;
  return ['secret', workspace_id, object_kind, object_id, field, version, data_key_id];
}

function nameOf(ref: SecretRef): string {
  return `${ref.object_kind}/${ref.object_id}/${ref.field}`;
}

async function readStatus(store: Store, keyring: Keyring): Promise<KeyStatus> {
  const counts = await store.withInstance(
    'count secrets',
    async tx => {
      await keyring.follow(tx);
      return count(tx);
    },
    { read_only: true },
  );
  return { key_id: keyring.key_id(), provider: keyring.kind, place: keyring.place, ...counts };
}

// ── All of them ─────────────────────────────────────────────────────────────────────────────────────

async function rotate(
  store: Store,
  keyring: Keyring,
  opened: KeyCache,
  { resume = false, signal, also }: RotationOptions = {},
): Promise<Rotation> {
  const renew = async (tx: Tx) => {
    const data_keys = await renewDataKeys(tx, keyring);
    await also?.(tx, data_keys);
    return data_keys;
  };
  const data_keys = resume ? 0 : await store.withInstance('new data keys', renew);
  let reencrypted = 0;
  let after: string | undefined = BEFORE_ALL;
  // Each batch is a transaction of its own: after a crash the next call goes on with what is still waiting.
  while (after !== undefined && !signal?.aborted) {
    const from: string = after;
    const batch = await store.withInstance('encrypt again', tx => reencryptBatch(tx, from, keyring, opened));
    reencrypted += batch.moved;
    after = batch.last;
  }
  opened.forget();
  const { waiting } = await store.withInstance('drop unused data keys', async tx => {
    await dropUnusedDataKeys(tx);
    return count(tx);
  });
  return { data_keys, reencrypted, waiting };
}

async function renewDataKeys(tx: Tx, keyring: Keyring): Promise<number> {
  const rows = await currentDataKeys(tx);
  await retireDataKeys(
    tx,
    rows.map(row => row.id),
  );
  // One after the other: the first finds out when the key was replaced, and the others follow it.
  for (const row of rows) await makeDataKey(tx, row.workspace_id, keyring);
  return rows.length;
}

async function reencryptBatch(tx: Tx, after: string, keyring: Keyring, opened: KeyCache) {
  const rows = await lockWaiting(tx, after, BATCH);
  const workspaces = [...new Set(rows.map(row => row.workspace_id))];
  const keys = new Map<string | null, DataKey>();
  for (const id of workspaces) keys.set(id, await keyOfWorkspace(tx, id, keyring, opened));
  const moved: SecretRow[] = [];
  for (const row of rows) {
    const to = keys.get(row.workspace_id);
    const value = await openSecret(tx, row, opened);
    // What cannot be opened stays as it is, counted as waiting, for `verify` to name it.
    if (value !== undefined && to) moved.push(sealAgain(row, value, to));
  }
  await saveReencrypted(tx, moved);
  return { moved: moved.length, last: rows.length < BATCH ? undefined : rows.at(-1)?.id };
}

function sealAgain(row: SecretRow, value: string, to: DataKey): SecretRow {
  const place = { ...row, data_key_id: to.id };
  return { ...place, ...seal(to.bytes, Buffer.from(value, 'utf8'), bindingOf(place)) };
}

async function verify(store: Store, opened: KeyCache): Promise<Verification> {
  // A key that was opened earlier proves nothing about what stands in the database now.
  opened.forget();
  const keys = await store.withInstance('verify data keys', allDataKeys, { read_only: true });
  const broken: BrokenSecret[] = [];
  for (const key of keys) if ((await orBroken(opened.open(key))) === undefined) broken.push(brokenKey(key));
  let secrets = 0;
  let after: string | undefined = BEFORE_ALL;
  while (after !== undefined) {
    const from: string = after;
    const page = await store.withInstance('verify secrets', tx => verifyPage(tx, from, opened), {
      read_only: true,
    });
    secrets += page.checked;
    broken.push(...page.broken);
    after = page.last;
  }
  const listed = broken.slice(0, MAX_BROKEN_LISTED);
  return { data_keys: keys.length, secrets, broken_count: broken.length, broken: listed };
}

async function verifyPage(tx: Tx, after: string, opened: KeyCache) {
  const rows = await secretsAfter(tx, after, BATCH);
  const broken: BrokenSecret[] = [];
  for (const row of rows)
    if ((await orBroken(openSecret(tx, row, opened))) === undefined) broken.push(brokenSecret(row));
  return { checked: rows.length, broken, last: rows.length < BATCH ? undefined : rows.at(-1)?.id };
}

/** A key that nobody holds is one more finding of the list; a database that fails is a failure. */
async function orBroken<T>(opening: Promise<T>): Promise<T | undefined> {
  try {
    return await opening;
  } catch (error) {
    if (isFailure(error, 'key.missing')) return undefined;
    throw error;
  }
}

function brokenKey(row: DataKeyRow): BrokenSecret {
  const reason = `does not open with key ${row.key_id}`;
  return { what: 'data_key', workspace_id: row.workspace_id, object: row.id, reason };
}

function brokenSecret(row: SecretRow): BrokenSecret {
  const reason = `does not open with data key ${row.data_key_id}`;
  return { what: 'secret', workspace_id: row.workspace_id, object: nameOf(row), reason };
}
