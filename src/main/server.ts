import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import type { EventFeed } from '../base/db/index.ts';
import { systemClock } from '../base/kit/clock.ts';
import type { Log } from '../base/kit/log.ts';
import type { Config } from '../contract/config.ts';
import type { Access } from '../domains/access/index.ts';
import type { Listening } from '../doors/cli/index.ts';
import type { Core } from './core.ts';
import { dieAloud } from './log.ts';

export interface OpenServer {
  /** The API without a network in between. */
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** The secret that makes a request the local user's. */
  local_token: string;
  /** Settles, with the reason, when this process can no longer do its work. */
  failed: Promise<string>;
  /** Opens the door to the network, at the port it had before if it had one, and keeps house from then on. */
  listen(port?: number): Promise<ServerFacts>;
}

/** What others on this machine need to know of a server that listens. */
export interface ServerFacts extends Listening {
  port: number;
  /** Where the process itself listens, whatever its public address. */
  local_url: string;
}

/** Access and the HTTP door on an open core. Closing `opened` ends both. */
export async function openServer(opened: AsyncDisposableStack, core: Core): Promise<OpenServer> {
  const { resolved, place, address, started_at, redactor, log, pruneLog, store, secrets } = core;
  const { config } = resolved;
  const { finishRotation, keysCheck, openAccess, providerHosts } = await import('../domains/access/index.ts');
  const { openOutbound, proxiesOf } = await import('../base/kit/outbound.ts');
  const { addressOf, openPort } = await import('../doors/cli/process/port.ts');
  const { describe } = await import('../doors/cli/process/facts.ts');
  const { runMetrics, workersCheck } = await import('../domains/runs/index.ts');
  const door = await import('../doors/server/index.ts');
  const { openEvents } = await import('../base/db/index.ts');

  // Servers alone read events and give them their positions; a worker only writes them.
  const events = openEvents(store, { failed: error => log.warn({ error }, 'Events wait for the store') });
  opened.defer(() => events.close());

  const allow = [...config.outbound.allow, ...providerHosts(config.oidc)];
  const outbound = openOutbound({ allow, proxies: proxiesOf(process.env) });
  opened.defer(() => outbound.close());
  // Until it listens, links name the place of the configuration.
  const reached = { url: addressOf(config, config.port) };
  const clock = systemClock;
  const url = () => reached.url;
  const access = openAccess({ store, config, secrets, outbound, log, redactor, clock, url });
  await access.prepare();

  const { openDomains } = await import('./domains.ts');
  const domains = await openDomains(opened, core, { access, events, outbound, url });

  const disk = () => door.diskSpace(config.data);
  const { version } = place;
  const app = await door.buildServer({
    config,
    instance_id: store.instance_id,
    version,
    handlers: { ...access.handlers, ...domains.handlers },
    catalog: domains.catalog,
    identify: access.identify,
    denied: access.recordDenied,
    idempotency: door.idempotencyStore(store, config.retention.idempotency_hours),
    events,
    checks: [
      door.storeCheck(store),
      door.migrationsCheck(store, address.schema),
      keysCheck(secrets),
      door.diskCheck(config.data),
      workersCheck(store, version),
    ],
    metrics: () => runMetrics(store),
    store_connections: store.connections,
    backup: door.backupDownload(store, domains.backupLake),
    describe: () => describe({ resolved, store, disk, version, started_at, url: reached.url }),
    web_folder: join(place.package_folder, 'web', 'dist'),
    log,
    redactor,
    clock,
  });
  opened.defer(() => app.close());
  opened.defer(domains.close);

  const failed = Promise.withResolvers<string>();
  return {
    fetch: door.injectFetch(app),
    local_token: access.createLocalSecret(),
    failed: failed.promise,
    async listen(former_port) {
      opened.defer(domains.start());
      opened.defer(keepHouse({ access, events, pruneLog }, config, log));
      opened.defer(finishRotation(secrets, log));
      opened.defer(dieAloud(log, failed.resolve));
      const open = (wanted: number) => door.listen(app, config, wanted);
      const { port, moved_from } =
        former_port === undefined
          ? await openPort(resolved, open)
          : { port: await open(former_port), moved_from: undefined };
      reached.url = addressOf(config, port);
      const local_url = addressOf({ ...config, public_url: null }, port);
      // A server ends by a signal, and Node keeps compiled code by itself only for a process that runs out of work.
      flushCompileCache();
      log.info({ url: reached.url, version }, 'Ready');
      const first_admin = await access.createFirstAdminLink();
      return { url: reached.url, local_url, port, moved_from, first_admin };
    },
  };
}

const HOUR_MS = 3_600_000;

interface House {
  access: Pick<Access, 'sweep'>;
  events: Pick<EventFeed, 'trim'>;
  pruneLog: () => void;
}

/** Best effort, once an hour: what fails now is done next time. */
function keepHouse({ access, events, pruneLog }: House, { retention }: Config, log: Log): () => void {
  const tidy = async () => {
    await access.sweep();
    await events.trim(retention.events_days);
    pruneLog();
  };
  const failed = (error: unknown) => log.warn({ error }, 'What is out of date could not be deleted');
  const timer = setInterval(() => void tidy().catch(failed), HOUR_MS).unref();
  return () => clearInterval(timer);
}
