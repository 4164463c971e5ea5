import { health } from '../../base/iceberg/index.ts';
import { isFailure } from '../../base/kit/errors.ts';
import type { LAKE_DUE } from '../../contract/lake.ts';
import { SYSTEM } from '../access/index.ts';
import type { KindTable } from '../runs/index.ts';
import { policyFor, rulesOf, toKnown } from './health.ts';
import type { LakeContext } from './lake.ts';
import { loadTable } from './load.ts';
import { fullName } from './names.ts';
import type { Parts } from './parts.ts';
import { startRun } from './runs.ts';
import { isCaredFor, lastCare, saveHealth, type Unchecked, uncheckedTables } from './store/staging.ts';

// Looking after tables without being asked: what is due is found out, and done as a run that everybody can see.

const TABLES_AT_ONCE = 50;
const WEEK_MS = 7 * 86_400_000;

type Due = (typeof LAKE_DUE)[number];

/** Looks at tables that have changed, and starts what is due. One that cannot be read is said to be unwell, and passed over. */
export async function lookAfter(parts: Parts, kinds: KindTable): Promise<number> {
  const { store } = parts;
  const tables = await store.withInstance(
    'tables to be looked at',
    tx => uncheckedTables(tx, TABLES_AT_ONCE),
    {
      read_only: true,
    },
  );
  for (const table of tables) await lookAt(parts, kinds, table);
  return tables.length;
}

async function lookAt(parts: Parts, kinds: KindTable, table: Unchecked): Promise<void> {
  const { id, workspace_id } = table;
  const policy = policyFor(table.workspace_policy ?? {}, table.policy);
  const context: LakeContext = { workspace_id, actor: SYSTEM, via: 'maintenance' };
  try {
    const { row, metadata } = await loadTable(parts, context, id);
    const { target_bytes, ...rules } = rulesOf(policy);
    const now_ms = Math.max(parts.clock.now(), metadata['last-updated-ms']);
    const found = toKnown(await health(metadata, parts.manifestsOf(row), now_ms, rules));
    const orphans = await orphansAreDue(parts, table);
    const due: Due[] = orphans ? [...found.due, 'orphans'] : found.due;
    await parts.write(context, tx => saveHealth(tx, id, { ...found, due }));
    if (policy.automatic && due.length > 0) await start(parts, kinds, table, due);
  } catch (error) {
    // Its own row says why; the others are looked at all the same.
    if (!isFailure(error) && !(error instanceof Error && error.name === 'IcebergError')) throw error;
    await parts.write(context, tx => saveHealth(tx, id, {}));
  }
}

/** Each week, and not in the first one. */
async function orphansAreDue({ store, clock }: Parts, { id, workspace_id }: Unchecked): Promise<boolean> {
  const last = await store.withWorkspace({ workspace_id }, tx => lastCare(tx, id, 'orphans'), {
    read_only: true,
  });
  const made_at = Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
  return clock.now() - (last === null ? made_at : Date.parse(last)) > WEEK_MS;
}

async function start(parts: Parts, kinds: KindTable, table: Unchecked, due: readonly Due[]): Promise<void> {
  const { id, workspace_id, namespace, name } = table;
  const overlap_key = `lake:${id}`;
  await parts.write({ workspace_id }, async tx => {
    if (await isCaredFor(tx, workspace_id, overlap_key)) return;
    await startRun({ kinds }, tx, {
      ...{ workspace_id, overlap_key, kind: 'table.maintain', input: { table_id: id, kinds: due } },
      title: `Maintain ${fullName(namespace, name)}`,
      run_as: { kind: 'local', id: 'local', name: 'Moulin' },
      ...{ trigger: 'system', cause: null },
    });
  });
}
