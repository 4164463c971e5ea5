import type { PartState } from '../../../contract/system.ts';
import type { Secrets } from './secrets.ts';

/** For /health/ready and the system page: the key was proved at the start; what can change since is told here. */
export function keysCheck(secrets: Pick<Secrets, 'status'>): {
  name: string;
  check: () => Promise<Omit<PartState, 'name'>>;
} {
  return {
    name: 'keys',
    async check() {
      const { key_id, place, secrets: stored, waiting } = await secrets.status();
      const facts = { key_id, place, secrets: stored };
      if (waiting === 0) return { state: 'ok', detail: '', facts };
      const detail = `${waiting} secrets still stand under a retired data key. Finish with: moulin keys rotate --resume.`;
      return { state: 'degraded', detail, facts };
    },
  };
}
