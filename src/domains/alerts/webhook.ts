import type { Tx } from '../../base/db/index.ts';
import { isFailure } from '../../base/kit/errors.ts';
import type { Outbound } from '../../base/kit/outbound.ts';
import type { SecretRef, Secrets } from '../access/index.ts';
import { type Answered, readRetryAfter, readStatus } from './attempt.ts';
import { type Message, render, signatureOf, type WebhookFormat } from './message.ts';

// One request to the address of a workspace. Address and signing secret are read from the encrypted secrets when they are
// needed, and known to the redactor from then on.

export type SecretField = 'url' | 'signing_secret';

export function secretOf(workspace_id: string, field: SecretField): SecretRef {
  return { workspace_id, object_kind: 'webhook', object_id: 'webhook', field };
}

export interface Receiver {
  format: WebhookFormat;
  url: string;
  signing_secret: string | undefined;
}

/** Either door. Undefined when there is no address. */
export async function readReceiver(
  tx: Tx,
  secrets: Secrets,
  workspace_id: string,
  format: WebhookFormat,
): Promise<Receiver | undefined> {
  const url = await secrets.read(tx, secretOf(workspace_id, 'url'));
  if (url === undefined) return undefined;
  return { format, url, signing_secret: await secrets.read(tx, secretOf(workspace_id, 'signing_secret')) };
}

export interface Sending {
  outbound: Outbound;
  now: () => number;
  signal?: AbortSignal;
  timeout_ms?: number;
}

/** What is said of a failure names the host at most: in most products the address is the secret. */
export async function send(
  { outbound, now, signal, timeout_ms }: Sending,
  { url, format, signing_secret }: Receiver,
  delivery: { id: string; body: Message },
): Promise<Answered> {
  const body = render(format, delivery.body);
  const isSigned = format === 'json' && signing_secret !== undefined;
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'Moulin-Webhook',
    'moulin-delivery': delivery.id,
    'moulin-event': delivery.body.kind,
    ...(isSigned && { 'moulin-signature': signatureOf(signing_secret, body, Math.floor(now() / 1000)) }),
  };
  try {
    const answer = await outbound.fetch(url, {
      method: 'POST',
      headers,
      body,
      signal,
      timeout_ms,
      max_bytes: MAX_ANSWER,
    });
    return readStatus(answer.status, readRetryAfter(answer.headers.get('retry-after'), now()));
  } catch (error) {
    if (!isFailure(error)) throw error;
    return {
      status: null,
      error: error.message,
      is_final: error.code === 'outbound.refused',
      retry_after: null,
    };
  }
}

/** Nobody reads it. */
const MAX_ANSWER = 1024 * 1024;
