// Which of the tasks that are ready a worker takes next: decided here, from what the claim has read.

/** A task that could be taken, as the claim sees it. */
export interface Candidate {
  id: string;
  run_id: string;
  workspace_id: string;
  priority: number;
  ready_at: string;
  limit_keys: readonly string[];
  parked: string | null;
}

/** Of a workspace (key `workspace`) or of one of its limit keys: how many run, and how many may. */
export interface Occupancy {
  workspace_id: string;
  key: string;
  used: number;
  /** Null: as many as there is room for. */
  slots: number | null;
}

export const WORKSPACE = 'workspace';

/** How many run under each key now. Grows with what is chosen. */
export class Occupied {
  readonly #used = new Map<string, number>();
  readonly #slots = new Map<string, number>();

  constructor(all: readonly Occupancy[]) {
    for (const { workspace_id, key, used, slots } of all) {
      this.#used.set(nameOf(workspace_id, key), used);
      if (slots !== null) this.#slots.set(nameOf(workspace_id, key), slots);
    }
  }

  used(workspace_id: string, key: string): number {
    return this.#used.get(nameOf(workspace_id, key)) ?? 0;
  }

  isFull(workspace_id: string, key: string): boolean {
    const slots = this.#slots.get(nameOf(workspace_id, key));
    return slots !== undefined && this.used(workspace_id, key) >= slots;
  }

  take({ workspace_id, limit_keys }: Candidate): void {
    for (const key of new Set([WORKSPACE, ...limit_keys]))
      this.#used.set(nameOf(workspace_id, key), this.used(workspace_id, key) + 1);
  }
}

function nameOf(workspace_id: string, key: string): string {
  return `${workspace_id} ${key}`;
}

export interface Choice {
  picked: Candidate[];
  /** They met a key without a free slot: out of the way, until it has one. */
  parked: { id: string; parked: string }[];
}

/**
 * Fair between workspaces: whoever has the fewest tasks under way is next, so that ten thousand tasks of one do not keep the
 * first of another waiting. Within a workspace by priority, then whoever has been ready longest.
 */
export function choose(candidates: readonly Candidate[], occupied: Occupied, limit: number): Choice {
  const choice: Choice = { picked: [], parked: [] };
  const queues = [...Map.groupBy(candidates, ({ workspace_id }) => workspace_id)].map(
    ([workspace_id, list]) => ({ workspace_id, list: list.toSorted(inOrder).reverse() }),
  );
  while (choice.picked.length < limit) {
    const next = nextQueue(queues, occupied);
    const candidate = next?.list.pop();
    if (!candidate) break;
    const full = candidate.limit_keys.find(key => occupied.isFull(candidate.workspace_id, key));
    if (full === undefined) {
      occupied.take(candidate);
      choice.picked.push(candidate);
    } else if (candidate.parked !== parkedUnder(full))
      choice.parked.push({ id: candidate.id, parked: parkedUnder(full) });
  }
  return choice;
}

/** `key:key:…`, `key:connection:…`: what the column says. */
export function parkedUnder(key: string): string {
  return `key:${key}`;
}

interface Queue {
  workspace_id: string;
  /** The first one last: taken from the end. */
  list: Candidate[];
}

function nextQueue(queues: readonly Queue[], occupied: Occupied): Queue | undefined {
  let best: Queue | undefined;
  for (const queue of queues) {
    if (queue.list.length === 0 || occupied.isFull(queue.workspace_id, WORKSPACE)) continue;
    if (best === undefined || comesFirst(queue, best, occupied)) best = queue;
  }
  return best;
}

function comesFirst(one: Queue, other: Queue, occupied: Occupied): boolean {
  const difference =
    occupied.used(one.workspace_id, WORKSPACE) - occupied.used(other.workspace_id, WORKSPACE);
  if (difference !== 0) return difference < 0;
  const [a, b] = [one.list.at(-1), other.list.at(-1)];
  return a !== undefined && b !== undefined && inOrder(a, b) < 0;
}

function inOrder(a: Candidate, b: Candidate): number {
  return b.priority - a.priority || compare(a.ready_at, b.ready_at) || compare(a.id, b.id);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
