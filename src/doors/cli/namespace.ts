import type { Command } from 'commander';
import type { Client } from '../../contract/client.ts';
import type { LakeNamespace } from '../../contract/lake.ts';
import { addClient, addNoun, type ClientOptions, type Context, confirm, connected } from './command.ts';
import { findOne, limitOption, showList } from './lists.ts';
import { type Column, shortSize } from './present.ts';

const columns: readonly Column<LakeNamespace>[] = [
  ['name', ({ path }) => path],
  ['tables', ({ tables }) => tables],
  ['size', ({ bytes }) => shortSize(bytes)],
  ['catalog', ({ mount }) => mount],
  ['description', ({ description }) => description],
  ['id', ({ id }) => id],
];

export function register(program: Command, context: Context): void {
  const noun = addNoun(program, 'namespace', 'Namespaces: what tables of the lake stand in');
  addClient(noun, 'list', 'Namespaces, by name')
    .addOption(limitOption())
    .action(
      connected<ClientOptions & { limit: number }>(context, async ({ client, options, answer }) => {
        await showList(answer, options.limit, query => client['lake_namespaces.list']({ query }), columns);
      }),
    );
  addClient(noun, 'add <namespace>', 'Make one, such as shop or shop.eu')
    .option('--description <text>', 'what stands in it')
    .action(
      connected<ClientOptions & { description?: string }, [string]>(
        context,
        async ({ client, options: { description = '' }, answer }, name) => {
          const body = { levels: name.split('.'), description };
          await answer.object(await client['lake_namespaces.create']({ body }), columns);
        },
      ),
    );
  addClient(noun, 'delete <namespace>', 'Delete one that holds nothing')
    .option('--yes', 'do not ask')
    .action(
      connected<ClientOptions & { yes?: boolean }>(
        context,
        async ({ client, options, answer }, name = '') => {
          const { id, path } = await find(client, name);
          await confirm(context, options.yes, `Delete the namespace "${path}"?`);
          await client['lake_namespaces.delete']({ params: { id } });
          await answer.object({ name: path, deleted: true }, [
            ['name', one => one.name],
            ['deleted', one => one.deleted],
          ]);
        },
      ),
    );
}

function find(client: Client, wanted: string): Promise<LakeNamespace> {
  return findOne(
    'namespace',
    wanted,
    query => client['lake_namespaces.list']({ query }),
    ({ id, path }) => id === wanted || path.toLowerCase() === wanted.toLowerCase(),
  );
}
