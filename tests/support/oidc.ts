import { createSign, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { Provider, type ProviderContext } from 'oidc-provider';

// A certified OpenID provider (oidc-provider) on a port of its own, spoken to over HTTP. Who signs in there is decided by
// the test instead of by a form; everything else is the provider's.

export interface ProviderPerson {
  sub: string;
  email?: string;
  email_verified?: boolean;
  name?: string;
  groups?: string[];
}

export interface TestProvider {
  issuer: string;
  client_id: string;
  client_secret: string;
  /** Who is at the browser; undefined presses "cancel". */
  person: ProviderPerson | undefined;
  /** Changes the id token on its way and signs it again, as a broken or malicious provider would. */
  tamper: ((claims: Record<string, unknown>) => Record<string, unknown>) | undefined;
  /** What it signs with then; a new key is one that nobody knows as the provider's. */
  key: KeyObject;
  /** A browser goes where the application sent it, and answers with the address it is sent back to. */
  visit(url: string): Promise<URL>;
  stop(): Promise<void>;
  /** Again, at the same address. */
  start(): Promise<void>;
}

const CLIENT = { client_id: 'moulin', client_secret: randomBytes(24).toString('base64url') };

export async function startProvider(
  t: Pick<TestContext, 'after'>,
  { redirect_uri }: { redirect_uri: string },
): Promise<TestProvider> {
  let handle = (_: IncomingMessage, response: ServerResponse): unknown => response.end();
  const server = createServer((request, response) => handle(request, response));
  const listen = (port: number) => new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  const privateKey = newKey();
  const stop = async () => {
    server.closeAllConnections();
    if (server.listening) await new Promise(resolve => server.close(resolve));
  };
  t.after(stop);

  const running: TestProvider = {
    issuer,
    ...CLIENT,
    person: undefined,
    tamper: undefined,
    key: privateKey,
    visit: url => visit(url, redirect_uri),
    stop,
    start: () => listen(port),
  };
  const provider = new Provider(issuer, configuration(running, redirect_uri, privateKey));
  const answer = provider.callback();
  handle = async (request, response) => {
    const path = new URL(request.url ?? '/', issuer).pathname;
    if (path.startsWith('/interaction/')) return decide(provider, running, request, response);
    if (path === '/token' && running.tamper) resign(response, running.tamper, running.key);
    return answer(request, response);
  };
  return running;
}

export function newKey(): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
}

function configuration(running: TestProvider, redirect_uri: string, key: KeyObject) {
  return {
    clients: [{ ...CLIENT, redirect_uris: [redirect_uri] }],
    jwks: { keys: [{ ...key.export({ format: 'jwk' }), kid: 'test', use: 'sig', alg: 'RS256' }] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    pkce: { required: () => true },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
    scopes: ['openid', 'email', 'profile', 'groups'],
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    findAccount: (_: unknown, sub: string) => ({
      accountId: sub,
      claims: async () => ({ ...running.person, sub }),
    }),
    loadExistingGrant: grantAll,
    ttl: { Session: 60, Grant: 60, Interaction: 60, IdToken: 3600, AccessToken: 60 },
  };
}

/** Consent is not what is tested here. */
async function grantAll({ oidc }: ProviderContext) {
  const { client, session, provider } = oidc;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope('openid email profile groups');
  await grant.save();
  return grant;
}

/** The page where a person would type a password. */
async function decide(
  provider: Provider,
  { person }: TestProvider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const result = person
    ? { login: { accountId: person.sub } }
    : { error: 'access_denied', error_description: 'the person pressed cancel' };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

/** Replaces the id token in the answer of the token endpoint. */
function resign(
  response: ServerResponse,
  tamper: (claims: Record<string, unknown>) => Record<string, unknown>,
  key: KeyObject,
): void {
  const end = response.end.bind(response);
  response.end = ((body: string | Buffer) => {
    const answer = JSON.parse(String(body));
    const [header = '', payload = ''] = String(answer.id_token).split('.');
    const claims = tamper(JSON.parse(Buffer.from(payload, 'base64url').toString()));
    const signed = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
    const signature = createSign('RSA-SHA256').update(signed).sign(key).toString('base64url');
    const changed = JSON.stringify({ ...answer, id_token: `${signed}.${signature}` });
    response.setHeader('content-length', Buffer.byteLength(changed));
    return end(changed);
  }) as typeof response.end;
}

const MAX_HOPS = 10;

/** Follows redirects with cookies until the application's own address comes. A new browser each time. */
async function visit(start: string, home: string): Promise<URL> {
  const cookies = new Map<string, string>();
  let url = new URL(start);
  for (let hop = 0; hop < MAX_HOPS; hop += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const [name = '', ...value] = pair.split('=');
      cookies.set(name, value.join('='));
    }
    const location = answer.headers.get('location');
    if (location === null) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
    url = new URL(location, url);
    if (url.href.startsWith(home)) return url;
  }
  throw new Error(`still at ${url} after ${MAX_HOPS} redirects`);
}
