import type { Store, Tx } from '../../../base/db/index.ts';
import { fail } from '../../../base/kit/errors.ts';
import type { Binding } from './envelope.ts';
import type { KeyProvider, WrappingKey } from './keys.ts';
import {
  allDataKeys,
  type DataKeyRow,
  keyIdInForce,
  lockCanary,
  lockDataKeys,
  saveCanary,
  saveWrapped,
} from './store.ts';

/** The key-encryption key in force, proved against the canary. */
export interface Keyring {
  readonly kind: KeyProvider['kind'];
  readonly place: string;
  /** The key this process wraps with. */
  key_id(): string;
  wrap(row: Omit<DataKeyRow, 'key_id' | 'wrapped_key'>, data_key: Buffer): Promise<DataKeyRow>;
  unwrap(row: DataKeyRow): Promise<Buffer | undefined>;
  /** After another process replaced the key: takes the new one when the provider holds it, else refuses. */
  follow(tx: Tx): Promise<void>;
  rewrap(also?: (tx: Tx, done: Rewrapping) => Promise<void>): Promise<Rewrapping>;
}

export interface Rewrapping {
  former_key_id: string;
  key_id: string;
  place: string;
  data_keys: number;
}

/** Opens the installation's key: makes it at the first start, and refuses in words one that is missing or wrong. */
export async function openKeyring(store: Store, provider: KeyProvider): Promise<Keyring> {
  const { instance_id } = store;
  let current = await store.withInstance('prove the key-encryption key', tx =>
    proveOrMake(tx, provider, instance_id),
  );

  const keyOf = async (key_id: string) =>
    key_id === current.id ? current : ((await provider.find(key_id)) ?? (await missing(provider, key_id)));

  return {
    kind: provider.kind,
    place: provider.place,
    key_id: () => current.id,
    async wrap(row, data_key) {
      const key = current;
      const wrapped_key = await key.wrap(data_key, bindingOf(instance_id, row));
      return { ...row, key_id: key.id, wrapped_key };
    },
    async unwrap(row) {
      const key = await keyOf(row.key_id);
      return key.unwrap(row.wrapped_key, bindingOf(instance_id, row));
    },
    async follow(tx) {
      const key_id = await keyIdInForce(tx);
      if (key_id === current.id) return;
      const key = key_id === null ? undefined : await provider.find(key_id);
      if (!key) throw fail('key.changed', { key_id });
      current = key;
    },
    async rewrap(also) {
      const { key, done } = await store.withInstance('rewrap the data keys', async tx => {
        const rewrapped = await rewrapAll(tx, provider, instance_id);
        await also?.(tx, rewrapped.done);
        return rewrapped;
      });
      current = key;
      return done;
    },
  };
}

async function proveOrMake(tx: Tx, provider: KeyProvider, instance_id: string): Promise<WrappingKey> {
  const { key_id, key_canary } = await lockCanary(tx);
  if (key_id === null || key_canary === null) {
    // The key is durable in its place before the row that depends on it.
    const key = await provider.first();
    await saveCanary(tx, key.id, await makeCanary(key, instance_id));
    return key;
  }
  return prove(provider, key_id, key_canary, instance_id);
}

async function prove(provider: KeyProvider, key_id: string, canary: Buffer, instance_id: string) {
  const key = (await provider.find(key_id)) ?? (await missing(provider, key_id));
  const opened = await key.unwrap(canary, canaryBinding(instance_id));
  if (opened?.toString() !== CANARY) throw fail('key.wrong', { key_id, place: provider.place });
  return key;
}

async function rewrapAll(tx: Tx, provider: KeyProvider, instance_id: string) {
  const { key_id, key_canary } = await lockCanary(tx);
  if (key_id === null || key_canary === null) throw await missing(provider, 'none');
  const former = await prove(provider, key_id, key_canary, instance_id);
  await lockDataKeys(tx);
  const rows = await allDataKeys(tx);
  const key = await provider.next(former.id);
  const holders = await keysOf(rows, provider);
  const moved = await Promise.all(rows.map(row => move(row, holders.get(row.key_id), key, instance_id)));
  await saveWrapped(tx, moved);
  // With the commit of this transaction the new key is in force; until then the old one is, and both are in their place.
  await saveCanary(tx, key.id, await makeCanary(key, instance_id));
  const done = { former_key_id: former.id, key_id: key.id, place: provider.place, data_keys: rows.length };
  return { key, done };
}

/** The keys that the rows stand under: one, unless data keys were restored from before a former rewrap. */
async function keysOf(rows: readonly DataKeyRow[], provider: KeyProvider): Promise<Map<string, WrappingKey>> {
  const keys = new Map<string, WrappingKey>();
  for (const key_id of new Set(rows.map(row => row.key_id)))
    keys.set(key_id, (await provider.find(key_id)) ?? (await missing(provider, key_id)));
  return keys;
}

async function move(row: DataKeyRow, from: WrappingKey | undefined, to: WrappingKey, instance_id: string) {
  const binding = bindingOf(instance_id, row);
  const data_key = await from?.unwrap(row.wrapped_key, binding);
  if (!data_key) throw fail('key.wrong', { key_id: row.key_id, place: 'data_keys' });
  return { ...row, key_id: to.id, wrapped_key: await to.wrap(data_key, binding) };
}

async function missing(provider: KeyProvider, key_id: string): Promise<never> {
  const ids = await provider.ids();
  const found = ids.length === 0 ? 'no key' : `only ${ids.join(', ')}`;
  throw fail('key.missing', { key_id, place: provider.place, found });
}

const CANARY = 'moulin';

function makeCanary(key: WrappingKey, instance_id: string): Promise<Buffer> {
  return key.wrap(Buffer.from(CANARY), canaryBinding(instance_id));
}

function canaryBinding(instance_id: string): Binding {
  return ['canary', instance_id];
}

function bindingOf(instance_id: string, row: { id: string; workspace_id: string | null }): Binding {
  return ['data key', instance_id, row.workspace_id, row.id];
}
