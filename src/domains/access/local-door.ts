import { EVERY_SCOPE, INSTANCE_RIGHTS } from '../../contract/permissions.ts';
import type { Principal } from '../../contract/principal.ts';
import { type Bearer, hashBearer, isSameHash, newBearer } from './bearer.ts';

/**
 * Whoever can read the data folder rules this installation anyway: the command line shows the secret that this process
 * wrote there, and is let in without a password. It lives as long as the process.
 */
export interface LocalDoor {
  /** A new secret; the former one opens nothing any more. */
  createSecret(): string;
  opens(shown: string): boolean;
}

/** Where local commands act unless they say otherwise. */
export const LOCAL_WORKSPACE = 'main';

export const LOCAL: Principal = {
  kind: 'local',
  id: 'local',
  name: 'Command line on the server',
  instance_rights: [...INSTANCE_RIGHTS],
  scopes: [...EVERY_SCOPE],
};

export function createLocalDoor(): LocalDoor {
  let current: Bearer['hash'] | undefined;
  return {
    createSecret() {
      const { value, hash } = newBearer();
      current = hash;
      return value;
    },
    opens: shown => current !== undefined && isSameHash(current, hashBearer(shown)),
  };
}
