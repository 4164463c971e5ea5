import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServerParts } from './parts.ts';

/**
 * Cookies ignore ports, so their names carry the instance: two Moulins on one machine do not sign each other out.
 * Over TLS the `__Host-` prefix binds them to exactly this host; on plain http browsers would refuse it.
 */
export interface Cookies {
  session(): string | undefined;
  startSession(token: string, expires_at: string): void;
  endSession(): void;
  recall(name: string): string | undefined;
  keep(name: string, value: string, seconds: number): void;
  forget(name: string): void;
}

type Naming = Pick<ServerParts, 'config' | 'instance_id'>;

export function cookiesOf(request: FastifyRequest, reply: FastifyReply, naming: Naming): Cookies {
  const secure = isSecure(request, naming.config.public_url);
  const options = { path: '/', httpOnly: true, sameSite: 'lax', secure } as const;
  const nameOf = (part: string) => cookieName(naming.instance_id, part, secure);
  const clear = (part: string) => {
    // Only what is there: an answer to a stranger names no cookie.
    if (request.cookies[nameOf(part)] !== undefined) reply.clearCookie(nameOf(part), options);
  };
  return {
    session: () => request.cookies[nameOf('')],
    startSession: (token, expires_at) =>
      void reply.setCookie(nameOf(''), token, { ...options, expires: new Date(expires_at) }),
    endSession: () => clear(''),
    recall: name => request.cookies[nameOf(name)],
    keep: (name, value, seconds) =>
      void reply.setCookie(nameOf(name), value, { ...options, maxAge: seconds }),
    forget: clear,
  };
}

export function cookieName(instance_id: string, part: string, secure: boolean): string {
  const name = ['moulin', instance_id.slice(0, 8), part].filter(piece => piece !== '').join('_');
  return secure ? `__Host-${name}` : name;
}

/** TLS here, at a trusted proxy (which says so), or at the public address. */
function isSecure(request: FastifyRequest, public_url: string | null): boolean {
  if (request.protocol === 'https') return true;
  return public_url?.startsWith('https:') === true && new URL(public_url).host === request.host;
}
