import type { Principal } from '../../../contract/principal.ts';
import type { Origin } from '../../../contract/route.ts';

/** Who did something, as the audit log keeps it: readable for ever, also when the account is gone. */
export interface Actor {
  kind: Principal['kind'] | 'anonymous' | 'system';
  id: string | null;
  name: string;
  ip: string | null;
  request_id: string | null;
}

/** What Moulin does by itself: the first start, a retention that is due. */
export const SYSTEM: Actor = { kind: 'system', id: null, name: 'Moulin', ip: null, request_id: null };

interface Asking {
  principal: Principal | undefined;
  origin: Origin;
}

export function actorOf({ principal, origin }: Asking): Actor {
  const { ip, request_id } = origin;
  if (!principal) return { kind: 'anonymous', id: null, name: 'nobody signed in', ip, request_id };
  return { kind: principal.kind, id: principal.id, name: principal.name, ip, request_id };
}
