import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ResolvedConfig } from '../../base/kit/config.ts';
import { fail } from '../../base/kit/errors.ts';
import { type Client, createClient } from '../../contract/client.ts';
import type { CliHost } from './host.ts';
import { isDataFolder } from './process/data-folder.ts';
import type { PidFile } from './process/pid-file.ts';
import { findRunning } from './process/stopping.ts';
import { readProfiles } from './profiles.ts';
import { type Fetch, reachPinned, reachRemote } from './reach.ts';
import { loadConfig, ownFolder } from './settings.ts';
import { chooseTarget, type Target, type TargetOptions } from './target.ts';
import type { Terminal } from './terminal.ts';

export interface Connection {
  client: Client;
  /** Through the data folder, as whoever may read it; then there is no person. */
  is_local: boolean;
  close(): Promise<void>;
}

/** A way to an installation, and what one has in hand to be let in there. */
interface Way {
  base_url: string;
  fetch: Fetch;
  /** A token, or the local secret. */
  bearer: string | undefined;
  is_local: boolean;
  workspace: string | undefined;
  close(): Promise<void>;
}

/** As the token says, or as the local user. */
export async function connect(
  host: CliHost,
  terminal: Terminal,
  options: TargetOptions,
): Promise<Connection> {
  return withBearer(await findWay(host, terminal, options));
}

/** Through the data folder: the server that runs on it, or the folder itself when none does. */
export async function connectLocal(host: CliHost, resolved: ResolvedConfig): Promise<Connection> {
  return withBearer(await localWay(host, resolved, undefined));
}

/** As a person, with a session of its own that ends with the command: for what no token may do. */
export async function connectAsPerson(
  host: CliHost,
  terminal: Terminal,
  options: TargetOptions,
  credentials: { email: string; password: string },
): Promise<Connection> {
  const way = await findWay(host, terminal, options);
  const { base_url, workspace, is_local } = way;
  const client = createClient({ base_url, fetch: keepingCookies(way.fetch), workspace: () => workspace });
  const close = async () => {
    // Best effort: the session would end by itself, and the command's own failure is the one to tell.
    await client.sign_out().catch(() => {});
    await way.close();
  };
  try {
    await client['sign_in.password']({ body: credentials });
  } catch (error) {
    await way.close();
    throw error;
  }
  return { client, is_local, close };
}

function withBearer({ base_url, fetch, bearer, workspace, is_local, close }: Way): Connection {
  if (bearer === undefined) throw fail('cli.not_signed_in', { url: base_url });
  const headers = () => ({ authorization: `Bearer ${bearer}`, 'user-agent': USER_AGENT });
  return { client: createClient({ base_url, fetch, headers, workspace: () => workspace }), is_local, close };
}

const USER_AGENT = 'moulin-cli';

function keepingCookies(fetch: Fetch): Fetch {
  const jar = new Map<string, string>();
  return async (url, init) => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...(init.headers as Record<string, string>), cookie, 'user-agent': USER_AGENT };
    const response = await fetch(url, { ...init, headers });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      jar.set(name, value);
    }
    return response;
  };
}

// ── Ways ────────────────────────────────────────────────────────────────────────────────────────────

/** A server by address; the server of the data folder; or the data folder itself when nothing runs. */
async function findWay(host: CliHost, terminal: Terminal, options: TargetOptions): Promise<Way> {
  const target = targetOf(terminal, options);
  if (target.kind === 'remote') return remoteWay(target, terminal.env);
  const flags = options.data === undefined ? {} : { data: options.data };
  const resolved = loadConfig(flags, { ...terminal, package_folder: host.package_folder });
  return localWay(host, resolved, target.workspace);
}

function targetOf(terminal: Terminal, options: TargetOptions): Target {
  const target = chooseTarget(options, terminal.env, readProfiles(ownFolder(terminal.env)));
  if ('unknown' in target) throw fail('cli.no_profile', { profile: target.unknown });
  return target;
}

async function remoteWay(target: Target & { kind: 'remote' }, env: Terminal['env']): Promise<Way> {
  const { url, token, workspace, said_by } = target;
  if (!isHttp(url)) throw fail('cli.usage', { reason: `"${url}" (${said_by}) is no http or https address` });
  return { ...(await reachRemote(env)), base_url: url, bearer: token, is_local: false, workspace };
}

async function localWay(host: CliHost, resolved: ResolvedConfig, workspace = 'main'): Promise<Way> {
  const { data } = resolved.config;
  // A mistyped --data must not make an empty installation.
  if (!isDataFolder(data)) throw fail('cli.no_instance', { data });
  const running = findRunning(data);
  return running ? runningWay(data, running, workspace) : inProcessWay(host, resolved, workspace);
}

async function runningWay(data: string, running: PidFile, workspace: string): Promise<Way> {
  const { url, local_url = url, tls_fingerprint } = running;
  return {
    // Past every proxy, and not to the public address: the secret goes to this process and to nobody between.
    ...(tls_fingerprint ? await reachPinned(tls_fingerprint) : { fetch, close: async () => {} }),
    base_url: local_url,
    bearer: readLocalToken(data),
    is_local: true,
    workspace,
  };
}

async function inProcessWay(host: CliHost, resolved: ResolvedConfig, workspace: string): Promise<Way> {
  const { fetch, local_token: bearer, close } = await host.openInstance(resolved);
  return { base_url: 'http://localhost', fetch, bearer, is_local: true, workspace, close };
}

/** The secret of the server that runs now; who may read the data folder may use it. */
function readLocalToken(data: string): string {
  try {
    return readFileSync(join(data, 'run', 'local.token'), 'utf8').trim();
  } catch (error) {
    throw fail('cli.no_local_secret', { data }, { cause: error });
  }
}

function isHttp(url: string): boolean {
  return /^https?:\/\//i.test(url) && URL.canParse(url);
}
