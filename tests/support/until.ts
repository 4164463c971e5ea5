import { waitFor } from './wait-for.ts';

const DEADLINE_SECONDS = 20;

/** The short form of `waitFor`: for what becomes true soon and has nothing to answer. */
export async function until(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  await waitFor(isSo, { seconds: DEADLINE_SECONDS, what: () => what });
}
