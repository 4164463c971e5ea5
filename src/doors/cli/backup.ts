import { existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import type { Command } from 'commander';
import { fail, isFailure } from '../../base/kit/errors.ts';
import { type Client, isApiError } from '../../contract/client.ts';
import { addClient, type ClientOptions, type Context, connected } from './command.ts';
import type { Restored } from './host.ts';
import type { Column } from './present.ts';

interface Taken {
  file: string;
  bytes: number;
  rows: number;
  created_at: string;
  key_id: string | null;
  /** Where the key is that the backup does not hold; null when the caller may not know. */
  key_place: string | null;
}

const columns: readonly Column<Taken>[] = [
  ['file', taken => taken.file],
  ['size', taken => `${(taken.bytes / 1024 ** 2).toFixed(1)} MB`],
  ['rows', taken => taken.rows],
  ['taken', taken => taken.created_at],
  ['key', taken => taken.key_id],
  ['key is in', taken => taken.key_place],
];

export function register(program: Command, context: Context): void {
  addClient(program, 'backup <file>', 'Save the whole installation in one file; it goes on working meanwhile')
    .option('--no-lake', 'leave out the files of the lake')
    .addHelpText(
      'after',
      '\nThe key that opens stored secrets is not in it: save that once with moulin keys export.\n',
    )
    .action(
      connected<ClientOptions & { lake: boolean }, [string]>(
        context,
        async ({ client, answer, options }, file) => {
          const backup = await save(client, file, options.lake);
          const taken = { file, ...factsOf(backup), key_place: await keyPlace(client) };
          await answer.object(taken, columns);
          await answer.remark(
            'Its secrets open only with that key: keep a copy of it elsewhere (moulin keys export FILE).',
          );
        },
      ),
    );
}

export function factsOf({ manifest, summary, bytes }: Restored) {
  const rows = Object.values(summary.tables).reduce((sum, table) => sum + table.rows, 0);
  return { bytes, rows, created_at: manifest.created_at, key_id: manifest.key_id };
}

/** Under its name only once every byte of it has been read back and found right: a connection may end too early. */
async function save(client: Client, file: string, lake: boolean): Promise<Restored> {
  if (existsSync(file)) throw fail('backup.file_exists', { file });
  const { verifyBackup } = await import('../../base/db/index.ts');
  const { body } = await client['backup.download']({ query: { lake: String(lake) } });
  const draft = `${file}.${process.pid}.part`;
  try {
    await writeSynced(draft, body);
    const backup = await verifyBackup(draft);
    await rename(draft, file);
    return backup;
  } catch (error) {
    await rm(draft, { force: true });
    throw notWritten(file, error);
  }
}

async function writeSynced(path: string, source: AsyncIterable<Uint8Array>): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of source) await handle.writeFile(chunk);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function notWritten(file: string, error: unknown) {
  const reason = isFailure(error)
    ? 'it arrived incomplete'
    : error instanceof Error
      ? error.message
      : String(error);
  return fail('backup.not_written', { file, reason }, { cause: error });
}

/** Who may back up need not be allowed to look at keys. */
async function keyPlace(client: Client): Promise<string | null> {
  try {
    return (await client['keys.show']()).place;
  } catch (error) {
    if (isApiError(error, 'auth.forbidden')) return null;
    throw error;
  }
}
