import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, createClient } from '../../../src/contract/client.ts';
import { newInstallation, type Undoing } from '../../cli/installation.ts';

/** A whole Moulin as people run it: the real program, a free port, a home and a data folder of its own. */
export interface Moulin {
  url(): string;
  /** Everything it has printed so far: the first admin's link is in it. */
  output(): string;
  /** The API with the rights of whoever can read the data folder. */
  local: Client;
  /** As Ctrl-C does; the folder stays. */
  stop(): Promise<void>;
  /** Again, in the same folder and on the same port. */
  startAgain(): Promise<void>;
}

/** `settings` as variables of the environment: `MOULIN_OIDC_ISSUER` and the like. */
export async function openMoulin(t: Undoing, settings: Record<string, string> = {}): Promise<Moulin> {
  await buildPages();
  const installation = await newInstallation(t);
  Object.assign(installation.env, settings);
  let running = await installation.start(...wordsOf(settings));
  let secret = await localSecret(installation.data);
  return {
    url: () => running.url,
    output: () => running.output(),
    local: createClient({
      fetch: (path, init) => fetch(`${running.url}${path}`, init),
      headers: () => ({ authorization: `Bearer ${secret}` }),
    }),
    stop: () => running.stop(),
    async startAgain() {
      running = await installation.start('--port', new URL(running.url).port);
      secret = await localSecret(installation.data);
    },
  };
}

/** A port that was asked for wins over the free one that tests begin with. */
function wordsOf({ MOULIN_PORT }: Record<string, string>): string[] {
  return MOULIN_PORT === undefined ? [] : ['--port', MOULIN_PORT];
}

async function localSecret(data: string): Promise<string> {
  return (await readFile(join(data, 'run', 'local.token'), 'utf8')).trim();
}

/** What `npm test` has done already; whoever runs one file alone gets the pages of the sources, too. */
async function buildPages(): Promise<void> {
  const { ensureWeb } = await import('../../../scripts/launch/web.mjs');
  await ensureWeb(process.execPath);
}
