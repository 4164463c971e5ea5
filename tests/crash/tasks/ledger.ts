import { setTimeout as delay } from 'node:timers/promises';
import type { Instance } from './instance.ts';
import type { PlannedRun } from './plan.ts';

/** What was acknowledged, written down by somebody who was not killed. */
export interface Entry {
  plan: PlannedRun;
  run_id: string;
  /** Somebody asked to cancel it, and was told "yes" or got no answer. */
  cancelled: boolean;
}

export interface Client {
  /** Until it is acknowledged: again, with the same dedupe key, whenever the answer got lost. Undefined when told to give up. */
  submit(plan: PlannedRun, give_up: AbortSignal): Promise<Entry | undefined>;
  cancel(entry: Entry, give_up: AbortSignal): Promise<void>;
  open_runs(): Promise<number | undefined>;
}

const ANSWER_MS = 10_000;

/** The server, or what it needs, is just being started again. */
function isPassing({ status }: { status: number }): boolean {
  return status >= 500 || status === 401 || status === 429;
}

export function openClient(instance: Instance): Client {
  const call = async (method: string, path: string, body?: object) => {
    const token = instance.token();
    if (token === undefined) return undefined;
    const headers = {
      authorization: `Bearer ${token}`,
      'moulin-workspace': 'main',
      'content-type': 'application/json',
    };
    const init = {
      method,
      headers,
      signal: AbortSignal.timeout(ANSWER_MS),
      ...(body && { body: JSON.stringify(body) }),
    };
    try {
      const response = await fetch(`${instance.url}/api/v1${path}`, init);
      return {
        status: response.status,
        body: (await response.json().catch(() => ({}))) as Record<string, unknown>,
      };
    } catch {
      // Killed before, while or after it worked: nobody can know.
      return undefined;
    }
  };
  const persist = async (ask: () => ReturnType<typeof call>, give_up: AbortSignal) => {
    for (; !give_up.aborted; await delay(100)) {
      const answer = await ask();
      if (answer && !isPassing(answer)) return answer;
    }
    return undefined;
  };
  return {
    async submit(plan, give_up) {
      const answer = await persist(() => call('POST', '/runs', plan.body), give_up);
      if (!answer) return undefined;
      if (answer.status !== 202) throw new Error(`a run was refused: ${JSON.stringify(answer)}`);
      return { plan, run_id: String(answer.body.id), cancelled: false };
    },
    async cancel(entry, give_up) {
      let asked = 0;
      const ask = () => {
        asked += 1;
        return call('POST', `/runs/${entry.run_id}/cancel`, {});
      };
      const answer = await persist(ask, give_up);
      // It has ended: perhaps by the cancel whose answer got lost.
      if (answer?.status === 202 || asked > 1) entry.cancelled = true;
      else if (answer && answer.status !== 409)
        throw new Error(`a cancel was refused: ${JSON.stringify(answer)}`);
    },
    async open_runs() {
      const answer = await call('GET', '/runs?state=queued,running,cancelling&limit=500');
      return answer?.status === 200 ? (answer.body.items as unknown[]).length : undefined;
    },
  };
}
