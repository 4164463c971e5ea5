import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults, RunOnly } from 'axe-core';
import type { Page } from 'playwright-core';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What a theme alone can break. */
const COLOURS = ['color-contrast', 'link-in-text-block'];

/** All rules, for one theme of a page. */
export function axeFindings(page: Page): Promise<string[]> {
  return findings(page, { type: 'tag', values: WCAG });
}

/** The rules about colours, for the other theme: nothing else changes with it. */
export function axeColourFindings(page: Page): Promise<string[]> {
  return findings(page, { type: 'rule', values: COLOURS });
}

/** One line per element, with what a person needs to find it again. Empty is the only good answer. */
async function findings(page: Page, runOnly: RunOnly): Promise<string[]> {
  // Evaluated through the debugger, where the page's content security policy does not reach.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(source);
  const results = await page.evaluate(
    only =>
      (globalThis as unknown as { axe: { run(options: object): Promise<AxeResults> } }).axe.run({
        runOnly: only,
        resultTypes: ['violations'],
      }),
    runOnly,
  );
  return results.violations.flatMap(violation =>
    violation.nodes.map(
      node =>
        `${violation.id}: ${node.target.join(' ')} ${node.html.slice(0, 160)} – ${node.failureSummary ?? violation.help}`,
    ),
  );
}
