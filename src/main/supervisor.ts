import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { ResolvedConfig } from '../base/kit/config.ts';
import { isFailure } from '../base/kit/errors.ts';
import type { Log } from '../base/kit/log.ts';
import { createRedactor } from '../base/kit/redact.ts';
import { backOff, type Guard, startGuard } from '../base/processes/index.ts';
import { errors } from '../contract/errors.ts';
import type { Listening, OpeningOptions } from '../doors/cli/index.ts';
import { holdDataFolder, rememberInstance } from './instance.ts';
import { dieAloud, openLogFor } from './log.ts';
import { opening } from './opening.ts';
import { asError, type FromPart, type Opening, type PartName, spawnPart, type ToPart } from './part.ts';
import type { Place } from './place.ts';
import type { ServerFacts } from './server.ts';
import { startStore } from './store.ts';

export interface Supervised {
  listen(): Promise<Listening>;
  failed: Promise<string>;
  close(): Promise<void>;
}

/**
 * `moulin start`: PostgreSQL, the server and one worker, each started again when it dies, none left behind when this process
 * is killed. It keeps no connection to the store and does no work of its own, so that it has no reason to die itself.
 */
export function supervise(
  resolved: ResolvedConfig,
  place: Place,
  options: OpeningOptions,
): Promise<Supervised> {
  return opening(async opened => {
    await holdDataFolder(opened, resolved);
    const redactor = createRedactor();
    for (const secret of resolved.secrets) redactor.pin(secret);
    const { log, close } = await openLogFor(resolved, redactor, 'supervisor');
    opened.defer(close);
    const { close: stopStore, ...address } = await startAgain(() => startStore(resolved.config, options));
    opened.defer(stopStore);
    await rememberInstance(resolved, address.instance_id);
    const guard = startGuard();
    opened.defer(() => guard.close());
    const failed = Promise.withResolvers<string>();
    opened.defer(dieAloud(log, failed.resolve));

    const ended_workers = new Set<string>();
    let port: number | undefined;
    const ask = (): Opening => ({ resolved, address, port, ended_workers: [...ended_workers] });
    const parts: KeptPart[] = [];
    // Together: a stop has ten seconds in all.
    opened.defer(async () => void (await Promise.all(parts.map(part => part.stop()))));
    const keep: Keep = (name, heard) => {
      const part = keepPart({ name, guard, log, ask, heard, package_folder: place.package_folder });
      parts.push(part);
      return part;
    };

    return {
      failed: failed.promise,
      close: () => opened.disposeAsync(),
      async listen() {
        const facts = await isUp(keepServer(resolved, place, keep));
        port = facts.port;
        await isUp(keepWorker(ended_workers, keep));
        return facts;
      },
    };
  });
}

/** Somebody may kill PostgreSQL while it starts: what may pass is tried again, what will not is told. */
async function startAgain<T>(start: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await start();
    } catch (error) {
      if (tries === FIRST_TRIES || (isFailure(error) && isFinal(error))) throw error;
      await delay(RESTART.first_ms * 2 ** tries);
    }
  }
}

type Hearing = { message(message: FromPart): void; ended(): void };
type Keep = (name: PartName, heard: Hearing) => KeptPart;

function isUp<T>({ first, part }: { first: Promise<T>; part: KeptPart }): Promise<T> {
  return Promise.race([first, part.gaveUp]);
}

function keepServer(resolved: ResolvedConfig, { version }: Place, keep: Keep) {
  const first = Promise.withResolvers<ServerFacts>();
  let withdraw = () => {};
  const part = keep('server', {
    message(message) {
      if (message.type !== 'listening') return;
      const { facts, local_token, started_at } = message;
      void import('../doors/cli/process/announce.ts').then(({ announce }) => {
        // A server that was started again has another local secret.
        withdraw = announce(resolved.config, { ...facts, version, started_at, local_token });
        first.resolve(facts);
      }, first.reject);
    },
    ended: () => withdraw(),
  });
  return { first: first.promise, part };
}

function keepWorker(ended_workers: Set<string>, keep: Keep) {
  const first = Promise.withResolvers<void>();
  let current: string | undefined;
  const part = keep('worker', {
    message(message) {
      if (message.type !== 'working') return;
      current = message.worker_id;
      ended_workers.clear();
      first.resolve();
    },
    ended() {
      if (current !== undefined) ended_workers.add(current);
    },
  });
  return { first: first.promise, part };
}

// ── One part, kept running ──────────────────────────────────────────────────────────────────────────

interface KeptPart {
  /** Rejects when the part has never come up: then it will not by trying again, and the start has failed. */
  gaveUp: Promise<never>;
  stop(): Promise<void>;
}

interface KeepOptions {
  name: PartName;
  package_folder: string;
  guard: Guard;
  log: Log;
  ask: () => Opening;
  heard: Hearing;
}

const RESTART = { first_ms: 100, last_ms: 30_000, well_ms: 60_000 };
const STOP_MS = 8000;
/** A part that has never been up is tried so often, unless it says that trying again will not help. */
const FIRST_TRIES = 5;

function isFinal(failure: Error | undefined): boolean {
  return isFailure(failure) && errors[failure.code].retry === 'terminal';
}

function keepPart(options: KeepOptions): KeptPart {
  const { name, log } = options;
  const gaveUp = Promise.withResolvers<never>();
  gaveUp.promise.catch(() => {});
  const stopping = new AbortController();
  let child: ChildProcess | undefined;

  const run = async (): Promise<void> => {
    const tries = backOff(RESTART);
    let failures = 0;
    for (let has_been_up = false; !stopping.signal.aborted; ) {
      tries.began(performance.now());
      const { how, was_up, failure } = await startLife(options, fresh => {
        child = fresh;
      });
      has_been_up ||= was_up;
      if (stopping.signal.aborted) return;
      failures += 1;
      if (!has_been_up && (isFinal(failure) || failures === FIRST_TRIES))
        return gaveUp.reject(failure ?? new Error(`The ${name} ended at its start (${how}).`));
      const again_in_ms = tries.ended(performance.now());
      log.error({ part: name, how, again_in_ms, error: failure }, `The ${name} ended; it is started again`);
      await delay(again_in_ms, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };
  const running = run();

  return {
    gaveUp: gaveUp.promise,
    async stop() {
      stopping.abort();
      send(child, { type: 'stop' });
      const late = setTimeout(() => child?.kill('SIGKILL'), STOP_MS);
      await running;
      clearTimeout(late);
    },
  };
}

interface Life {
  how: string;
  was_up: boolean;
  failure: Error | undefined;
}

function startLife(
  { name, package_folder, guard, ask, heard }: KeepOptions,
  born: (child: ChildProcess) => void,
): Promise<Life> {
  const child = spawnPart(name, package_folder);
  born(child);
  const { pid } = child;
  if (pid !== undefined) guard.watch(pid, 'gentle');
  let was_up = false;
  let failure: Error | undefined;
  child.on('message', (message: FromPart) => {
    if (message.type === 'failed') failure = asError(message);
    else was_up = true;
    heard.message(message);
  });
  send(child, { type: 'open', opening: ask() });
  return new Promise(resolve => {
    const end = (how: string) => {
      if (pid !== undefined) guard.forget(pid);
      heard.ended();
      resolve({ how, was_up, failure });
    };
    child.once('error', error => end(error.message));
    child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
  });
}

/** A channel that is closing takes no message; its process is ending, which is what follows anyway. */
function send(child: ChildProcess | undefined, message: ToPart): void {
  if (child?.connected) child.send(message, () => {});
}
