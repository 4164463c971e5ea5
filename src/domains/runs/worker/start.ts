import { fail } from '../../../base/kit/errors.ts';
import { type KindTable, readInput } from '../kinds.ts';
import type { Claimed } from '../queue/index.ts';
import type { StartTask } from '../runner/protocol.ts';
import type { Begun, SecretName, TaskKind } from '../task.ts';
import type { Gate } from './gate.ts';
import { patiently } from './patience.ts';

export interface StartParts {
  kinds: KindTable;
  gate: Gate;
  /** Whether the one for whom it runs may still do so. */
  may(task: Claimed, kind: TaskKind): Promise<boolean>;
  /** By the names under which the runner finds them. */
  secrets(
    workspace_id: string,
    names: Readonly<Record<string, SecretName>>,
  ): Promise<Readonly<Record<string, string>>>;
}

/** What has changed since the run was made must hold now: the right, the input, the secrets. */
export async function prepareStart(
  parts: StartParts,
  task: Claimed,
  signal: AbortSignal,
): Promise<{ kind: TaskKind; start: StartTask }> {
  const kind = parts.kinds.need(task.kind);
  const input = readInput(kind, task.name, task.input);
  if (!(await patiently(() => parts.may(task, kind), signal)))
    throw fail('task.not_permitted', { who: task.run_as.name || task.run_as.id, kind: kind.id });
  const names = kind.secrets?.(input) ?? {};
  const secrets =
    Object.keys(names).length > 0
      ? await patiently(() => parts.gate(() => parts.secrets(task.workspace_id, names)), signal)
      : {};
  const begun = await begin(kind, task, input);
  return { kind, start: toStart(task, input, { ...secrets, ...begun.secrets }, begun.given) };
}

async function begin(kind: TaskKind, task: Claimed, input: unknown): Promise<Begun> {
  const { workspace_id, run_id, task_id, attempt, stage, stage_state } = task;
  const place = { workspace_id, run_id, task_id, attempt };
  const from = { stage, state: stage_state ?? null };
  return (await kind.begin?.(input, { ...place, from })) ?? { given: null };
}

function toStart(
  task: Claimed,
  input: unknown,
  secrets: Readonly<Record<string, string>>,
  given: unknown,
): StartTask {
  const { kind, workspace_id, run_id, task_id, attempt, parameters, window, stage, stage_state } = task;
  const plain = JSON.parse(JSON.stringify({ input, parameters, state: stage_state ?? null, given }));
  return {
    kind,
    workspace_id,
    run_id,
    task_id,
    attempt,
    input: plain.input ?? null,
    given: plain.given ?? null,
    parameters: plain.parameters,
    from: { stage, state: plain.state },
    secrets: { ...secrets },
    window,
  };
}
