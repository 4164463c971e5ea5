import type { FastifyReply } from 'fastify';

/** An answer of the API is data: nothing in it may load, run or be framed, whatever a browser takes it for. */
const API_POLICY = "default-src 'none'; frame-ancestors 'none'";

/**
 * No inline script and no inline style. The component library's theme is compiled into the style sheet
 * (web/build/theme-variables-plugin.ts), and what it sets on elements goes through their `style` object, which is no markup.
 */
export const PAGE_POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const ONE_YEAR_SECONDS = 31_536_000;

export function setSecurityHeaders(reply: FastifyReply, request: { id: string; protocol: string }): void {
  reply.headers({
    'x-request-id': request.id,
    'content-security-policy': API_POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'x-frame-options': 'DENY',
    ...(request.protocol === 'https' && { 'strict-transport-security': `max-age=${ONE_YEAR_SECONDS}` }),
  });
}
