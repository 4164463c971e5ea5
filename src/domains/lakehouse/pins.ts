import { newId } from '../../base/kit/ids.ts';
import type { LakeContext, Loaded } from './lake.ts';
import { loadTable } from './load.ts';
import type { Parts } from './parts.ts';
import { addPin, removePins, renewPins } from './store/staging.ts';

/** As long as a reader that has died keeps files alive; a living one renews in time. */
export const PIN_SECONDS = 120;
const RENEW_MS = (PIN_SECONDS * 1000) / 4;

/**
 * Reads with the promise that no file of the table goes meanwhile. The pin comes before the load: what is thrown away afterwards
 * waits for it, and what was thrown away before is not in what is loaded.
 */
export async function readPinned<T>(
  parts: Parts,
  context: LakeContext,
  table_id: string,
  work: (loaded: Loaded) => Promise<T>,
): Promise<T> {
  const holder = `read:${newId()}`;
  const { workspace_id } = context;
  const pin = { id: newId(), workspace_id, table_id, snapshot_id: null, holder };
  await parts.write(context, tx => addPin(tx, pin, PIN_SECONDS));
  const renewing = setInterval(() => {
    // A store that is away for longer than the pin lasts also keeps everybody from deleting.
    parts.write(context, tx => renewPins(tx, holder, PIN_SECONDS)).catch(() => {});
  }, RENEW_MS).unref();
  try {
    return await work(await loadTable(parts, context, table_id));
  } finally {
    clearInterval(renewing);
    // It ends by itself, soon, where this fails.
    await parts.write(context, tx => removePins(tx, holder)).catch(() => {});
  }
}
