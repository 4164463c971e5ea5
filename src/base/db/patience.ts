import { setTimeout as delay } from 'node:timers/promises';
import { isFailure } from '../kit/errors.ts';
import { type Address, describeAddress, isConnectionLost, reasonOf } from './connection.ts';

const FIRST_PAUSE_MS = 250;
const LAST_PAUSE_MS = 5000;

/** Called when the server does not answer, and again when it does so for another reason. */
export type Waiting = (text: string) => void;

/**
 * Opens, however long the server takes to come: after a power cut everything starts at once, and the database last. Only
 * where nobody answers: a wrong password or version would be as wrong in an hour, and is told at once.
 */
export async function openWhenThere<T>(
  address: Address,
  open: () => Promise<T>,
  waiting: Waiting,
): Promise<T> {
  let told = '';
  for (let pause_ms = FIRST_PAUSE_MS; ; pause_ms = Math.min(pause_ms * 2, LAST_PAUSE_MS)) {
    try {
      return await open();
    } catch (error) {
      const reason = absence(error);
      if (reason === undefined) throw error;
      if (reason !== told)
        waiting(`The metadata store at ${describeAddress(address)} does not answer (${reason})`);
      told = reason;
    }
    await delay(pause_ms);
  }
}

/** Why nobody answers; undefined for every other failure. It may go away again between two steps of the opening. */
function absence(error: unknown): string | undefined {
  if (isFailure(error, 'store.unreachable')) return String(error.params.reason);
  if (isFailure(error, 'server.unavailable')) return reasonOf(error.cause);
  return isConnectionLost(error) ? reasonOf(error) : undefined;
}
