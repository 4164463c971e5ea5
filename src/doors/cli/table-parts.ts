import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { fail } from '../../base/kit/errors.ts';
import type { Client } from '../../contract/client.ts';
import type { LakeTable, LakeTableDetail } from '../../contract/lake.ts';
import type { Run } from '../../contract/runs.ts';
import type { Answer } from './command.ts';
import { type Column, shortSize, shortTime } from './present.ts';

// What the commands about tables have in common: how one is found and shown, and how a run is waited for.

export const nameOf = ({ namespace, name }: Pick<LakeTable, 'namespace' | 'name'>) => `${namespace}.${name}`;

export const columns: readonly Column<LakeTable>[] = [
  ['name', nameOf],
  ['kind', ({ kind, mount }) => (mount === null ? kind : `${kind} in ${mount}`)],
  ['rows', ({ rows }) => rows],
  ['size', ({ bytes }) => (bytes === null ? null : shortSize(bytes))],
  ['files', ({ files }) => files],
  ['changed', ({ committed_at }) => shortTime(committed_at) || 'never'],
  ['health', ({ health, error }) => error?.message ?? health.level],
];

export const details: readonly Column<LakeTableDetail>[] = [
  ...columns,
  [
    'fields',
    ({ fields }) => fields.map(({ path, type, required }) => `${path} ${type}${required ? '!' : ''}`),
  ],
  ['partitioned by', ({ partitioned_by }) => partitioned_by],
  ['snapshot', ({ snapshot_id }) => snapshot_id],
  ['branches and tags', ({ refs }) => refs.map(({ name }) => name)],
  ['due', ({ health }) => health.due],
  ['folder', ({ location }) => location],
  ['metadata', ({ metadata_location }) => metadata_location],
  ['warnings', ({ warnings }) => warnings],
  ['id', ({ id }) => id],
];

// ── Runs ────────────────────────────────────────────────────────────────────────────────────────────

export interface WaitOptions {
  wait: boolean;
}

export function withWait(command: Command): Command {
  return command.option('--no-wait', 'do not wait until it is done');
}

const LOOK_MS = 300;

export async function ended(client: Client, run_id: string): Promise<Run> {
  for (;;) {
    const run = await client['runs.show']({ params: { id: run_id } });
    if (run.ended_at === null) await delay(LOOK_MS);
    else if (run.state === 'succeeded') return run;
    else throw fail('cli.run_failed', { run: run_id, state: run.state, reason: run.error?.message ?? '' });
  }
}

export async function showRun(
  client: Client,
  answer: Answer,
  run_id: string,
  { wait }: WaitOptions,
): Promise<void> {
  const run = wait ? await ended(client, run_id) : await client['runs.show']({ params: { id: run_id } });
  await answer.object(run, [
    ['run', ({ id }) => id],
    ['state', ({ state }) => state],
  ]);
}

// ── What is typed ───────────────────────────────────────────────────────────────────────────────────

/** `ordered_at`, `day(ordered_at)`, `bucket[16](id)`. */
export function partitionOf(text: string): { field: string; transform: string } {
  const [, transform, field] = /^([a-z]+(?:\[\d+\])?)\((.+)\)$/.exec(text) ?? [];
  return { field: field ?? text, transform: transform ?? 'identity' };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function find(client: Client, name: string): Promise<LakeTableDetail> {
  if (UUID.test(name)) return client['lake_tables.show']({ params: { id: name } });
  return client['lake_tables.find']({ query: { name } });
}
