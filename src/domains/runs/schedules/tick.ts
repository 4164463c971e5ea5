import { z } from 'zod';
import { appendEvents, type Store, type Tx } from '../../../base/db/index.ts';
import { toTimestamp } from '../../../base/kit/clock.ts';
import { type Failure, fail, isFailure } from '../../../base/kit/errors.ts';
import { newRunSchema } from '../../../contract/runs.ts';
import { describeProblems, type KindTable } from '../kinds.ts';
import { createRun } from '../queue/index.ts';
import { planFires } from './plan.ts';
import { lockDue, moveOn, type ScheduleRow } from './store.ts';

/** One transaction holds no more schedules than this; the rest is the next one's. */
const BATCH = 50;

/** Whatever is due by now fires: once for each fire time, however many servers tick. Answers how many runs it made. */
export async function tick(store: Store, kinds: KindTable, now: number): Promise<number> {
  let fired = 0;
  for (let rows = BATCH; rows === BATCH; ) {
    const done = await store.withInstance('fire schedules', tx => fireDue(tx, kinds, now));
    rows = done.rows;
    fired += done.fired;
  }
  return fired;
}

async function fireDue(tx: Tx, kinds: KindTable, now: number): Promise<{ rows: number; fired: number }> {
  const due = await lockDue(tx, toTimestamp(now), BATCH);
  const moves = [];
  let fired = 0;
  for (const row of due) {
    const { fires, next } = planFires(row, now);
    for (const fire of fires) if (await fireOnce(tx, kinds, row, fire)) fired += 1;
    moves.push({ id: row.id, ...next });
  }
  await moveOn(tx, moves);
  return { rows: due.length, fired };
}

/**
 * A run for this fire time, unless there is one. What cannot be started any more (a kind that is gone, a definition that an
 * update of the product reads otherwise) is said, and fires
 * again at its next time: one bad schedule stops no other.
 */
export async function fireOnce(tx: Tx, kinds: KindTable, row: ScheduleRow, fire: number): Promise<boolean> {
  try {
    const { created } = await createRun(
      tx,
      orderOf(row, kinds, { fire_time: toTimestamp(fire), trigger: 'schedule' }),
    );
    return created;
  } catch (error) {
    const failure = failureOf(error);
    if (failure === undefined) throw error;
    await appendEvents(tx, [
      {
        workspace_id: row.workspace_id,
        type: 'schedule.failed',
        subject: `schedule:${row.id}`,
        payload: {
          name: row.name,
          fire_time: toTimestamp(fire),
          code: failure.code,
          message: failure.message,
        },
      },
    ]);
    return false;
  }
}

/** Undefined: nothing that the schedule could be blamed for. */
function failureOf(error: unknown): Failure | undefined {
  if (error instanceof z.ZodError)
    return fail('task.failed', { message: describeProblems(error) }, { cause: error });
  return isFailure(error) ? error : undefined;
}

export function orderOf(
  row: ScheduleRow,
  kinds: KindTable,
  { fire_time, trigger }: { fire_time: string | null; trigger: 'schedule' | 'manual' },
) {
  const { workspace_id, id, definition, priority, overlap, late_after_seconds, run_as_kind, run_as_id } = row;
  const run = newRunSchema.parse({
    ...definition,
    priority,
    overlap,
    overlap_key: `schedule:${id}`,
    ...(late_after_seconds !== null && { late_after_seconds }),
  });
  const run_as = { kind: run_as_kind, id: run_as_id, name: '' };
  return { workspace_id, run, kinds, run_as, trigger, schedule_id: id, fire_time, cause: `schedule:${id}` };
}
