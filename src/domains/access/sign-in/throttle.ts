import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';

// Failures are counted for an account from one network, and for the network alone; never for the account alone, or anybody
// who knows an address could lock its owner out. A browser in which the owner signed in before counts for itself: neither
// guesses of a stranger nor of a neighbour behind the same address slow it down.

/** Failures that cost nothing; each further one doubles the wait. */
const FREE = { account: 5, network: 30, device: 10, link: 20 } as const;
export const LONGEST_WAIT_SECONDS = 900;
/** After this long without a failure all is forgotten. */
export const FORGET_SECONDS = 3600;

export interface Attempt {
  key: string;
  /** So many failures cost nothing. */
  free: number;
}

export function attemptsOf(email: string, ip: string): Attempt[] {
  const network = networkOf(ip);
  return [attempt('account', `${email.toLowerCase()} ${network}`), attempt('network', network)];
}

export function deviceAttempt(device_hash: Buffer): Attempt[] {
  return [attempt('device', device_hash.toString('base64url'))];
}

/** Guessing a one-time link is hopeless; this bounds the work that trying makes. */
export function linkAttempt(ip: string): Attempt[] {
  return [attempt('link', networkOf(ip))];
}

/** Somebody at a browser that was left open, guessing the password in order to change it. */
export function sessionAttempt(session_id: string): Attempt[] {
  return [attempt('device', session_id)];
}

/** Hashed: the table need not tell who was tried from where. */
function attempt(kind: keyof typeof FREE, what: string): Attempt {
  const key = createHash('sha256').update(what, 'utf8').digest('base64url');
  return { key: `${kind}:${key}`, free: FREE[kind] };
}

/** One customer of a provider: an IPv4 address, or the /64 within which an IPv6 host takes any address it likes. */
export function networkOf(ip: string): string {
  const address = ip.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (!isIPv6(address)) return address;
  return `${groupsOf(address).slice(0, 4).join(':')}::/64`;
}

function groupsOf(address: string): string[] {
  const [head = '', tail = ''] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::');
  const groups = (text: string) => text.split(':').filter(group => group !== '');
  const missing = 8 - groups(head).length - groups(tail).length;
  return [...groups(head), ...Array.from({ length: missing }, () => '0'), ...groups(tail)];
}
