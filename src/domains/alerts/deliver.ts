import { setTimeout as delay } from 'node:timers/promises';
import { appendEvents, type Store } from '../../base/db/index.ts';
import { isFailure } from '../../base/kit/errors.ts';
import type { Log } from '../../base/kit/log.ts';
import type { Secrets } from '../access/index.ts';
import { type Answered, MAX_ATTEMPTS, nextStep } from './attempt.ts';
import { type DueDelivery, finishAttempt, takeDue } from './store.ts';
import { DELIVERIES_WAIT } from './take-in.ts';
import { readReceiver, type Sending, send } from './webhook.ts';

export interface DeliverParts extends Sending {
  store: Store;
  secrets: Secrets;
  log: Log;
}

const AT_ONCE = 8;
/** Longer than a request may take. */
const LEASE_SECONDS = 120;
const POLL_MS = 2000;

/** Sends what is due, one of each workspace; how many there were. */
export async function deliverDue(parts: DeliverParts): Promise<number> {
  const due = await parts.store.withInstance('webhooks that are due', tx =>
    takeDue(tx, AT_ONCE, LEASE_SECONDS),
  );
  await Promise.all(due.map(delivery => deliver(parts, delivery)));
  return due.length;
}

async function deliver(parts: DeliverParts, delivery: DueDelivery): Promise<void> {
  const { store, log } = parts;
  const answered = await attempt(parts, delivery);
  const next = nextStep(delivery.attempts, answered);
  await store.withInstance('a webhook was sent', async tx => {
    await finishAttempt(tx, delivery, answered, next);
    if (next.state === 'waiting') return;
    const { workspace_id, id, kind } = delivery;
    await appendEvents(tx, [
      { workspace_id, type: `webhook.${next.state}`, subject: `delivery:${id}`, payload: { kind } },
    ]);
  });
  const { id, workspace_id, attempts } = delivery;
  const facts = { delivery: id, workspace_id, attempts, status: answered.status, reason: answered.error };
  if (next.state === 'failed') log.warn(facts, 'A webhook was given up; the webhook stays on');
  else log.debug(facts, 'A webhook was sent');
}

async function attempt(parts: DeliverParts, delivery: DueDelivery): Promise<Answered> {
  const { workspace_id, format, enabled, attempts } = delivery;
  // Whatever ended those attempts, and perhaps their process: it comes to no end in this one either.
  if (attempts > MAX_ATTEMPTS)
    return neverSent(`it was begun ${MAX_ATTEMPTS} times and not one came to its end`);
  if (format === null) return neverSent('the workspace has no webhook any more');
  if (!enabled) return neverSent('the webhook was switched off');
  try {
    const receiver = await parts.store.withInstance('address of a webhook', tx =>
      readReceiver(tx, parts.secrets, workspace_id, format),
    );
    return receiver ? await send(parts, receiver, delivery) : neverSent('the webhook has no address');
  } catch (error) {
    // A secret that cannot be opened, a store that is away: not the receiver's fault, and it may pass.
    if (!isFailure(error)) throw error;
    return { status: null, error: error.message, is_final: false, retry_after: null };
  }
}

function neverSent(error: string): Answered {
  return { status: null, error, is_final: true, retry_after: null };
}

/** Sends for as long as it is open; of all processes one at a time. What waits is in the store, so it outlives us. */
export function startSending(parts: Omit<DeliverParts, 'signal'>): { close(): Promise<void> } {
  const closing = new AbortController();
  const running = keepSending({ ...parts, signal: closing.signal }, closing.signal);
  return {
    async close() {
      closing.abort();
      await running;
    },
  };
}

async function keepSending(parts: DeliverParts, closing: AbortSignal): Promise<void> {
  const { store, log } = parts;
  while (!closing.aborted) {
    const lock = await store.tryLock('webhook deliveries').catch(() => undefined);
    try {
      if (lock) await sendWhileHeld(parts, AbortSignal.any([closing, lock.lost]));
    } catch (error) {
      if (!closing.aborted) log.warn({ error }, 'Webhooks wait for the store');
    } finally {
      await lock?.release();
    }
    await rest(closing);
  }
}

async function sendWhileHeld(parts: DeliverParts, stop: AbortSignal): Promise<void> {
  let wake = () => {};
  let rung = false;
  const forget = parts.store.listen(DELIVERIES_WAIT, () => {
    rung = true;
    wake();
  });
  try {
    while (!stop.aborted) {
      rung = false;
      if ((await deliverDue(parts)) > 0 || rung) continue;
      const heard = new AbortController();
      wake = () => heard.abort();
      await rest(AbortSignal.any([stop, heard.signal]));
    }
  } finally {
    forget();
  }
}

async function rest(signal: AbortSignal): Promise<void> {
  await delay(POLL_MS, undefined, { signal }).catch(() => {});
}
