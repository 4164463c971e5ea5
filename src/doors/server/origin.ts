import { isIP } from 'node:net';
import { type Failure, fail } from '../../base/kit/errors.ts';
import type { ServerConfig } from './parts.ts';

// Two questions about where a request comes from. Host: is it an address of ours? (A page of a stranger whose name was made
// to point here would otherwise be "the same origin".) Origin: did a page of ours send it?

export interface HttpRequest {
  method: string;
  host: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Names that are always this machine, whatever port was forwarded to it. */
export function isLoopbackHost(host: string): boolean {
  const name = hostName(host);
  return (
    name === 'localhost' || name.endsWith('.localhost') || name === '[::1]' || /^127(\.\d+){3}$/.test(name)
  );
}

export function checkHost(
  host: string,
  config: Pick<ServerConfig, 'host' | 'public_url'>,
): Failure | undefined {
  const name = hostName(host);
  const ours = [config.host, config.public_url === null ? '' : new URL(config.public_url).hostname];
  // An address, unlike a name, cannot be made to point here by a stranger.
  const isAddress = isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0;
  if (name !== '' && (isAddress || isLoopbackHost(host) || ours.includes(name))) return undefined;
  return fail('request.unknown_host', { host });
}

/** Neither can be sent by another site without asking. */
const CONTENT_TYPES = {
  json: /^application\/json\s*(;|$)/i,
  bytes: /^application\/octet-stream\s*(;|$)/i,
};

/**
 * A change that a browser sends with its cookies must come from our own page: JSON, which other sites cannot send without
 * asking (CORS), and, since browsers say where a request comes from, from here.
 */
export function checkBrowser(
  request: HttpRequest,
  public_url: string | null,
  takes: 'json' | 'bytes' = 'json',
): Failure | undefined {
  if (request.method === 'GET' || request.method === 'HEAD') return undefined;
  const content_type = text(request.headers['content-type']);
  if (!CONTENT_TYPES[takes].test(content_type))
    return fail('request.unsupported_media_type', { received: content_type });
  return isForeign(request, public_url)
    ? fail('request.foreign_origin', { origin: text(request.headers.origin) || 'another site' })
    : undefined;
}

function isForeign({ headers, host }: HttpRequest, public_url: string | null): boolean {
  const site = text(headers['sec-fetch-site']);
  if (site !== '') return site !== 'same-origin' && site !== 'none';
  const origin = text(headers.origin);
  // Neither header: no browser of the last years.
  if (origin === '') return false;
  if (!URL.canParse(origin)) return true;
  return new URL(origin).host !== host.toLowerCase() && origin !== public_url?.replace(/\/$/, '');
}

/** Without the port, lower case; empty when it is no host at all (`a@b`, `a/b`). */
function hostName(host: string): string {
  const url = `http://${host}`;
  if (!/^[\w.:[\]-]+$/.test(host) || !URL.canParse(url)) return '';
  return new URL(url).hostname;
}

function text(header: string | string[] | undefined): string {
  return Array.isArray(header) ? header.join(', ') : (header ?? '');
}
