import type { FastifyRequest } from 'fastify';
import { isFailure } from '../../base/kit/errors.ts';
import { may } from '../../contract/principal.ts';
import type { ServerParts } from './parts.ts';

/** Whoever is on this machine itself, or holds the right `instance:health` by a token. */
export async function isFromInside(
  request: FastifyRequest,
  parts: Pick<ServerParts, 'identify'>,
): Promise<boolean> {
  if (isDirectLoopback(request)) return true;
  const bearer = /^Bearer +([\x21-\x7e]{1,1000})$/i.exec(request.headers.authorization ?? '')?.[1];
  if (bearer === undefined) return false;
  try {
    const { principal } = await parts.identify({ bearer });
    return principal !== undefined && may(principal, 'instance:health');
  } catch (error) {
    if (isFailure(error, 'auth.invalid')) return false;
    throw error;
  }
}

/** A proxy on this machine connects from loopback for the whole world: what it forwards is not from inside. */
function isDirectLoopback(request: FastifyRequest): boolean {
  const { remoteAddress = '' } = request.raw.socket;
  const { forwarded, via, 'x-forwarded-for': forwarded_for, 'x-real-ip': real_ip } = request.headers;
  const isForwarded = [forwarded, via, forwarded_for, real_ip].some(header => header !== undefined);
  return !isForwarded && /^(::ffff:)?127\.|^::1$/.test(remoteAddress);
}
