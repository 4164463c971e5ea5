import { readFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import type { Backup, EventFeed, Store, OpenOptions as StoreOptions } from './base/db/index.ts';
import { systemClock, toTimestamp } from './base/kit/clock.ts';
import { entryOf, type ResolvedConfig } from './base/kit/config.ts';
import type { Log, OpenedLog } from './base/kit/log.ts';
import type { Redactor } from './base/kit/redact.ts';
import type { Config } from './contract/config.ts';
import type { Access, KeyProvider } from './domains/access/index.ts';
import type { CliHost, OpenInstance, OpeningOptions } from './doors/cli/index.ts';

// The composition root: configuration → store → keys → access → server. Nothing else builds things, and everything is
// imported when it is built, so that `moulin --help` reads none of it.

export interface Place {
  /** The clone, or the folder of the installed package. */
  package_folder: string;
  /** Node and compiled code, shared by all Moulin folders of this account. */
  cache_folder: string;
}

/** One process: `moulin` with its words. */
export async function main(argv: readonly string[], place: Place): Promise<void> {
  // Whoever read our output has gone (a closed terminal, `| head`): no reason to fall over.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const { runCli } = await import('./doors/cli/index.ts');
  const version = readVersion(place.package_folder);
  const host: CliHost = {
    ...place,
    version,
    openInstance: (resolved, options) => openMoulin(resolved, { ...place, version, ...options }),
    restoreInstance,
  };
  process.exit(await runCli(argv, host));
}

function readVersion(package_folder: string): string {
  return JSON.parse(readFileSync(join(package_folder, 'package.json'), 'utf8')).version;
}

interface OpenOptions extends Place, OpeningOptions {
  version: string;
}

/** The installation of one data folder, open in this process; `listen` makes it a server. It closes in reverse order. */
export async function openMoulin(resolved: ResolvedConfig, options: OpenOptions): Promise<OpenInstance> {
  const { config } = resolved;
  const started_at = toTimestamp(systemClock.now());
  await using opened = new AsyncDisposableStack();

  const folder = await import('./doors/cli/process/data-folder.ts');
  const { lockDataFolder } = await import('./doors/cli/process/lock.ts');
  folder.makeDataFolder(config.data);
  const lock = await lockDataFolder(config.data);
  opened.defer(() => lock.release());

  const { createRedactor } = await import('./base/kit/redact.ts');
  const redactor = createRedactor();
  for (const secret of resolved.secrets) redactor.pin(secret);
  const { log, prune, close } = await openLogFor(resolved, redactor);
  opened.defer(close);

  const store = await openMetadata(config, options);
  opened.defer(() => store.close());
  folder.remember(config.data, { id: store.instance_id });
  const { openEvents } = await import('./base/db/index.ts');
  const events = openEvents(store, { failed: error => log.warn({ error }, 'Events wait for the store') });
  opened.defer(() => events.close());

  const { finishRotation, keysCheck, openAccess, openSecrets, providerHosts } = await import(
    './domains/access/index.ts'
  );
  const keys = await openKeys(resolved, store, redactor);
  const secrets = await openSecrets({ store, keys, redactor });
  const { openOutbound, proxiesOf } = await import('./base/kit/outbound.ts');
  const allow = [...config.outbound.allow, ...providerHosts(config.oidc)];
  const outbound = openOutbound({ allow, proxies: proxiesOf(process.env) });
  opened.defer(() => outbound.close());
  const { addressOf, openPort } = await import('./doors/cli/process/port.ts');
  // Until it listens, links name the place of the configuration.
  const place = { url: addressOf(config, config.port) };
  const access = openAccess({
    store,
    config,
    secrets,
    outbound,
    log,
    redactor,
    clock: systemClock,
    url: () => place.url,
  });
  await access.prepare();

  const { version } = options;
  const { describe } = await import('./doors/cli/process/facts.ts');
  const door = await import('./doors/server/index.ts');
  const disk = () => door.diskSpace(config.data);
  const app = await door.buildServer({
    config,
    instance_id: store.instance_id,
    version,
    handlers: access.handlers,
    identify: access.identify,
    denied: access.recordDenied,
    idempotency: door.idempotencyStore(store, config.retention.idempotency_hours),
    events,
    checks: [
      door.storeCheck(store),
      door.migrationsCheck(store, store.migrated.to),
      keysCheck(secrets),
      door.diskCheck(config.data),
    ],
    store_connections: store.connections,
    backup: door.backupDownload(store),
    describe: () => describe({ resolved, store, disk, version, started_at, url: place.url }),
    web_folder: join(options.package_folder, 'web', 'dist'),
    log,
    redactor,
    clock: systemClock,
  });
  opened.defer(() => app.close());

  const { announce } = await import('./doors/cli/process/announce.ts');
  const local_token = access.createLocalSecret();
  const failed = Promise.withResolvers<string>();
  const open = opened.move();
  return {
    fetch: door.injectFetch(app),
    local_token,
    failed: failed.promise,
    close: () => open.disposeAsync(),
    async listen() {
      open.defer(keepHouse({ access, events, prune }, config, log));
      open.defer(finishRotation(secrets, log));
      open.defer(dieAloud(log, failed.resolve));
      const { port, moved_from } = await openPort(resolved, port => door.listen(app, config, port));
      place.url = addressOf(config, port);
      const facts = { url: place.url, port, version, started_at, tls_cert: config.tls.cert };
      const local_url = addressOf({ ...config, public_url: null }, port);
      open.defer(announce(config.data, { ...facts, local_url, local_token }));
      // A server ends by a signal, and Node keeps compiled code by itself only for a process that runs out of work.
      flushCompileCache();
      log.info({ url: place.url, version }, 'Ready');
      return { url: place.url, moved_from, first_admin: await access.createFirstAdminLink() };
    },
  };
}

/** The console shows what goes wrong, unless somebody asked for more; the files hold all. */
async function openLogFor(resolved: ResolvedConfig, redactor: Redactor): Promise<OpenedLog> {
  const { openLog } = await import('./base/kit/log.ts');
  const { log, data, retention } = resolved.config;
  const is_terminal = process.stderr.isTTY === true;
  return openLog({
    level: log.level,
    console_level: entryOf(resolved, 'log.level')?.origin === 'default' ? 'warn' : log.level,
    format: log.format === 'auto' ? (is_terminal ? 'text' : 'json') : log.format,
    clock: systemClock,
    redact: redactor.redact,
    console: text => void process.stderr.write(text),
    files: {
      folder: join(data, 'logs'),
      file_bytes: 10 * 1024 * 1024,
      total_bytes: retention.logs_bytes,
      keep_days: retention.logs_days,
    },
  });
}

async function openMetadata(config: Config, { say, waiting }: OpeningOptions) {
  const { openStore } = await import('./base/db/index.ts');
  return openStore({ ...(await storeOptions(config)), say, waiting });
}

async function storeOptions({ data, database, backup }: Config): Promise<StoreOptions> {
  const { ownFolder } = await import('./doors/cli/settings.ts');
  const { storeSecretFile } = await import('./base/kit/folders.ts');
  const { url, app_url } = database;
  const backups = { folder: join(data, 'backups'), keep: backup.keep };
  const embedded = { folder: join(data, 'store'), log_file: join(data, 'logs', 'postgres.log') };
  if (url === null) return { embedded, backups };
  const secret_file = (instance_id: string) => storeSecretFile(ownFolder(process.env), instance_id);
  return { external: { url, app_url, secret_file }, backups };
}

/** A backup into the empty store of a data folder; nothing is left running. */
async function restoreInstance({ config }: ResolvedConfig, file: string): Promise<Backup> {
  await using opened = new AsyncDisposableStack();
  const { makeDataFolder, remember } = await import('./doors/cli/process/data-folder.ts');
  const { lockDataFolder } = await import('./doors/cli/process/lock.ts');
  const { restoreStore, verifyBackup } = await import('./base/db/index.ts');
  // First of all: a file that is no backup makes no folder.
  await verifyBackup(file);
  makeDataFolder(config.data);
  const lock = await lockDataFolder(config.data);
  opened.defer(() => lock.release());
  const backup = await restoreStore(await storeOptions(config), file);
  remember(config.data, { id: backup.manifest.instance_id });
  return backup;
}

async function openKeys(resolved: ResolvedConfig, store: Store, redactor: Redactor): Promise<KeyProvider> {
  const { openKeyProvider } = await import('./domains/access/index.ts');
  const { ownFolder } = await import('./doors/cli/settings.ts');
  const { key } = resolved.config;
  return openKeyProvider({
    given: key === null ? null : { text: key, place: entryOf(resolved, 'key')?.source ?? 'key' },
    folder: ownFolder(process.env),
    instance_id: store.instance_id,
    redactor,
  });
}

const HOUR_MS = 3_600_000;

interface House {
  access: Pick<Access, 'sweep'>;
  events: Pick<EventFeed, 'trim'>;
  /** Of the log. */
  prune: () => void;
}

/** Best effort, once an hour: what fails now is done next time. */
function keepHouse({ access, events, prune }: House, { retention }: Config, log: Log): () => void {
  const tidy = async () => {
    await access.sweep();
    await events.trim(retention.events_days);
    prune();
  };
  const failed = (error: unknown) => log.warn({ error }, 'What is out of date could not be deleted');
  const timer = setInterval(() => void tidy().catch(failed), HOUR_MS).unref();
  return () => clearInterval(timer);
}

/** A mistake of ours that nobody caught: no state can be trusted after it, so the server ends, in order and with a reason. */
function dieAloud(log: Log, end: (reason: string) => void): () => void {
  const heard = (error: unknown) => {
    log.fatal({ error }, 'An unexpected error ends the server');
    end('an unexpected error; the log has it');
  };
  process.on('uncaughtException', heard);
  return () => process.off('uncaughtException', heard);
}
