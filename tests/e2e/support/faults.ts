import type { BrowserContext, ConsoleMessage, Page, Request } from 'playwright-core';

/**
 * What a page may never do, whatever a test looks at: call another machine, print an error (a violated content security
 * policy prints one), throw, fail to load something. What a test provokes it names beforehand; what it names must happen.
 */
export interface Faults {
  /** The next fault with this text belongs to the test. */
  expect(pattern: RegExp): void;
  /** Faults that nobody expected, and expectations that nothing met. */
  list(): string[];
}

export function watchFaults(context: BrowserContext, origin: string): Faults {
  const found: string[] = [];
  const expected: { pattern: RegExp; met: boolean }[] = [];
  const report = (fault: string) => {
    const match = expected.find(one => one.pattern.test(fault));
    if (match === undefined) found.push(fault);
    else match.met = true;
  };
  context.on('request', request => {
    if (isForeign(request, origin))
      report(`a request to another machine: ${request.method()} ${request.url()}`);
  });
  context.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning') report(describe(message));
  });
  context.on('weberror', error => report(`an exception: ${error.error().stack ?? error.error().message}`));
  return {
    expect: pattern => void expected.push({ pattern, met: false }),
    list: () => [
      ...found,
      ...expected.filter(one => !one.met).map(one => `expected, and did not happen: ${one.pattern}`),
    ],
  };
}

function isForeign(request: Request, origin: string): boolean {
  const url = request.url();
  return !url.startsWith(`${origin}/`) && !/^(data|blob|about):/.test(url);
}

function describe(message: ConsoleMessage): string {
  const { url } = message.location();
  return `the console says: ${message.text()}${url === '' ? '' : ` (${url})`}`;
}

/** Requests to the API while a page opens; its files (scripts, styles, fonts) are cached for good and not counted. */
export function countRequests(page: Page): { asked(): string[]; pending(): number; stop(): void } {
  const asked: string[] = [];
  const open = new Set<Request>();
  const isApi = (request: Request) => new URL(request.url()).pathname.startsWith('/api/');
  // The event stream stays open for the life of the tab: it counts as asked, never as pending.
  const isStream = (request: Request) => new URL(request.url()).pathname.endsWith('/events');
  const started = (request: Request) => {
    if (!isApi(request)) return;
    asked.push(`${request.method()} ${new URL(request.url()).pathname}`);
    if (!isStream(request)) open.add(request);
  };
  const ended = (request: Request) => void open.delete(request);
  page.on('request', started).on('requestfinished', ended).on('requestfailed', ended);
  return {
    asked: () => asked,
    pending: () => open.size,
    stop: () => {
      page.off('request', started).off('requestfinished', ended).off('requestfailed', ended);
    },
  };
}
