import type { Tx } from '../../base/db/index.ts';
import { newRunSchema } from '../../contract/runs.ts';
import type { Actor, AuditNote } from '../access/index.ts';
import { createRun, type KindTable } from '../runs/index.ts';

export interface RunToStart {
  workspace_id: string;
  title: string;
  kind: string;
  input: unknown;
  /** Runs about one table come one after the other. */
  overlap_key?: string;
  dedupe_key?: string;
  run_as: { kind: 'person' | 'service' | 'local'; id: string; name: string };
  trigger: 'manual' | 'api' | 'system';
  cause: string | null;
}

/** A run with one task: what the pages and the command line ask of the lake, and what it does by itself. */
export async function startRun(
  { kinds }: { kinds: KindTable },
  tx: Tx,
  { workspace_id, title, kind, input, overlap_key, dedupe_key, ...order }: RunToStart,
): Promise<{ run_id: string; created: boolean }> {
  const run = newRunSchema.parse({
    title,
    tasks: [{ name: kind, kind, input }],
    ...(overlap_key !== undefined && { overlap_key }),
    ...(dedupe_key !== undefined && { dedupe_key }),
  });
  return createRun(tx, {
    ...order,
    workspace_id,
    run,
    kinds,
    actor: `${order.run_as.kind}:${order.run_as.id}`,
  });
}

/** What the audit log says of it. */
export async function recordStart(
  audit: (tx: Tx, actor: Actor, ...notes: AuditNote[]) => Promise<void>,
  tx: Tx,
  actor: Actor,
  { workspace_id, run_id, title }: { workspace_id: string; run_id: string; title: string },
): Promise<void> {
  const object = { kind: 'run', id: run_id, name: title };
  await audit(tx, actor, { workspace_id, action: 'run.started', object });
}
