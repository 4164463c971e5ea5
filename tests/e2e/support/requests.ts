import type { Page, Request } from 'playwright-core';

/** What a page asks of the API. Its files (scripts, styles, fonts) are cached for good and not counted. */
export interface Requests {
  /** Since the last `reset`. */
  asked(): string[];
  pending(): number;
  reset(): void;
}

export function watchRequests(page: Page): Requests {
  let asked: string[] = [];
  const open = new Set<Request>();
  page.on('request', request => {
    const { pathname } = new URL(request.url());
    if (!pathname.startsWith('/api/')) return;
    asked.push(`${request.method()} ${pathname}`);
    // The event stream stays open for the life of the tab: it counts as asked, never as pending.
    if (!pathname.endsWith('/events')) open.add(request);
  });
  const ended = (request: Request) => void open.delete(request);
  page.on('requestfinished', ended).on('requestfailed', ended);
  return {
    asked: () => asked,
    pending: () => open.size,
    reset: () => {
      asked = [];
    },
  };
}
