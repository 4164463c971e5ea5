// Whether a delivery that did not arrive is tried again, and when.

/** Seconds before each further attempt: six attempts within about an hour. */
const PAUSES = [10, 60, 300, 900, 2400] as const;
export const MAX_ATTEMPTS = PAUSES.length + 1;
const LONGEST_PAUSE = 3600;

export interface Answered {
  /** Null when nothing was answered. */
  status: number | null;
  /** Why it did not arrive; null when it did. */
  error: string | null;
  /** The same request would be refused again, or must not be sent at all. */
  is_final: boolean;
  /** Seconds that the receiver asked us to wait. */
  retry_after: number | null;
}

/** By the status that came back. */
export function readStatus(status: number, retry_after: number | null): Answered {
  if (status >= 200 && status < 300) return { status, error: null, is_final: true, retry_after: null };
  if (status >= 300 && status < 400)
    return {
      status,
      error: `it answered with a redirect (${status}), which is not followed`,
      is_final: true,
      retry_after,
    };
  const is_temporary = status >= 500 || [408, 425, 429].includes(status);
  return { status, error: `it answered with status ${status}`, is_final: !is_temporary, retry_after };
}

/** Seconds, or a date; null for anything else. */
export function readRetryAfter(header: string | null, now_ms: number): number | null {
  if (header === null) return null;
  if (/^\d{1,9}$/.test(header)) return Number(header);
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - now_ms) / 1000));
}

export type Next = { state: 'delivered' } | { state: 'failed' } | { state: 'waiting'; seconds: number };

/** After the n-th attempt. */
export function nextStep(attempt: number, { error, is_final, retry_after }: Answered): Next {
  if (error === null) return { state: 'delivered' };
  const pause = PAUSES[attempt - 1];
  if (is_final || pause === undefined) return { state: 'failed' };
  return { state: 'waiting', seconds: Math.min(Math.max(pause, retry_after ?? 0), LONGEST_PAUSE) };
}
