import { type Command, Option } from 'commander';
import type { Client } from '../../contract/client.ts';
import type { LakeMount } from '../../contract/lake.ts';
import { addClient, addNoun, type ClientOptions, type Context, confirm, connected } from './command.ts';
import { findOne, given, limitOption, showList } from './lists.ts';
import { type Column, shortTime } from './present.ts';

const columns: readonly Column<LakeMount>[] = [
  ['name', ({ name }) => name],
  ['address', ({ url }) => url],
  ['warehouse', ({ warehouse }) => warehouse],
  ['tables', ({ tables }) => tables],
  ['seen', ({ refreshed_at }) => shortTime(refreshed_at) || 'never'],
  ['problem', ({ error }) => error?.message],
  ['id', ({ id }) => id],
];

const AUTHS = ['none', 'token', 'oauth2'] as const;

interface AddOptions extends ClientOptions {
  warehouse?: string;
  auth: (typeof AUTHS)[number];
  client?: string;
  scope?: string;
}

export function register(program: Command, context: Context): void {
  const noun = addNoun(program, 'catalog', "Iceberg catalogs of others, shown beside one's own tables");
  addClient(noun, 'list', 'Which are shown here')
    .addOption(limitOption())
    .action(
      connected<ClientOptions & { limit: number }>(context, async ({ client, options, answer }) => {
        await showList(answer, options.limit, query => client['lake_mounts.list']({ query }), columns);
      }),
    );
  addClient(noun, 'add <name> <address>', 'Show one here; its secret is read from MOULIN_CATALOG_SECRET')
    .option('--warehouse <name>', 'of what is there')
    .addOption(new Option('--auth <how>', 'how it signs in').choices(AUTHS).default('none'))
    .option('--client <id>', 'for oauth2')
    .option('--scope <scope>', 'for oauth2')
    .action(
      connected<AddOptions, [string, string]>(context, async ({ client, options, answer }, name, url) => {
        const { warehouse, auth, client: client_id, scope } = options;
        const secret = context.terminal.env.MOULIN_CATALOG_SECRET;
        const body = { name, url, auth, ...given({ warehouse, client_id, scope, secret }) };
        await answer.object(await client['lake_mounts.create']({ body }), columns);
      }),
    );
  addClient(noun, 'refresh <name>', 'Look again what is there').action(
    connected<ClientOptions>(context, async ({ client, answer }, name = '') => {
      const { id } = await find(client, name);
      await answer.object(await client['lake_mounts.refresh']({ params: { id } }), columns);
    }),
  );
  addClient(noun, 'delete <name>', 'Show it no longer; nothing there is touched')
    .option('--yes', 'do not ask')
    .action(
      connected<ClientOptions & { yes?: boolean }>(
        context,
        async ({ client, options, answer }, name = '') => {
          const mount = await find(client, name);
          await confirm(context, options.yes, `Show the catalog "${mount.name}" no longer?`);
          await client['lake_mounts.delete']({ params: { id: mount.id } });
          await answer.object({ name: mount.name, deleted: true }, [
            ['name', one => one.name],
            ['deleted', one => one.deleted],
          ]);
        },
      ),
    );
}

function find(client: Client, wanted: string): Promise<LakeMount> {
  return findOne(
    'catalog',
    wanted,
    query => client['lake_mounts.list']({ query }),
    ({ id, name }) => id === wanted || name === wanted,
  );
}
