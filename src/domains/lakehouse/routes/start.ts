import { actorOf } from '../../access/index.ts';
import { type RunToStart, recordStart, startRun } from '../runs.ts';
import { type Asking, type LakeRouteParts, write } from './asking.ts';

/** In the name of whoever asks. */
export async function start(
  parts: LakeRouteParts,
  call: Asking,
  what: Pick<RunToStart, 'title' | 'kind' | 'input' | 'overlap_key'>,
): Promise<{ run_id: string }> {
  const { workspace_id, principal, origin } = call;
  const { kind, id, name } = principal;
  return write(parts, call, async tx => {
    const { run_id } = await startRun(parts, tx, {
      ...what,
      ...{ workspace_id, run_as: { kind, id, name }, cause: origin.request_id },
      trigger: principal.token_id === undefined ? 'manual' : 'api',
    });
    await recordStart(parts.audit, tx, actorOf(call), { workspace_id, run_id, title: what.title });
    return { run_id };
  });
}
