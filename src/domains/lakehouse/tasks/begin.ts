import { printMetadata } from '../../../base/iceberg/index.ts';
import { fail, isFailure } from '../../../base/kit/errors.ts';
import { newId } from '../../../base/kit/ids.ts';
import { type Actor, SYSTEM } from '../../access/index.ts';
import type { BeginContext } from '../../runs/index.ts';
import type { Lake, LakeContext, LakeRow } from '../lake.ts';
import { checkName } from '../names.ts';
import type { Parts } from '../parts.ts';
import { tableLocation } from '../place.ts';
import { addPin, addStagedPrefixes } from '../store/staging.ts';
import type { Given, StorageSettings } from './given.ts';

export interface KindParts {
  lake: Lake;
  lake_parts: Parts;
  /** How runners reach the storage. */
  settings: StorageSettings;
}

type Place = Pick<BeginContext, 'workspace_id' | 'run_id' | 'task_id' | 'attempt'>;

export function contextOf(place: Place, actor: Actor = SYSTEM): LakeContext {
  const { workspace_id, run_id, task_id, attempt } = place;
  return { workspace_id, actor, via: 'task', run_id, task_id, attempt };
}

/**
 * Before the first byte of an attempt: where its files may come to lie is recorded, so that they are found when it leaves some
 * behind; and what it reads of the table stays until it has ended.
 */
export async function beginAttempt(
  { lake, lake_parts }: KindParts,
  place: Place,
  where: { namespace: readonly string[]; name: string } | { table_id: string },
): Promise<Omit<Given, 'storage' | 'attempt'>> {
  const { workspace_id, task_id, attempt } = place;
  const context = contextOf(place);
  const row = await findRow(lake, context, where);
  if (row && row.mount !== null) throw fail('lake.read_only', { name: row.name, mount: row.mount });
  if (!row && 'name' in where) checkName(where.name);
  const id = row?.id ?? newId();
  const location = row?.location ?? tableLocation(lake.root, { workspace_id, zone: 'raw', id });
  await lake_parts.write({ workspace_id }, async tx => {
    const staged = { id: newId(), workspace_id, table_id: row?.id ?? null, prefix: `${location}/` };
    await addStagedPrefixes(tx, [{ ...staged, task_id, attempt, request_id: null }]);
    const pin = {
      id: newId(),
      workspace_id,
      table_id: id,
      snapshot_id: null,
      holder: pinHolder(task_id, attempt),
    };
    if (row) await addPin(tx, pin, TASK_PIN_SECONDS);
  });
  await lake_parts.reached('prefix_recorded');
  const common = { workspace_id, root: lake.root, own: [location, ...(row?.places ?? [])] };
  if (!row) return { ...common, table: null, create: { id, location } };
  const { metadata, metadata_location } = await lake.tables.load(context, row.id);
  return { ...common, table: { id, metadata: printMetadata(metadata), metadata_location }, create: null };
}

async function findRow(
  lake: Lake,
  context: LakeContext,
  where: { namespace: readonly string[]; name: string } | { table_id: string },
): Promise<LakeRow | undefined> {
  if ('table_id' in where) {
    const row = await lake.tables.get(context, where.table_id);
    if (!row) throw fail('object.not_found', { kind: 'table', id: where.table_id });
    return row;
  }
  if (!(await lake.namespaces.find(context, where.namespace)))
    await makeNamespace(lake, context, where.namespace);
  return lake.tables.find(context, where.namespace, where.name);
}

/** Of two imports at once, one makes it. */
async function makeNamespace(lake: Lake, context: LakeContext, levels: readonly string[]): Promise<void> {
  try {
    await lake.namespaces.create(context, { levels });
  } catch (error) {
    if (!isFailure(error, 'lake.namespace_taken')) throw error;
  }
}

/** Longer than any attempt; the sweep lets go of those whose attempt has ended. */
const TASK_PIN_SECONDS = 30 * 86_400;

export function pinHolder(task_id: string, attempt: number): string {
  return `task:${task_id}:${attempt}`;
}
