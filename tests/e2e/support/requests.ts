import type { Page, Request } from 'playwright-core';

const QUIET_MS = 100;

/** What a page asks of the API. Its files (scripts, styles, fonts) are cached for good and not counted. */
export interface Requests {
  /** Since the last `reset`. */
  asked(): string[];
  /** Nothing is under way, its files included, and nothing has followed: a part that is loaded late asks late. */
  isQuiet(): boolean;
  reset(): void;
}

export function watchRequests(page: Page): Requests {
  let asked: string[] = [];
  const open = new Set<Request>();
  let moved_at = 0;
  page.on('request', request => {
    const { pathname } = new URL(request.url());
    moved_at = performance.now();
    if (pathname.startsWith('/api/')) asked.push(`${request.method()} ${pathname}`);
    // Streams (events, the end of a log) stay open as long as they are looked at: asked for, never pending.
    if (!/\/(events|tail)$/.test(pathname)) open.add(request);
  });
  const ended = (request: Request) => {
    moved_at = performance.now();
    open.delete(request);
  };
  page.on('requestfinished', ended).on('requestfailed', ended);
  return {
    asked: () => asked,
    isQuiet: () => open.size === 0 && performance.now() - moved_at >= QUIET_MS,
    reset: () => {
      asked = [];
    },
  };
}
