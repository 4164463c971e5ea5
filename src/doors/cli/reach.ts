import { TLSSocket } from 'node:tls';
import type { buildConnector } from 'undici';

// How a command reaches a server: as Node does by itself, through the proxy of a company, or past every certificate
// authority to the one server that it knows. The libraries are loaded only where they are needed.

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface Reach {
  fetch: Fetch;
  close(): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** No proxy can reach this machine's own loopback, whatever the environment forgot to say. */
const NEVER_PROXIED = 'localhost,127.0.0.1,[::1]';

/** As HTTP_PROXY, HTTPS_PROXY and NO_PROXY say, which Node's own fetch does not read. */
export async function reachRemote(env: Environment): Promise<Reach> {
  const isProxied = Object.entries(env).some(([name, value]) => /^https?_proxy$/i.test(name) && value);
  if (!isProxied) return { fetch, close: async () => {} };
  const { EnvHttpProxyAgent } = await import('undici');
  const { proxiesOf } = await import('../../base/kit/outbound.ts');
  const { http, https, no_proxy } = proxiesOf(env);
  const noProxy = `${NEVER_PROXIED},${no_proxy}`;
  return reachThrough(new EnvHttpProxyAgent({ httpProxy: http, httpsProxy: https, noProxy }));
}

/**
 * The server that shows the certificate with this SHA-256 fingerprint, and no other: for one of our own, whose certificate
 * is made out to a public name and perhaps by nobody. Nothing is sent before it was compared.
 */
export async function reachPinned(fingerprint: string): Promise<Reach> {
  const { Agent, buildConnector } = await import('undici');
  // A session that is taken up again shows no certificate.
  const connect = buildConnector({ rejectUnauthorized: false, maxCachedSessions: 0 });
  return reachThrough(new Agent({ connect: onlyTo(fingerprint, connect) }));
}

function onlyTo(fingerprint: string, connect: buildConnector.connector): buildConnector.connector {
  return (options, done) =>
    connect(options, (error, socket) => {
      if (error) return done(error, null);
      if (socket instanceof TLSSocket && socket.getPeerCertificate().fingerprint256 === fingerprint)
        return done(null, socket);
      socket?.destroy();
      done(new Error('the server shows another certificate than the one that left word here'), null);
    });
}

async function reachThrough(dispatcher: import('undici').Dispatcher): Promise<Reach> {
  const { fetch } = await import('undici');
  return {
    fetch: (url, init) =>
      fetch(url, { ...init, dispatcher } as Parameters<typeof fetch>[1]) as unknown as Promise<Response>,
    close: () => dispatcher.close(),
  };
}
