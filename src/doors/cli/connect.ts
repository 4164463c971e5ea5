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
import { loadConfig, ownFolder } from './settings.ts';
import { chooseTarget, type Target, type TargetOptions } from './target.ts';
import type { Terminal } from './terminal.ts';

export interface Connection {
  client: Client;
  /** Through the data folder, as whoever may read it; then there is no person. */
  is_local: boolean;
  /** What it is connected to, in words: an address or a folder. */
  place: string;
  close(): Promise<void>;
}

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

const nothing = async () => {};

/** A server by address and token; the server of the data folder by its secret; or the data folder itself when nothing runs. */
export async function connect(
  host: CliHost,
  terminal: Terminal,
  options: TargetOptions,
): Promise<Connection> {
  const target = targetOf(terminal, options);
  if (target.kind === 'remote') return connectRemote(target);
  const resolved = loadConfig(options.data === undefined ? {} : { data: options.data }, {
    ...terminal,
    package_folder: host.package_folder,
  });
  return connectLocal(host, resolved, target.workspace);
}

/** Through the data folder: the server that runs on it, or the folder itself when none does. */
export async function connectLocal(
  host: CliHost,
  resolved: ResolvedConfig,
  workspace?: string,
): Promise<Connection> {
  const { data } = resolved.config;
  // A mistyped --data must not make an empty installation.
  if (!isDataFolder(data)) throw fail('cli.no_instance', { data });
  const running = findRunning(data);
  return running ? connectRunning(data, running, workspace) : connectInProcess(host, resolved, workspace);
}

export function targetOf(terminal: Terminal, options: TargetOptions): Target {
  const target = chooseTarget(options, terminal.env, readProfiles(ownFolder(terminal.env)));
  if ('unknown' in target) throw fail('cli.no_profile', { profile: target.unknown });
  return target;
}

function connectRemote(target: Target & { kind: 'remote' }): Connection {
  const { url, token, workspace } = target;
  if (!isHttp(url))
    throw fail('cli.usage', { reason: `"${url}" (${target.said_by}) is no http or https address` });
  if (token === undefined) throw fail('cli.not_signed_in', { url });
  return {
    client: client({ base_url: url, token, workspace }),
    is_local: false,
    place: url,
    close: nothing,
  };
}

async function connectRunning(data: string, running: PidFile, workspace = 'main'): Promise<Connection> {
  const { url, local_url = url, tls_cert } = running;
  const token = readLocalToken(data);
  const trusting = tls_cert ? await fetchTrusting(tls_cert) : undefined;
  return {
    // Not the public address: the secret goes to this process and to nobody between.
    client: client({ base_url: local_url, token, workspace, fetch: trusting }),
    is_local: true,
    place: url,
    close: nothing,
  };
}

async function connectInProcess(
  host: CliHost,
  resolved: ResolvedConfig,
  workspace = 'main',
): Promise<Connection> {
  const instance = await host.openInstance(resolved);
  return {
    client: client({
      base_url: 'http://localhost',
      token: instance.local_token,
      workspace,
      fetch: instance.fetch,
    }),
    is_local: true,
    place: resolved.config.data,
    close: instance.close,
  };
}

function client(options: {
  base_url: string;
  token: string;
  workspace: string | undefined;
  fetch?: Fetch | undefined;
}): Client {
  return createClient({
    base_url: options.base_url,
    headers: () => ({ authorization: `Bearer ${options.token}`, 'user-agent': 'moulin-cli' }),
    workspace: () => options.workspace,
    ...(options.fetch && { fetch: options.fetch }),
  });
}

/** Our own certificate, usually made out to a public name and not to localhost: that it is this one is proof enough. */
async function fetchTrusting(cert: string): Promise<Fetch> {
  const { Agent, fetch } = await import('undici');
  const ca = readFileSync(cert);
  const dispatcher = new Agent({
    connect: { ca, allowPartialTrustChain: true, checkServerIdentity: () => undefined },
  });
  return (url, init) =>
    fetch(url, { ...init, dispatcher } as Parameters<typeof fetch>[1]) as unknown as Promise<Response>;
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
