import type { Obtainable } from './place.ts';

/** A real server that tests are run against, and that people may start to try something. */
export interface Service extends Obtainable {
  what: string;
  /** What it takes to obtain it, for those who wait. */
  cost: string;
  /** Why it cannot run on this machine, obtained or not; false where it can. */
  lacks?(): string | false;
  /** Fills its folder in the cache. */
  obtain(folder: string): Promise<void>;
  /** How it is started on a port of this machine, with `data` as an empty folder of its own. */
  command(place: ServicePlace): Command;
  /** How long that may take where it takes longer than others. */
  ready_ms?: number;
  /** Whether it answers its protocol. */
  isReady(running: Address): Promise<boolean>;
  /** How programs find it. */
  environment(running: Address): Record<string, string>;
}

export interface ServicePlace {
  /** Where it was obtained. */
  folder: string;
  data: string;
  port: number;
}

export interface Command {
  program: string;
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
}

export interface Address {
  port: number;
}
