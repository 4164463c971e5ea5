import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newId } from '../base/kit/ids.ts';
import { type Lock, tryLockFile } from '../base/kit/lock-file.ts';

// Each worker process of a data folder holds a lock for as long as it lives, and beside it writes under which ids it works. A lock
// that is free belongs to a dead one: what it had can be started again at once, instead of when its heart has stood still for
// long enough. It holds however the process ended, also where its supervisor was killed with it.

export interface Presence {
  /** Ids of workers that have died, each answered until `keep` has given it up. */
  dead(): string[];
  /** One's own id: written before anybody else can know it. */
  name(id: string): void;
  /** Has those of the dead given up, now and then. Answers how to end it. */
  watch(giveUp: (dead: readonly string[]) => Promise<void>, failed: (error: unknown) => void): () => void;
  close(): void;
}

const LOOK_MS = 2000;

export function openPresence(folder: string): Presence {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const own = newId();
  const lock = tryLockFile(join(folder, `${own}.lock`));
  const others = () => namesIn(folder).filter(name => name !== own);
  const dead = () => others().flatMap(name => (isDead(folder, name) ? idsOf(folder, name) : []));
  return {
    dead,
    name: id => writeFileSync(join(folder, `${own}.id`), id),
    watch(giveUp, failed) {
      const look = async () => {
        const gone = others().filter(name => isDead(folder, name));
        const ids = gone.flatMap(name => idsOf(folder, name));
        if (ids.length > 0) await giveUp(ids);
        for (const name of gone) forget(folder, name);
      };
      void look().catch(failed);
      const timer = setInterval(() => void look().catch(failed), LOOK_MS).unref();
      return () => clearInterval(timer);
    },
    close() {
      lock?.release();
      forget(folder, own);
    },
  };
}

function namesIn(folder: string): string[] {
  return readdirSync(folder).flatMap(file =>
    file.endsWith('.lock') ? [file.slice(0, -'.lock'.length)] : [],
  );
}

function isDead(folder: string, name: string): boolean {
  let lock: Lock | undefined;
  try {
    lock = tryLockFile(join(folder, `${name}.lock`));
  } catch {
    // Another one looked at the same moment and has taken it away.
    return false;
  }
  lock?.release();
  return lock !== undefined;
}

/** One that died before it wrote its id is found by its heart. */
function idsOf(folder: string, name: string): string[] {
  try {
    return [readFileSync(join(folder, `${name}.id`), 'utf8')];
  } catch {
    return [];
  }
}

function forget(folder: string, name: string): void {
  for (const file of [`${name}.id`, `${name}.lock`]) rmSync(join(folder, file), { force: true });
}
