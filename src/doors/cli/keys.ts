import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { fail } from '../../base/kit/errors.ts';
import type { Client } from '../../contract/client.ts';
import type { BrokenSecret, KeyStatus } from '../../contract/secrets.ts';
import {
  type AnswerOptions,
  addAnswer,
  addClient,
  addNoun,
  alone,
  type ClientOptions,
  type Context,
  confirm,
  connected,
} from './command.ts';
import type { Column } from './present.ts';

const statusColumns: readonly Column<KeyStatus>[] = [
  ['key', status => status.key_id],
  ['place', status => status.place],
  ['data keys', status => status.data_keys],
  ['secrets', status => status.secrets],
  ['waiting', status => status.waiting],
];

const brokenColumns: readonly Column<BrokenSecret>[] = [
  ['what', broken => broken.what],
  ['workspace', broken => broken.workspace_id],
  ['object', broken => broken.object],
  ['reason', broken => broken.reason],
];

export function register(program: Command, context: Context): void {
  const noun = addNoun(program, 'keys', 'The key that protects the stored secrets', 'key');

  addClient(noun, 'show', 'Which key protects the secrets, and where it is kept').action(
    connected<ClientOptions>(context, async ({ client, answer }) => {
      await answer.object(await client['keys.show'](), statusColumns);
    }),
  );

  addClient(noun, 'verify', 'Open every stored secret once; nothing is shown of them').action(
    connected<ClientOptions>(context, async ({ client, answer }) => {
      const found = await client['keys.verify']();
      if (found.broken_count > 0) context.exit('findings');
      if (answer.format === 'json') return answer.object(found, []);
      if (found.broken_count > 0) return answer.list(found.broken, brokenColumns);
      await answer.text(`All ${found.secrets} secrets and ${found.data_keys} data keys can be opened.`);
    }),
  );

  addClient(noun, 'rotate', 'New data keys, and every secret encrypted again under them')
    .option('--resume', 'go on with a rotation that was interrupted, without starting another')
    .action(
      connected<ClientOptions & { resume?: boolean }>(context, async ({ client, options, answer }) => {
        const done = await rotate(client, options.resume === true, text => answer.remark(text));
        if (done.waiting > 0) context.exit('findings');
        await answer.object(done, [
          ['data keys', one => one.data_keys],
          ['encrypted again', one => one.reencrypted],
          ['waiting', one => one.waiting],
        ]);
      }),
    );

  addClient(
    noun,
    'rewrap',
    'Protect everything with a new key; the former one stays beside it for older backups',
  )
    .option('--yes', 'do not ask')
    .action(
      connected<ClientOptions & { yes?: boolean }>(context, async ({ client, options, answer }) => {
        await confirm(
          context,
          options.yes,
          'Replace the key? A copy that was exported before opens only older backups.',
        );
        const done = await client['keys.rewrap']();
        await answer.object(done, [
          ['key', one => one.key_id],
          ['former key', one => one.former_key_id],
          ['place', one => one.place],
          ['data keys', one => one.data_keys],
        ]);
        await answer.remark('Save the new key now: moulin keys export FILE.');
      }),
    );

  addAnswer(noun, 'export <file>', 'Save a copy of the key; keep it apart from the backups')
    .option('--data <folder>', 'data folder (default: the one that npm start uses)')
    .action(
      alone<AnswerOptions & { data?: string }, [string]>(context, async ({ options, answer }, file) => {
        const { readLocalKey } = await import('./local-key.ts');
        const key = await readLocalKey(context, options.data);
        await saveNew(file, key.text);
        await noteExport(context, key).catch((error: unknown) =>
          answer.warn(`The audit log could not be told of it: ${reasonOf(error)}`),
        );
        await answer.object({ file, key_ids: key.ids, place: key.place }, [
          ['saved as', one => one.file],
          ['keys', one => one.key_ids],
          ['copied from', one => one.place],
        ]);
      }),
    );
}

type LocalKey = Awaited<ReturnType<typeof import('./local-key.ts').readLocalKey>>;

/** After the copy, and no condition of it: a key is saved above all while the store cannot be opened. */
async function noteExport({ host }: Context, { resolved, ids: key_ids }: LocalKey): Promise<void> {
  const { connectLocal } = await import('./connect.ts');
  const { client, close } = await connectLocal(host, resolved);
  try {
    await client['keys.note_export']({ body: { key_ids } });
  } finally {
    await close();
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** One call works for some seconds; it is repeated for as long as it gets anywhere. */
async function rotate(client: Client, resume: boolean, say: (text: string) => Promise<void>) {
  let done = await client['keys.rotate']({ body: { resume } });
  let { reencrypted } = done;
  while (done.waiting > 0 && done.reencrypted > 0) {
    await say(`${reencrypted} secrets encrypted again, ${done.waiting} to go …`);
    done = { ...(await client['keys.rotate']({ body: { resume: true } })), data_keys: done.data_keys };
    reencrypted += done.reencrypted;
  }
  return { ...done, reencrypted };
}

/** Never over another file: it may be the only copy of another key. */
async function saveNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw fail('cli.output_failed', { path, reason }, { cause: error });
  }
}
