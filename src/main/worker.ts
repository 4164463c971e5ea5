import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../base/kit/clock.ts';
import type { ResolvedConfig } from '../base/kit/config.ts';
import type { Config } from '../contract/config.ts';
import type { LoneWorker, OpeningOptions } from '../doors/cli/index.ts';
import { type Core, openCore } from './core.ts';
import { openKinds } from './kinds.ts';
import { openLakeOn } from './lake.ts';
import { dieAloud } from './log.ts';
import { opening } from './opening.ts';
import { givenFlags } from './part.ts';
import type { Place } from './place.ts';
import { openPresence } from './presence.ts';
import { checkStorage, openStorage } from './storage.ts';
import { startStore } from './store.ts';

export interface OpenWorker extends Omit<LoneWorker, 'close'> {
  id: string;
}

/** A worker on an open core. Closing `opened` lets it finish what it can and ends its runners. */
export async function openWorkerOn(
  opened: AsyncDisposableStack,
  core: Core,
  { ended_workers }: { ended_workers: readonly string[] },
): Promise<OpenWorker> {
  const { resolved, place, store, secrets, redactor, log } = core;
  const { config } = resolved;
  const { giveUpWorkers, openRunsWorker } = await import('../domains/runs/index.ts');
  const { mayRunAs, recordChange } = await import('../domains/access/index.ts');

  const presence = openPresence(join(config.data, 'run', 'workers'));
  opened.defer(() => presence.close());
  const failed = Promise.withResolvers<string>();
  opened.defer(dieAloud(log, failed.resolve));
  const { tags } = config.worker;
  const name = config.worker.name ?? hostname();
  const concurrency = config.worker.concurrency ?? Math.max(4, 2 * availableParallelism());
  const { storage } = await openStorage(config);
  const { parts: lake_parts } = await openLakeOn(opened, core, { storage, record: recordChange });
  const worker = await openRunsWorker({
    store,
    kinds: await openKinds(config, lake_parts),
    readSecret: secrets.read,
    mayRun: (workspace_id, run_as, permission) => mayRunAs(store, workspace_id, run_as, permission),
    redact: (text, workspace_id) => redactor.of(workspace_id).redact(text),
    name,
    tags,
    concurrency,
    version: place.version,
    clock: systemClock,
    log,
    registered: presence.name,
    predecessors: [...ended_workers, ...presence.dead()],
    runners: {
      folder: join(config.data, 'run', 'runners'),
      spawn_args: runnerArguments(place),
      pass: await passedTo(config),
      memory_mb: memoryOf(config, concurrency),
    },
  });
  opened.defer(() => worker.close());
  opened.defer(
    presence.watch(
      dead => giveUpWorkers(store, dead),
      error => log.warn({ error }, 'A worker that has died could not be given up yet'),
    ),
  );
  return { id: worker.id, name, concurrency, tags, failed: failed.promise };
}

/** A runner opens the storage by itself, and finds credentials where this process would. */
async function passedTo({ storage }: Config): Promise<readonly string[]> {
  if (!storage.aws_chain) return [];
  const { AWS_CHAIN_VARIABLES } = await import('../base/storage/index.ts');
  return AWS_CHAIN_VARIABLES;
}

function runnerArguments({ package_folder }: Place): string[] {
  return [...givenFlags(), join(package_folder, 'bin', 'main.mjs'), '--runner-process'];
}

/** For `moulin doctor`: where the worker would, if the data folder is there. */
export async function tryRunnerHere({ config }: ResolvedConfig, place: Place): Promise<number> {
  const { tryRunner } = await import('../domains/runs/index.ts');
  const own = existsSync(config.data) ? undefined : mkdtempSync(join(tmpdir(), 'moulin-runner-'));
  try {
    const folder = own ?? join(config.data, 'run', 'runners');
    return await tryRunner({ folder, spawn_args: runnerArguments(place) }, systemClock);
  } finally {
    if (own !== undefined) rmSync(own, { recursive: true, force: true });
  }
}

const MB = 1024 * 1024;
/** What PostgreSQL, the server and the caches keep of the one setting `memory`. */
const SHARE = 0.6;
const LEAST_MB = 192;

/** The runners' share of the setting `memory`, among as many as may run at once; a heavy task may have half of it. */
function memoryOf({ memory }: Config, concurrency: number) {
  const all = (memory * SHARE) / MB;
  const each = Math.max(LEAST_MB, Math.floor(all / concurrency));
  return { light: each, standard: Math.max(each, 512), heavy: Math.max(each, Math.floor(all / 2)) };
}

/** `moulin worker`: on a store that a server elsewhere keeps. */
export function openLoneWorker(
  resolved: ResolvedConfig,
  place: Place,
  options: OpeningOptions,
): Promise<LoneWorker> {
  return opening(async opened => {
    const { makeDataFolder } = await import('../doors/cli/process/data-folder.ts');
    makeDataFolder(resolved.config.data);
    const address = await startStore(resolved.config, options);
    opened.defer(() => address.close());
    const core = await openCore(opened, resolved, { place, address, name: 'worker' });
    await checkStorage(core.store, resolved.config);
    const worker = await openWorkerOn(opened, core, { ended_workers: [] });
    return { ...worker, close: () => opened.disposeAsync() };
  });
}
