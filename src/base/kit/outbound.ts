import dns from 'node:dns/promises';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import {
  EnvHttpProxyAgent,
  type RequestInit,
  type Response as UndiciResponse,
  fetch as undiciFetch,
} from 'undici';
import { type Failure, fail, isFailure } from './errors.ts';

// The one way in which the server calls an address that a user gave (foundations §2, SSRF). A name is resolved once, every
// address it has is checked, and the connection goes to what was checked: a name server that changes its mind gains nothing.

export interface OutboundOptions {
  /** `outbound.allow`: host names, addresses, networks (10.0.0.0/8) that may be called although they are private. */
  allow: readonly string[];
  proxies?: Proxies;
  /** All addresses of a name; the system's resolver unless a test brings its own. */
  resolve?: (host: string) => Promise<string[]>;
}

export interface Proxies {
  http: string;
  https: string;
  no_proxy: string;
}

export interface OutboundInit {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array | URLSearchParams | null;
  /** `follow` at most three times, GET and HEAD only, each hop checked; otherwise the redirect is the answer. */
  redirect?: 'follow' | 'manual';
  signal?: AbortSignal;
  timeout_ms?: number;
  max_bytes?: number;
}

export interface Outbound {
  /** The whole answer, bounded in time and size. Its text is for the caller's eyes: it is not shown to users. */
  fetch(url: string | URL, init?: OutboundInit): Promise<Response>;
  /** Refuses now what `fetch` would refuse later; a name that does not resolve at this moment may do so then. */
  check(url: string | URL): Promise<void>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 10 * 1024 * 1024;
const MAX_REDIRECTS = 3;

export function openOutbound(options: OutboundOptions): Outbound {
  const resolve = options.resolve ?? resolveBySystem;
  const policy = readPolicy(options.allow);
  const proxies = options.proxies ?? { http: '', https: '', no_proxy: '' };
  const dispatcher = new EnvHttpProxyAgent({
    httpProxy: proxies.http,
    httpsProxy: proxies.https,
    noProxy: proxies.no_proxy,
    connect: { lookup: guardedLookup(policy, resolve) },
  });
  const isProxied = proxies.http !== '' || proxies.https !== '';

  /** undici asks `lookup` for names only, and not at all behind a proxy: what it would not ask is checked here. */
  async function check(url: URL): Promise<void> {
    const host = hostOf(url);
    checkShape(url, host);
    if (isIP(host)) checkAddresses(policy, host, [host]);
    else if (isProxied) await resolveChecked(policy, resolve, host);
  }

  async function hop(url: URL, init: OutboundInit, signal: AbortSignal): Promise<UndiciResponse> {
    await unlessAborted(check(url), signal);
    const request: RequestInit = { redirect: 'manual', signal, dispatcher, ...pick(init) };
    return undiciFetch(url, request).catch((error: unknown) => {
      throw explain(error, hostOf(url));
    });
  }

  async function follow(url: URL, init: OutboundInit, signal: AbortSignal, left: number): Promise<Response> {
    const response = await hop(url, init, signal);
    const next = left > 0 ? redirectTarget(response, url, init) : undefined;
    if (next === undefined) return readAll(response, hostOf(url), init.max_bytes ?? MAX_BYTES);
    await response.body?.cancel();
    return follow(next, next.origin === url.origin ? init : withoutCredentials(init), signal, left - 1);
  }

  return {
    async fetch(url, init = {}) {
      const target = parseUrl(url);
      const deadline = AbortSignal.timeout(init.timeout_ms ?? TIMEOUT_MS);
      const signal = init.signal ? AbortSignal.any([init.signal, deadline]) : deadline;
      return follow(target, init, signal, init.redirect === 'follow' ? MAX_REDIRECTS : 0).catch(
        (error: unknown) => {
          throw explain(error, target.host);
        },
      );
    },
    async check(url) {
      const target = parseUrl(url);
      const host = hostOf(target);
      checkShape(target, host);
      const addresses = isIP(host) ? [host] : await resolve(host).catch(() => []);
      checkAddresses(policy, host, addresses);
    },
    close: () => dispatcher.close(),
  };
}

/** What the environment says, in both spellings. */
export function proxiesOf(env: Readonly<Record<string, string | undefined>>): Proxies {
  const read = (name: string) => env[name.toLowerCase()] ?? env[name] ?? '';
  return { http: read('HTTP_PROXY'), https: read('HTTPS_PROXY'), no_proxy: read('NO_PROXY') };
}

// ── The policy ──────────────────────────────────────────────────────────────────────────────────────

interface Policy {
  hosts: ReadonlySet<string>;
  networks: BlockList;
}

const PRIVATE = networksOf([
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15'],
  ...['198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
  ...['::/128', '::1/128', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8', '100::/64', '2001:db8::/32'],
  // Ways to write an IPv4 address inside an IPv6 one; what is behind them is not looked at.
  ...['::/96', '64:ff9b::/96', '64:ff9b:1::/48', '2001::/32', '2002::/16'],
]);

/** The credentials of the machine itself; no setting opens them (Alibaba's and Oracle's addresses among them). */
const METADATA = networksOf([
  '169.254.169.254/32',
  '169.254.170.2/32',
  '100.100.100.200/32',
  'fd00:ec2::254/128',
]);

function readPolicy(allow: readonly string[]): Policy {
  const isNetwork = (entry: string) => isIP(entry.split('/')[0] ?? '') !== 0;
  return {
    hosts: new Set(allow.filter(entry => !isNetwork(entry)).map(plainHost)),
    networks: networksOf(allow.filter(isNetwork)),
  };
}

function networksOf(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    list.addSubnet(address, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family);
  }
  return list;
}

function contains(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** One forbidden address forbids the name: which of them the connection would use is not ours to bet on. */
function checkAddresses(policy: Policy, host: string, addresses: readonly string[]): void {
  for (const address of addresses) {
    if (contains(METADATA, address))
      throw refused(host, `${address} gives out the credentials of this machine`);
    const isAllowed = policy.hosts.has(plainHost(host)) || contains(policy.networks, address);
    if (!isAllowed && contains(PRIVATE, address)) throw refused(host, privateReason(host, address));
  }
}

function privateReason(host: string, address: string): string {
  return host === address ? 'it is a private address' : `it leads to the private address ${address}`;
}

function checkShape(url: URL, host: string): void {
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw refused(host || url.href, `only http and https are called, not ${url.protocol}//`);
  if (url.username !== '' || url.password !== '')
    throw refused(host, 'the address holds a user name or password');
}

function refused(host: string, reason: string): Failure {
  return fail('outbound.refused', { address: host, reason, host });
}

// ── Names ───────────────────────────────────────────────────────────────────────────────────────────

type Resolve = (host: string) => Promise<string[]>;

async function resolveBySystem(host: string): Promise<string[]> {
  return (await dns.lookup(host, { all: true })).map(found => found.address);
}

/** A name server that never answers must not outlast the deadline; the system's resolver cannot be interrupted. */
async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  await Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', stop));
}

async function resolveChecked(policy: Policy, resolve: Resolve, host: string): Promise<string[]> {
  const addresses = await resolve(host).catch((error: unknown) => {
    // Behind a proxy a name may mean something only to the proxy; the operator vouches for it by listing it.
    if (policy.hosts.has(plainHost(host))) return [];
    throw refused(host, `its name cannot be resolved here, so it cannot be checked (${messageOf(error)})`);
  });
  checkAddresses(policy, host, addresses);
  return addresses;
}

/** What undici connects to is what was checked here: one resolution, no second one to lie in. */
function guardedLookup(policy: Policy, resolve: Resolve): LookupFunction {
  return (host, options, answer) => {
    resolve(host)
      .then(addresses => {
        checkAddresses(policy, host, addresses);
        const found = addresses.map(address => ({ address, family: isIP(address) }));
        const [first] = found;
        if (first === undefined) throw new Error(`${host} has no address`);
        if (options.all) answer(null, found);
        else answer(null, first.address, first.family);
      })
      .catch((error: Error) => answer(error, []));
  };
}

/** `new URL` already turns 2130706433, 0x7f.1, 0177.0.0.1 and ①②⑦.⓪.⓪.① into 127.0.0.1. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

function plainHost(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}

function parseUrl(url: string | URL): URL {
  if (url instanceof URL) return url;
  if (!URL.canParse(url)) throw refused(url.slice(0, 200), 'it is not an address');
  return new URL(url);
}

// ── The answer ──────────────────────────────────────────────────────────────────────────────────────

function pick(init: OutboundInit): RequestInit {
  return {
    ...(init.method !== undefined && { method: init.method }),
    ...(init.headers && { headers: init.headers }),
    ...(init.body !== undefined && { body: init.body }),
  };
}

function redirectTarget(response: UndiciResponse, from: URL, init: OutboundInit): URL | undefined {
  const location = response.headers.get('location');
  const isRead = init.method === undefined || init.method === 'GET' || init.method === 'HEAD';
  const redirects = [301, 302, 303, 307, 308].includes(response.status);
  if (!redirects || !isRead || location === null || !URL.canParse(location, from.href)) return undefined;
  return new URL(location, from.href);
}

function withoutCredentials(init: OutboundInit): OutboundInit {
  const kept = Object.entries(init.headers ?? {}).filter(
    ([name]) => !['authorization', 'cookie', 'proxy-authorization'].includes(name.toLowerCase()),
  );
  return { ...init, headers: Object.fromEntries(kept) };
}

async function readAll(response: UndiciResponse, host: string, max_bytes: number): Promise<Response> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Counted after decompression: a small answer may unpack into a huge one.
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > max_bytes) throw fail('outbound.too_large', { host, limit: max_bytes });
    chunks.push(chunk);
  }
  const headers = new Headers([...response.headers].filter(([name]) => !ENCODING_HEADERS.includes(name)));
  const isBodyless = [204, 205, 304].includes(response.status);
  return new Response(isBodyless ? null : Buffer.concat(chunks), { status: response.status, headers });
}

const ENCODING_HEADERS = ['content-encoding', 'content-length', 'transfer-encoding'];

/** fetch wraps what our own lookup threw; a person needs the cause. */
function explain(error: unknown, host: string): unknown {
  const failure = causesOf(error).find(cause => isFailure(cause));
  if (failure) return failure;
  const isTimeout = causesOf(error).some(
    cause => cause instanceof DOMException && cause.name === 'TimeoutError',
  );
  const reason = isTimeout ? 'no complete answer in time' : messageOf(causesOf(error).at(-1));
  return fail('outbound.failed', { host, reason }, { cause: error });
}

function causesOf(error: unknown): unknown[] {
  return error instanceof Error && error.cause !== undefined ? [error, ...causesOf(error.cause)] : [error];
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message !== '' ? error.message : 'code' in error ? String(error.code) : error.name;
}
