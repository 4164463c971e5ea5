import type { EventFeed } from '../../base/db/index.ts';
import type { Duty, KindTable } from '../runs/index.ts';
import { lookAfter } from './care.ts';
import { type Mirror, openMirror } from './mirror.ts';
import { assemble } from './open.ts';
import type { LakeParts } from './parts.ts';
import { trimHistory } from './store/staging.ts';
import { purgeDropped, sweepEnded, sweepGarbage, sweepTransfers } from './sweep.ts';

const MINUTE_MS = 60_000;
const HISTORY_DAYS = 90;

/** What one server does for all of them, and how often. */
export function lakeDuties(given: LakeParts, kinds: KindTable): Duty[] {
  const parts = assemble(given);
  const { store } = parts;
  const trim = () => store.withInstance('old commits', tx => trimHistory(tx, HISTORY_DAYS));
  return [
    { name: 'delete what the lake does not need', every_ms: 10_000, run: () => sweepGarbage(parts) },
    { name: 'look after tables', every_ms: 15_000, run: () => lookAfter(parts, kinds) },
    { name: 'clear away what attempts left', every_ms: MINUTE_MS, run: () => sweepEnded(parts) },
    { name: 'delete dropped tables', every_ms: MINUTE_MS, run: () => purgeDropped(parts) },
    { name: 'delete old uploads', every_ms: 60 * MINUTE_MS, run: () => sweepTransfers(parts) },
    { name: 'trim commits', every_ms: 60 * MINUTE_MS, run: trim },
  ];
}

export function lakeMirror(
  given: LakeParts,
  events: Pick<EventFeed, 'consume'>,
  failed: (error: unknown) => void,
): Mirror {
  return openMirror(assemble(given), events, failed);
}
