import {
  compactionRules,
  type Operation,
  planCompaction,
  planScan,
  stageCompaction,
  tableAt,
} from '../../base/iceberg/index.ts';
import type { LakePolicy } from '../../contract/lake.ts';
import type { RunContext } from '../runs/index.ts';
import { rulesOf } from './health.ts';
import type { MaintainInput, MaintainResult, StagedCare } from './tasks/maintain.ts';
import { pack } from './tasks/packed.ts';
import { openRunnerLake, type RunnerLake } from './tasks/runner.ts';
import { aboutRows } from './tasks/runner-words.ts';

// The runner half of `table.maintain`: rows are written again here, group by group; the rest is the worker's.

type Told = RunContext<MaintainInput>;

const MEMORY_MB = 768;
/** What makes fewer files comes before what lets go of those that are not needed any more. */
const ORDER = ['compact', 'manifests', 'expire', 'orphans'] as const;

export async function run(context: Told): Promise<MaintainResult> {
  const { kinds, table_id } = context.input;
  const before = isState(context.from.state) ? context.from.state.done : [];
  const done: string[] = [...before];
  let stages = context.from.stage;
  const hand = async (staged: StagedCare, state: string[]) => {
    await context.stage({ staged, state: { done: state } });
    stages += 1;
  };
  for (const care of ORDER) {
    if (!kinds.includes(care) || done.includes(care)) continue;
    context.signal.throwIfAborted();
    context.log.info(`${care} …`);
    if (care === 'compact') await compact(context, staged => hand(staged, done));
    else if (care === 'manifests') {
      const operation: Operation = { kind: 'rewrite_manifests' };
      await hand({ care, table_id, operation: pack(operation), result: {} }, [...done, care]);
    } else await hand({ care, table_id }, [...done, care]);
    done.push(care);
  }
  return { done, stages };
}

function isState(state: unknown): state is { done: string[] } {
  return typeof state === 'object' && state !== null && 'done' in state && Array.isArray(state.done);
}

async function compact(context: Told, hand: (staged: StagedCare) => Promise<void>): Promise<void> {
  await using lake = await openRunnerLake(context, MEMORY_MB);
  await aboutRows(context.input.table_id, () => rewrite(context, lake, hand));
}

async function rewrite(
  context: Told,
  { metadata, reader, engine, files, given }: RunnerLake,
  hand: (staged: StagedCare) => Promise<void>,
): Promise<void> {
  if (!metadata) return;
  const { table_id } = context.input;
  const { target_bytes } = rulesOf(policyIn(context.given));
  const properties = { 'write.target-file-size-bytes': String(target_bytes), ...metadata.properties };
  const rules = { ...compactionRules(properties), spec_id: metadata['default-spec-id'] };
  const table = tableAt(metadata, reader);
  const groups = await planCompaction((await planScan(table)).files, rules);
  for (const [at, group] of groups.entries()) {
    context.signal.throwIfAborted();
    const operation = await stageCompaction(
      table,
      group,
      { engine, files },
      { attempt: given.attempt, target_bytes },
    );
    const result = { files_before: operation.removed.length, files_after: operation.added.length };
    await hand({ care: 'compact', table_id, operation: pack(operation), result });
    context.progress({ done: at + 1, total: groups.length, unit: 'groups' });
  }
}

function policyIn(given: unknown): LakePolicy {
  if (typeof given !== 'object' || given === null || !('policy' in given))
    throw new Error('no policy was given');
  return given.policy as LakePolicy;
}
