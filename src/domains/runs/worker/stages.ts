import { appendEvents, type Store, type Tx } from '../../../base/db/index.ts';
import { describeProblems, type KindTable } from '../kinds.ts';
import { addTasks, type Claimed, commitStage } from '../queue/index.ts';
import type { Heard } from '../runner/protocol.ts';
import type { Commit, CommitContext, Fact, StageOf, TaskKind } from '../task.ts';
import { taskError, toTaskError } from '../task-error.ts';
import type { Outcome } from './attempt.ts';
import type { Gate, KeyedGate } from './gate.ts';
import { patiently } from './patience.ts';
import { addStageFacts } from './store.ts';

export type StageMessage = Extract<Heard, { type: 'stage' }>;

export interface StageParts {
  store: Pick<Store, 'withWorkspace'>;
  kinds: KindTable;
  /** How many transactions of stages there may be at once: the beat needs a connection, too. */
  gate: Gate;
  /** Those whose base moved, one after the other for each thing that they write. */
  queue: KeyedGate;
}

/** `undone`: nothing of it is true, and this is what the attempt ends in. */
export type StageAnswer = 'committed' | { undone: Outcome };

const MAX_REBASES = 8;
/** One that hangs in a network that swallows keeps its task from everybody: it is given up and done again. */
const STATEMENT_SECONDS = 15;

/** Prepares and commits one stage; never throws. A stage that an earlier attempt committed unheard is not done again. */
export async function makeTrue(
  parts: StageParts,
  task: Claimed,
  message: StageMessage,
  signal: AbortSignal,
): Promise<StageAnswer> {
  try {
    const kind = parts.kinds.need(task.kind);
    const stage = readStage(kind, message);
    if ('undone' in stage) return stage;
    const once = () => attemptStage(parts, kind, task, stage, message.facts, signal);
    const first = await once();
    if (first !== 'rebase') return answer(first);
    // It met somebody: from here on one at a time, or the same ones would meet again and again.
    return await parts.queue(baseOf(task, message.facts), async () => {
      for (let count = 1; count < MAX_REBASES; count += 1) {
        const again = await once();
        if (again !== 'rebase') return answer(again);
      }
      return answer('rerun');
    });
  } catch (error) {
    return { undone: { state: 'failed', error: toTaskError(error) } };
  }
}

type Tried = 'committed' | 'rebase' | 'rerun' | 'refused';

function answer(tried: Exclude<Tried, 'rebase'>): StageAnswer {
  if (tried === 'committed') return 'committed';
  // Either somebody cancelled it, which the store accepts, or the lease is gone, and the store refuses this as well.
  if (tried === 'refused') return { undone: { state: 'cancelled', reason: '' } };
  const message = 'What it had read is no longer what it is to be written on; it starts again from there';
  return { undone: { state: 'failed', error: taskError('task.failed', { message }) } };
}

/** What is written: the datasets that the stage declares, else whatever this kind writes in this workspace. */
function baseOf({ workspace_id, kind }: Claimed, facts: readonly Fact[]): string {
  const written = facts
    .filter(({ role }) => role === 'written')
    .map(fact => `${fact.namespace} ${fact.name}`);
  return [workspace_id, kind, ...written.sort()].join('\n');
}

function readStage(
  kind: TaskKind,
  { n, staged, state }: StageMessage,
): StageOf<unknown> | { undone: Outcome } {
  const read = kind.staged?.safeParse(staged);
  if (read?.success) return { n, staged: read.data, state };
  const problems = read?.error ? `stage ${n}: ${describeProblems(read.error)}` : 'it has no stages';
  return { undone: { state: 'failed', error: taskError('task.result', { kind: kind.id, problems }) } };
}

async function attemptStage(
  parts: StageParts,
  kind: TaskKind,
  task: Claimed,
  stage: StageOf<unknown>,
  facts: readonly Fact[],
  signal: AbortSignal,
): Promise<Tried> {
  const { workspace_id, run_id, task_id, attempt, run_as } = task;
  const place = { workspace_id, run_id, task_id, attempt, run_as };
  const prepared = kind.prepare ? await kind.prepare(stage, { ...place, signal }) : stage.staged;
  // What was prepared stays good: the store may be away for a while, and the door may repeat the transaction.
  return patiently(
    () =>
      parts.gate(async () => {
        signal.throwIfAborted();
        return commitOnce(parts, kind, task, { stage, prepared, facts, context: { ...place, n: stage.n } });
      }),
    signal,
  );
}

interface Ready {
  stage: StageOf<unknown>;
  prepared: unknown;
  facts: readonly Fact[];
  context: CommitContext;
}

/** Thrown to roll the transaction back, with the answer that made it. */
class Undone extends Error {
  readonly why: 'rebase' | 'rerun';
  constructor(why: 'rebase' | 'rerun') {
    super(why);
    this.why = why;
  }
}

async function commitOnce(parts: StageParts, kind: TaskKind, task: Claimed, ready: Ready): Promise<Tried> {
  const { workspace_id } = task;
  try {
    // The commit point of a stage: what it made, and that it was made, become true together.
    return await parts.store.withWorkspace(
      { workspace_id },
      tx => inTransaction(tx, parts, kind, task, ready),
      { statement_seconds: STATEMENT_SECONDS },
    );
  } catch (error) {
    if (error instanceof Undone) return error.why;
    throw error;
  }
}

async function inTransaction(
  tx: Tx,
  { kinds }: StageParts,
  kind: TaskKind,
  task: Claimed,
  { stage, prepared, facts, context }: Ready,
): Promise<'committed' | 'refused'> {
  const { workspace_id, run_id, task_id, attempt, fence } = task;
  const lease = { workspace_id, task_id, attempt, fence };
  const guard = await commitStage(tx, { ...lease, n: stage.n, state: stage.state, facts });
  if (guard !== 'accepted') return guard === 'known' ? 'committed' : 'refused';
  const commit = await readCommit(kind, tx, prepared, context);
  if (commit.tasks.length > 0) await addTasks(tx, { workspace_id, run_id, tasks: commit.tasks, kinds });
  if (commit.facts.length > 0) await addStageFacts(tx, context, commit.facts);
  await tell(tx, context, kind, [...facts, ...commit.facts]);
  return 'committed';
}

async function readCommit(kind: TaskKind, tx: Tx, prepared: unknown, context: CommitContext) {
  const commit: Commit = (await kind.commit?.(tx, prepared, context)) ?? 'committed';
  if (commit === 'rebase' || commit === 'rerun') throw new Undone(commit);
  const { tasks = [], facts = [] } = commit === 'committed' ? {} : commit;
  return { tasks, facts };
}

/** Lineage and catalog live on these (foundations §5). */
async function tell(tx: Tx, context: CommitContext, kind: TaskKind, facts: readonly Fact[]): Promise<void> {
  if (facts.length === 0) return;
  const { workspace_id, run_id, task_id, attempt, n } = context;
  const payload = { run_id, task_id, attempt, n, kind: kind.id, facts: facts.map(fact => ({ ...fact })) };
  await appendEvents(tx, [
    {
      workspace_id,
      type: 'stage.committed',
      subject: `task:${task_id}`,
      cause: `run:${run_id}`,
      // Facts come from JSON, or are plain data of a commit.
      payload: JSON.parse(JSON.stringify(payload)),
    },
  ]);
}
