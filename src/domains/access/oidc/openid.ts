import * as client from 'openid-client';
import { type Failure, fail, isFailure } from '../../../base/kit/errors.ts';
import type { Parts } from '../parts.ts';
import { isIncomplete, type Person, readClaims } from './claims.ts';

export const CALLBACK_PATH = '/api/v1/sign-in/oidc/callback';

/** What the browser keeps while it is away at the provider: with it, and only with it, the answer is worth something. */
export interface Pending {
  state: string;
  nonce: string;
  verifier: string;
}

export interface Provider {
  issuer: string;
  begin(): Promise<{ url: string; pending: Pending }>;
  /** Who came back; throws `oidc.refused` or `oidc.unreachable`. */
  finish(pending: Pending, query: Readonly<Record<string, unknown>>): Promise<Person>;
}

type Config = Parts['config']['oidc'];
export type Needs = Pick<Parts, 'config' | 'outbound' | 'clock' | 'url'>;

/** Keys and addresses of a provider change rarely; after this long it is asked again. */
const REDISCOVER_MS = 3_600_000;
const TOLERANCE_SECONDS = 60;
const TIMEOUT_SECONDS = 10;

export function connect(parts: Needs, issuer: string): Provider {
  const { oidc } = parts.config;
  const discover = remember(() => discovered(parts, issuer), parts.clock.monotonic);
  const redirect_uri = () => parts.url() + CALLBACK_PATH;

  return {
    issuer,
    async begin() {
      const configuration = await discover().catch(error => explain(error, issuer));
      const verifier = client.randomPKCECodeVerifier();
      const pending = { state: client.randomState(), nonce: client.randomNonce(), verifier };
      const url = client.buildAuthorizationUrl(configuration, {
        redirect_uri: redirect_uri(),
        scope: oidc.scopes.join(' '),
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state: pending.state,
        nonce: pending.nonce,
      });
      return { url: url.href, pending };
    },
    async finish(pending, query) {
      const raw = await ask(discover, oidc, pending, answerUrl(redirect_uri(), query)).catch(error =>
        explain(error, issuer),
      );
      const person = readClaims(raw, { issuer, groups_claim: oidc.groups_claim });
      if ('lacks' in person) throw fail('oidc.refused', { issuer, reason: person.lacks });
      return person;
    },
  };
}

/** The library compares state, nonce, issuer, audience, signature, times and the code's challenge; we give it the words. */
async function ask(
  discover: () => Promise<client.Configuration>,
  oidc: Config,
  { state, nonce, verifier }: Pending,
  answer: URL,
): Promise<Record<string, unknown>> {
  const configuration = await discover();
  const tokens = await client.authorizationCodeGrant(configuration, answer, {
    expectedState: state,
    expectedNonce: nonce,
    pkceCodeVerifier: verifier,
    idTokenExpected: true,
  });
  const claims = tokens.claims();
  if (!claims) throw new Error('the provider sent no id token');
  const hasMore = configuration.serverMetadata().userinfo_endpoint !== undefined;
  if (!hasMore || !isIncomplete(claims, oidc)) return { ...claims };
  return { ...(await client.fetchUserInfo(configuration, tokens.access_token, claims.sub)), ...claims };
}

/** The address that the provider sent the browser to: ours, exactly as we named it, with the provider's parameters. */
function answerUrl(redirect_uri: string, query: Readonly<Record<string, unknown>>): URL {
  const url = new URL(redirect_uri);
  for (const [key, value] of Object.entries(query))
    for (const one of [value].flat()) url.searchParams.append(key, String(one));
  return url;
}

// ── Discovery ───────────────────────────────────────────────────────────────────────────────────────

async function discovered({ config, outbound, clock }: Needs, issuer: string): Promise<client.Configuration> {
  const { client_id, client_secret } = config.oidc;
  const metadata = {
    // Our clock is the one that is passed in; the library would ask the machine's.
    [client.clockSkew]: Math.round((clock.now() - Date.now()) / 1000),
    [client.clockTolerance]: TOLERANCE_SECONDS,
  };
  const guarded: client.CustomFetch = (url, { method, headers, body, signal }) =>
    outbound.fetch(url, { method, headers, body: toBody(body), signal, redirect: 'manual' });
  // The signature counts also where TLS already says who answered: an issuer may be plain http, behind a proxy.
  const checks = [client.enableNonRepudiationChecks];
  // An http issuer is the operator's own word; https stays compulsory for all others.
  const execute = issuer.startsWith('http:') ? [client.allowInsecureRequests, ...checks] : checks;
  const options = { timeout: TIMEOUT_SECONDS, [client.customFetch]: guarded, execute };
  const found = await client.discovery(new URL(issuer), client_id ?? '', metadata, client.None(), options);
  if (client_secret === null) return found;
  const server = found.serverMetadata();
  const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  const how = methods.includes('client_secret_basic') ? client.ClientSecretBasic : client.ClientSecretPost;
  const configuration = new client.Configuration(server, client_id ?? '', metadata, how(client_secret));
  configuration[client.customFetch] = guarded;
  configuration.timeout = TIMEOUT_SECONDS;
  for (const enable of execute) enable(configuration);
  return configuration;
}

function toBody(body: client.FetchBody): string | Uint8Array | URLSearchParams | null {
  if (body === null || body === undefined || typeof body === 'string' || body instanceof URLSearchParams)
    return body ?? null;
  if (body instanceof Uint8Array) return body;
  throw new Error('a provider is asked with text only');
}

/** One answer for an hour; a failure is not remembered, and several who ask at once ask once. */
function remember<T>(make: () => Promise<T>, now: () => number): () => Promise<T> {
  let current: { value: Promise<T>; since: number } | undefined;
  return () => {
    if (current && now() - current.since < REDISCOVER_MS) return current.value;
    const entry = { value: make(), since: now() };
    current = entry;
    entry.value.catch(() => {
      if (current === entry) current = undefined;
    });
    return entry.value;
  };
}

// ── Failures ────────────────────────────────────────────────────────────────────────────────────────

/** Nobody there (try again later), or somebody who said no. */
function explain(error: unknown, issuer: string): never {
  throw toFailure(error, issuer);
}

function toFailure(error: unknown, issuer: string): Failure {
  const chain = causesOf(error);
  const outbound = chain.find(cause => isFailure(cause));
  const params = { issuer, reason: reasonOf(outbound ?? error, chain) };
  const isAway = outbound !== undefined || chain.some(isServerTrouble);
  return fail(isAway ? 'oidc.unreachable' : 'oidc.refused', params, { cause: error });
}

function isServerTrouble(cause: unknown): boolean {
  if (cause instanceof Response) return cause.status >= 500 || cause.status === 404;
  return cause instanceof client.ClientError && ['OAUTH_TIMEOUT', 'OAUTH_ABORT'].includes(cause.code ?? '');
}

const MAX_REASON = 300;

/** The innermost words say what differs; a provider's own text is a stranger's, so it is bounded. */
function reasonOf(error: unknown, chain: readonly unknown[]): string {
  if (error instanceof client.AuthorizationResponseError || error instanceof client.ResponseBodyError)
    return bounded([error.error, error.error_description].filter(text => text !== undefined).join(': '));
  const said = chain.filter(cause => cause instanceof Error).map(cause => cause.message);
  const status = chain.find(cause => cause instanceof Response)?.status;
  return bounded([...new Set(said), ...(status === undefined ? [] : [`status ${status}`])].join(': '));
}

function bounded(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ').slice(0, MAX_REASON);
}

function causesOf(error: unknown): unknown[] {
  return error instanceof Error && error.cause !== undefined ? [error, ...causesOf(error.cause)] : [error];
}
