import type { Store, Tx } from '../../../base/db/index.ts';
import type { Clock } from '../../../base/kit/clock.ts';
import { fail } from '../../../base/kit/errors.ts';
import type { Outbound } from '../../../base/kit/outbound.ts';
import type { Storage } from '../../../base/storage/index.ts';
import type { Principal } from '../../../contract/principal.ts';
import type { Call } from '../../../contract/route.ts';
import { type Actor, type AuditNote, actorOf, type Secrets } from '../../access/index.ts';
import type { KindTable } from '../../runs/index.ts';
import type { Lake, LakeContext, LakeRow, Loaded } from '../lake.ts';
import { fullName } from '../names.ts';

export interface LakeRouteParts {
  lake: Lake;
  store: Store;
  storage: Storage;
  clock: Clock;
  kinds: KindTable;
  secrets: Secrets;
  outbound: Outbound;
  record: (tx: Tx, actor: Actor, ...notes: AuditNote[]) => Promise<void>;
  /** The entry alone: a run tells its own event. */
  audit: (tx: Tx, actor: Actor, ...notes: AuditNote[]) => Promise<void>;
  /** Where people and engines reach this server. */
  url: () => string;
  /** Whether the storage can give out keys that end by themselves. */
  vends: boolean;
}

export type Asking = Pick<Call, 'workspace_id' | 'origin'> & { principal: Principal };

export function contextOf(call: Asking): LakeContext {
  return { workspace_id: call.workspace_id, actor: actorOf(call), via: 'api' };
}

export function read<T>({ store }: LakeRouteParts, call: Asking, work: (tx: Tx) => Promise<T>): Promise<T> {
  return store.withWorkspace({ workspace_id: call.workspace_id }, work, { read_only: true });
}

export function write<T>({ store }: LakeRouteParts, call: Asking, work: (tx: Tx) => Promise<T>): Promise<T> {
  return store.withWorkspace({ workspace_id: call.workspace_id }, work);
}

/** A table that nobody may see is not there. */
export async function needTable({ lake }: LakeRouteParts, call: Asking, id: string): Promise<LakeRow> {
  const row = await lake.tables.get(contextOf(call), id);
  if (!row || (await lake.access(call.principal, row)) === 'none')
    throw fail('object.not_found', { kind: 'table', id });
  return row;
}

/** For what shows values of all rows: files, their bounds, partitions. */
export async function needWhole(parts: LakeRouteParts, call: Asking, id: string): Promise<LakeRow> {
  const row = await needTable(parts, call, id);
  if ((await parts.lake.access(call.principal, row)) !== 'all')
    throw fail('lake.policed', { name: fullName(row.namespace, row.name) });
  return row;
}

export async function loadWhole(parts: LakeRouteParts, call: Asking, id: string): Promise<Loaded> {
  await needWhole(parts, call, id);
  return parts.lake.tables.load(contextOf(call), id);
}
