import type { ResolvedConfig } from '../../base/kit/config.ts';

/**
 * What the command line cannot build itself: only `main.ts` builds. Everything behind these functions is imported when one
 * of them is called, so that `--help` loads no server, driver or engine.
 */
export interface CliHost {
  version: string;
  /** The clone, or the folder of the installed package. */
  package_folder: string;
  /** Node and compiled code, shared by all Moulin folders of this account. */
  cache_folder: string;
  /** A verified backup into the empty store of a data folder; nothing runs afterwards. */
  restoreInstance(resolved: ResolvedConfig, file: string): Promise<Restored>;
  /** The lake to another place, or to where its folder was moved; undefined where it is there already. Nothing runs meanwhile. */
  relocateLake(
    resolved: ResolvedConfig,
    options: { to?: string; told?: (table: string) => void },
  ): Promise<{ from: string; to: string; tables: number; objects: number } | undefined>;
  /** Opens the installation of a data folder in this process, without listening: for commands while nothing runs. */
  openInstance(resolved: ResolvedConfig, options?: OpeningOptions): Promise<OpenInstance>;
  /** The whole tree of `moulin start`: store, server, worker, each in a process of its own and started again when it dies. */
  supervise(resolved: ResolvedConfig, options?: OpeningOptions): Promise<Supervised>;
  /** One worker on a store that a server elsewhere keeps. */
  openWorker(resolved: ResolvedConfig, options?: OpeningOptions): Promise<LoneWorker>;
  /** Starts a process as the worker does for tasks, and ends it. Milliseconds until it was ready; throws why it cannot be. */
  tryRunner(resolved: ResolvedConfig): Promise<number>;
  /** Does with an object what the storage is used for, and takes it away again. Where that was; throws why it cannot be. */
  tryStorage(resolved: ResolvedConfig): Promise<string>;
}

export interface OpeningOptions {
  say?: (text: string) => void;
  /** Told each time a store of the user's does not answer; without it the first time is a failure. */
  waiting?: (text: string) => void;
}

export type Supervised = Pick<OpenInstance, 'listen' | 'failed' | 'close'>;

export interface LoneWorker {
  name: string;
  concurrency: number;
  tags: readonly string[];
  /** Settles, with the reason, when this process can no longer do its work. */
  failed: Promise<string>;
  close(): Promise<void>;
}

export interface OpenInstance {
  /** The API without a network in between. */
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** The secret that makes a request the local user's. */
  local_token: string;
  /** Opens the door to the network: what only `moulin start` does. */
  listen(): Promise<Listening>;
  /** Settles, with the reason, when this process can no longer do its work. */
  failed: Promise<string>;
  close(): Promise<void>;
}

/** What a backup says of itself. */
export interface Restored {
  manifest: { instance_id: string; key_id: string | null; created_at: string; schema_version: number };
  summary: { tables: Readonly<Record<string, { rows: number }>> };
  bytes: number;
}

export interface Listening {
  url: string;
  /** There only while nobody has become the first admin. */
  first_admin?: { url: string; expires_at: string } | undefined;
  /** The default port, when it was taken and another pair was chosen. */
  moved_from?: number | undefined;
}
