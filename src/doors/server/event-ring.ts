import type { Event } from '../../contract/system.ts';

// The last events of all workspaces, kept once for all streams of the process.

export interface HubEntry {
  position: bigint;
  workspace_id: string | null;
  type: string;
  /** The event as it is sent: bytes made once, shared by all streams. */
  frame: Buffer;
}

export interface Page {
  entries: readonly HubEntry[];
  /** How far the search came. */
  position: bigint;
}

export interface EventRing {
  /** Every event after this position, up to `head`, is here. */
  floor(): bigint;
  head(): bigint;
  add(page: readonly Event[]): void;
  /** What follows a position that is not below the floor, at most a page. */
  read(after: bigint, workspace_id: string, types: readonly string[]): Page;
}

export const PAGE_SIZE = 200;
const RING_SIZE = 4096;
const RING_BYTES = 16 * 1024 * 1024;

/** Begins at a position: what lies before it is not here. */
export function createRing(start: bigint): EventRing {
  let entries: HubEntry[] = [];
  let bytes = 0;
  let floor = start;
  let head = start;

  /** By number and by size: a few huge events must not cost what thousands of ordinary ones do. */
  const forgetOldest = () => {
    let count = 0;
    for (; entries.length - count > RING_SIZE || bytes > RING_BYTES; count += 1) {
      const oldest = entries[count];
      if (oldest === undefined) break;
      bytes -= oldest.frame.length;
      floor = oldest.position;
    }
    if (count > 0) entries = entries.slice(count);
  };

  return {
    floor: () => floor,
    head: () => head,
    add(page) {
      for (const entry of page.map(toEntry)) {
        entries.push(entry);
        bytes += entry.frame.length;
        head = entry.position;
      }
      forgetOldest();
    },
    read(after, workspace_id, types) {
      const first = firstAfter(entries, after);
      const seen = entries.slice(first, first + PAGE_SIZE);
      const is_end = first + seen.length >= entries.length;
      const position = is_end ? maxOf(head, after) : (seen.at(-1)?.position ?? after);
      return { entries: seen.filter(entry => isFor(entry, workspace_id, types)), position };
    },
  };
}

/** No `event:` field: EventSource would need a listener per type; the type is in the data. */
export function toEntry(event: Event): HubEntry {
  return {
    position: BigInt(event.position),
    workspace_id: event.workspace_id,
    type: event.type,
    frame: Buffer.from(`id: ${event.position}\ndata: ${JSON.stringify(event)}\n\n`),
  };
}

/** The ring is in order of position: a client at its end finds its place in twelve steps. */
function firstAfter(entries: readonly HubEntry[], position: bigint): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const entry = entries[middle];
    if (entry !== undefined && entry.position <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isFor(entry: HubEntry, workspace_id: string, types: readonly string[]): boolean {
  if (entry.workspace_id !== workspace_id) return false;
  return types.length === 0 || types.some(type => entry.type.startsWith(type));
}

function maxOf(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
