import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

const DEADLINE_MS = 20_000;
const PAUSE_MS = 20;

/** Waits for what will be true, and says what never became so. */
export async function until(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  for (const end = performance.now() + DEADLINE_MS; performance.now() < end; await delay(PAUSE_MS))
    if (await isSo()) return;
  assert.fail(`it never happened: ${what}`);
}
