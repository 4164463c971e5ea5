import type { BrowserContext, ConsoleMessage, Request } from 'playwright-core';

/**
 * What a page may never do, whatever a test looks at: call another machine, print an error (a violated content security
 * policy prints one), throw, fail to load something. What a test provokes it names beforehand; what it names must happen.
 */
export interface Faults {
  /** Faults with this text belong to the test from now on. */
  expect(pattern: RegExp): void;
  /** The same where it depends on who is faster whether it happens at all. */
  allow(pattern: RegExp): void;
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
    allow: pattern => void expected.push({ pattern, met: true }),
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
