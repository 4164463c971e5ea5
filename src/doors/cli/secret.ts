import type { Command } from 'commander';
import type { Secret } from '../../contract/secrets.ts';
import {
  addClient,
  addNoun,
  askSecret,
  type ClientOptions,
  type Context,
  confirm,
  connected,
} from './command.ts';
import { limitOption, showList } from './lists.ts';
import { type Column, shortTime } from './present.ts';

const columns: readonly Column<Secret>[] = [
  ['name', secret => secret.name],
  ['version', secret => secret.version],
  ['by', secret => secret.updated_by],
  ['updated', secret => shortTime(secret.updated_at)],
];

export function register(program: Command, context: Context): void {
  const noun = addNoun(
    program,
    'secret',
    'Secrets of a workspace; their values can be set and never read back',
  );

  addClient(noun, 'list', 'Names of the secrets')
    .addOption(limitOption())
    .action(
      connected<ClientOptions & { limit: number }>(context, async ({ client, options, answer }) => {
        await showList(answer, options.limit, query => client['secrets.list']({ query }), columns);
      }),
    );

  addClient(
    noun,
    'add <name>',
    'Set or replace a secret; the value is asked for, or read from standard input',
  )
    .alias('edit')
    .action(
      connected<ClientOptions, [string]>(context, async ({ client, answer }, name) => {
        const value = await askSecret(context, `Value of ${name}`);
        await answer.object(await client['secrets.put']({ params: { name }, body: { value } }), columns);
      }),
    );

  addClient(noun, 'delete <name>', 'Delete a secret')
    .option('--yes', 'do not ask')
    .action(
      connected<ClientOptions & { yes?: boolean }, [string]>(
        context,
        async ({ client, options, answer }, name) => {
          await confirm(context, options.yes, `Delete the secret "${name}"?`);
          await client['secrets.delete']({ params: { name } });
          await answer.object({ name, deleted: true }, [
            ['name', one => one.name],
            ['deleted', one => one.deleted],
          ]);
        },
      ),
    );
}
