import type pg from 'pg';
import { fail } from '../kit/errors.ts';
import { newId } from '../kit/ids.ts';
import { appSecret } from './app-secret.ts';
import { backUpBeforeUpgrade } from './backup/files.ts';
import { type Backup, verifyBackup } from './backup/read.ts';
import { restoreBackup } from './backup/restore.ts';
import { type Address, withClient } from './connection.ts';
import { type EmbeddedOptions, type EmbeddedServer, startEmbedded } from './embedded.ts';
import { checkServer, roleOf } from './external.ts';
import { type Migration, type MigrationReport, migrate, readMigrations, schemaVersion } from './migrate.ts';
import { openWhenThere, type Waiting } from './patience.ts';
import {
  APP_ROLE,
  appRoleHolder,
  checkAppRole,
  closeDatabase,
  ensureAppPassword,
  ensureRoles,
} from './roles.ts';
import { deriveAppPassword } from './scram.ts';
import { openSnapshot } from './snapshot.ts';

export interface ExternalOptions {
  url: string;
  /** Where the role in `url` may not make roles. */
  app_url?: string | null;
  /** Where the user keeps what moulin_app's password is derived from, when the role in `url` comes in without one. */
  secret_file: (instance_id: string) => string;
}

export interface OpenOptions {
  /** `DATA/store` and a log file: the embedded PostgreSQL. */
  embedded?: Pick<EmbeddedOptions, 'folder' | 'log_file' | 'listen' | 'guard'>;
  /** Or a PostgreSQL of the user's own. */
  external?: ExternalOptions;
  /** The id that an empty store gets. */
  instance_id?: string;
  /** Where a store that holds something is backed up before it is migrated, and how many of these are kept. */
  backups?: { folder: string; keep: number };
  /** For the person at the console. */
  say?: (text: string) => void;
  /** Wait for a server of the user's that does not answer, and tell; without it that is a failure. */
  waiting?: Waiting;
}

/** A store that may be opened: running, migrated, with a role for the application. */
export interface PreparedStore {
  app: Address;
  instance_id: string;
  migrated: MigrationReport;
  close(): Promise<void>;
}

export async function prepareStore(
  options: OpenOptions,
  known?: readonly Migration[],
): Promise<PreparedStore> {
  const { external, waiting } = options;
  const prepare = () => prepareOnce(options, known);
  return external && waiting ? openWhenThere({ url: external.url }, prepare, waiting) : prepare();
}

async function prepareOnce(options: OpenOptions, known?: readonly Migration[]): Promise<PreparedStore> {
  const migrations = known ?? (await readMigrations());
  return withServer(options, async server => {
    const nameOf = async (client: pg.Client) =>
      (await readInstance(client)) ?? nameInstance(client, options.instance_id ?? newId());
    return withClient(server.owner, 'moulin: prepare', async client => {
      await ensureRoles(client, { app: server.app_role === APP_ROLE });
      await server.refuseTaken(client);
      await closeDatabase(client, server.app_role);
      const migrated = await migrate(client, migrations, async () =>
        backUp(await server.openApp(await nameOf(client)), options),
      );
      // Named first: of several first starts at the same moment all open it under the one name.
      const instance_id = await nameOf(client);
      const app = await server.openApp(instance_id);
      await checkAppRole(app);
      return { app, instance_id, migrated, close: server.close };
    });
  });
}

async function backUp(app: Address, { backups, say = () => {} }: OpenOptions): Promise<void> {
  if (!backups) return;
  const source = { openSnapshot: (reason: string) => openSnapshot(app, reason) };
  say(`Backed up to ${await backUpBeforeUpgrade(source, backups)} before the upgrade of the store`);
}

/** A backup into the store of these options, which must be empty. The store is not left running. */
export async function restoreStore(options: OpenOptions, file: string): Promise<Backup> {
  // First of all: a file that is no backup makes no folder and no role.
  const backup = await verifyBackup(file);
  const close = await withServer(options, async server => {
    await withClient(server.owner, 'moulin: prepare', client =>
      ensureRoles(client, { app: server.app_role === APP_ROLE }),
    );
    await restoreBackup(server.owner, backup);
    return server.close;
  });
  await close();
  return backup;
}

// ── The server, embedded or not ─────────────────────────────────────────────────────────────────────

interface Server {
  owner: Address;
  app_role: string;
  /** Before anything is changed: an application role that works for another installation. */
  refuseTaken(client: pg.Client): Promise<void>;
  /** Signs in as the application's role. */
  openApp(instance_id: string): Promise<Address>;
  close(): Promise<void>;
}

/** Closed when the work fails; otherwise the work hands it on. */
async function withServer<T>(options: OpenOptions, work: (server: Server) => Promise<T>): Promise<T> {
  const server = options.external
    ? await reachServer(options.external)
    : ownServer(await startEmbedded(embeddedOptions(options)));
  try {
    return await work(server);
  } catch (error) {
    await server.close();
    throw error;
  }
}

function embeddedOptions({ embedded, say }: OpenOptions) {
  if (!embedded) throw new Error('a store needs `embedded` or `external`');
  return { ...embedded, say };
}

function ownServer({ owner, app, close }: EmbeddedServer): Server {
  return { owner, app_role: APP_ROLE, refuseTaken: async () => {}, openApp: async () => app, close };
}

async function reachServer({ url, app_url, secret_file }: ExternalOptions): Promise<Server> {
  const owner: Address = { url };
  await checkServer(owner);
  const by_hand = app_url ? { url: app_url } : undefined;
  if (by_hand) await checkServer(by_hand);
  return {
    owner,
    app_role: by_hand ? await roleOf(by_hand) : APP_ROLE,
    async refuseTaken(client) {
      if (by_hand) return;
      // The holder is read before the name: a first start beside this one names its store before it claims the role.
      const holder = await appRoleHolder(client);
      if (holder !== undefined && holder !== (await readInstance(client)))
        throw fail('store.role_taken', { role: APP_ROLE, holder });
    },
    async openApp(instance_id) {
      if (by_hand) return by_hand;
      const secret = await appSecret(owner, secret_file(instance_id), instance_id);
      const app = await ensureAppPassword(owner, deriveAppPassword(secret, instance_id), instance_id);
      await checkServer(app);
      return app;
    },
    close: async () => {},
  };
}

// ── Which installation it is ────────────────────────────────────────────────────────────────────────

async function readInstance(client: pg.Client): Promise<string | undefined> {
  if ((await schemaVersion(client)) === 0) return undefined;
  const { rows } = await client.query<{ id: string }>('select id from instance');
  return rows[0]?.id;
}

/** Of several first starts at the same moment, one names it. */
async function nameInstance(client: pg.Client, id: string): Promise<string> {
  await client.query('insert into instance (id) values ($1) on conflict do nothing', [id]);
  return (await readInstance(client)) ?? id;
}
