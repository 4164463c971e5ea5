import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { PAGE_POLICY } from './headers.ts';

// The built web UI. The files are listed once, at start, and each becomes a route of its own: a path that was not listed
// names no file, whatever dots and percent signs are in it.

/** First parts of the addresses of pages; the page itself says when there is nothing behind one. */
const PAGES: ReadonlySet<string> = new Set([
  '',
  'sign-in',
  'link',
  'w',
  'account',
  'instance',
  'api-docs',
  'design',
]);

const ONE_YEAR_SECONDS = 31_536_000;

export function isBuilt(web_folder: string | undefined): web_folder is string {
  return web_folder !== undefined && existsSync(join(web_folder, 'index.html'));
}

export async function mountPages(app: FastifyInstance, web_folder: string): Promise<void> {
  await app.register(fastifyStatic, {
    root: web_folder,
    wildcard: false,
    preCompressed: true,
    cacheControl: false,
    // Compressed twins are sent in place of their file, not under their own name.
    globIgnore: ['**/*.br', '**/*.gz', '**/*.map'],
    setHeaders(reply, path) {
      reply.header('content-security-policy', PAGE_POLICY);
      // Vite writes a hash of the content into every name below assets/.
      const isHashed = /[/\\]assets[/\\]/.test(path);
      reply.header('cache-control', isHashed ? `public, max-age=${ONE_YEAR_SECONDS}, immutable` : 'no-cache');
    },
  });
}

/** True when a browser opens an address of the UI: those are all answered by index.html. */
export function isPageRequest(request: FastifyRequest): boolean {
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  const path = pathOf(request);
  const isReserved = /^\/(api|iceberg|health|metrics|assets)(\/|$)/.test(path);
  // Slugs and ids have no dots and need no escapes; what has them is no page of ours.
  return (
    isRead &&
    !isReserved &&
    /^(\/[\w~-]+)*\/?$/.test(path) &&
    (request.headers.accept ?? '').includes('text/html')
  );
}

export function sendPage(request: FastifyRequest, reply: FastifyReply, is_built: boolean): FastifyReply {
  const [, first = ''] = pathOf(request).split('/');
  if (!is_built) return sendMissingPage(reply);
  return reply.code(PAGES.has(first) ? 200 : 404).sendFile('index.html');
}

/** Moulin works without its pages: the API and the command line are there, and this says how to get the rest. */
function sendMissingPage(reply: FastifyReply): FastifyReply {
  return reply
    .code(503)
    .header(
      'content-security-policy',
      "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    )
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(MISSING_PAGE);
}

const MISSING_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Moulin</title>
<style>body { font: 16px/1.5 system-ui, sans-serif; max-width: 36rem; margin: 4rem auto; padding: 0 1rem; color-scheme: light dark }</style>
<h1>Moulin runs, but its pages are not built</h1>
<p>The API works, and so does the command line. To build the pages, stop Moulin and run <code>npm start</code>;
if that was what you did, its first lines say why the build failed.</p>
<p>The API describes itself at <a href="/api/v1/openapi.json">/api/v1/openapi.json</a>.</p>
</html>
`;

export function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '';
}
