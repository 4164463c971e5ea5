import { after } from 'node:test';
import type { Browser } from 'playwright-core';
import { isRequired } from '../../support/required.ts';
import { findChromium, openChromium } from './chromium.ts';
import { type Moulin, openMoulin } from './moulin.ts';
import { becomeFirstAdmin } from './people.ts';

const executable = await findChromium();

/** Why the tests of this run cannot run here; a run that requires the browser fails instead of skipping. */
export const skip =
  executable === undefined && !isRequired('chromium') && 'no Chromium, Chrome or Edge is installed';

let browser: Promise<Browser> | undefined;
let moulin: Promise<Moulin> | undefined;

/** One browser and one Moulin serve all tests of a file: each test has workspaces, people and cookies of its own. */
export function sharedBrowser(): Promise<Browser> {
  if (executable === undefined)
    throw new Error('MOULIN_TEST_REQUIRE names chromium: install it, or say where it is in MOULIN_CHROMIUM');
  browser ??= openChromium(executable);
  return browser;
}

const undone: (() => Promise<void>)[] = [];

export function sharedMoulin(): Promise<Moulin> {
  // What was built last goes first: the program before the folder in which it works.
  moulin ??= openMoulin({ after: undo => void undone.unshift(undo) }).then(async opened => {
    // Nobody can sign in before somebody has begun.
    await becomeFirstAdmin(opened);
    return opened;
  });
  return moulin;
}

after(async () => {
  await browser?.then(open => open.close());
  for (const undo of undone) await undo();
});
