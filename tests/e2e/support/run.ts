import { after } from 'node:test';
import type { Browser } from 'playwright-core';
import { findChromium, openChromium } from './chromium.ts';
import { type Moulin, openMoulin } from './moulin.ts';

const executable = await findChromium();

/** Why the tests of this run cannot run here; a run that requires the browser says so instead of skipping. */
export const skip =
  executable === undefined && !isRequired('chromium') && 'no Chromium or Chrome is installed';

function isRequired(name: string): boolean {
  return (process.env.MOULIN_TEST_REQUIRE ?? '').split(/[\s,]+/).includes(name);
}

let browser: Promise<Browser> | undefined;
let moulin: Promise<Moulin> | undefined;

/** One browser and one Moulin serve all tests of a process: each test has workspaces, people and cookies of its own. */
export function sharedBrowser(): Promise<Browser> {
  if (executable === undefined)
    throw new Error(
      'MOULIN_TEST_REQUIRE names chromium, and none is installed; MOULIN_CHROMIUM may say where it is',
    );
  browser ??= openChromium(executable);
  return browser;
}

export function sharedMoulin(): Promise<Moulin> {
  moulin ??= openMoulin();
  return moulin;
}

after(async () => {
  await Promise.all([browser?.then(open => open.close()), moulin?.then(open => open.close())]);
});
