import type { Command } from 'commander';
import type { Workspace } from '../../contract/access.ts';
import { addClient, addNoun, type ClientOptions, type Context, confirm, connected } from './command.ts';
import { given, limitOption, needSome, showList } from './lists.ts';
import { type Column, shortTime } from './present.ts';

const columns: readonly Column<Workspace>[] = [
  ['slug', workspace => workspace.slug],
  ['name', workspace => workspace.name],
  ['time zone', workspace => workspace.time_zone],
  ['created', workspace => shortTime(workspace.created_at)],
  ['id', workspace => workspace.id],
];

interface EditOptions extends ClientOptions {
  name?: string;
  slug?: string;
  timeZone?: string;
}

export function register(program: Command, context: Context): void {
  const noun = addNoun(program, 'workspace', 'Workspaces');

  addClient(noun, 'list', 'All workspaces of the installation; --mine: those you belong to')
    .option('--mine', 'only those you belong to, with your role')
    .addOption(limitOption())
    .action(
      connected<ClientOptions & { mine?: boolean; limit: number }>(
        context,
        async ({ client, options, answer }) => {
          if (!options.mine)
            return showList(answer, options.limit, query => client['workspaces.list']({ query }), columns);
          const { memberships } = await client['me.show']();
          await answer.list(memberships, [
            ['slug', one => one.workspace.slug],
            ['name', one => one.workspace.name],
            ['role', one => one.role],
            ['id', one => one.workspace.id],
          ]);
        },
      ),
    );

  addClient(noun, 'show [slug]', 'One workspace; the current one unless said').action(
    connected<ClientOptions, [string?]>(context, async ({ client, answer }, slug) => {
      await answer.object(await client['workspace.show'](named(slug)), columns);
    }),
  );

  addClient(noun, 'add <name>', 'Make a workspace')
    .option('--slug <slug>', 'short name in addresses; made from the name unless said')
    .option('--time-zone <zone>', 'such as Europe/Paris', 'UTC')
    .action(
      connected<EditOptions & { timeZone: string }, [string]>(
        context,
        async ({ client, options, answer }, name) => {
          const { slug, timeZone: time_zone } = options;
          const body = { name, time_zone, ...(slug && { slug }) };
          await answer.object(await client['workspaces.create']({ body }), columns);
        },
      ),
    );

  addClient(noun, 'edit [slug]', 'Rename a workspace, change its slug or time zone')
    .option('--name <name>', 'its name')
    .option('--slug <slug>', 'its new slug; the former one keeps answering')
    .option('--time-zone <zone>', 'such as Europe/Paris')
    .action(
      connected<EditOptions, [string?]>(context, async ({ client, options, answer }, current) => {
        const body = given({ name: options.name, slug: options.slug, time_zone: options.timeZone });
        needSome(body, '--name, --slug or --time-zone');
        const { version } = await client['workspace.show'](named(current));
        await answer.object(await client['workspace.edit']({ ...named(current), body, version }), columns);
      }),
    );

  addClient(noun, 'delete <slug>', 'Delete a workspace and all that is in it')
    .option('--yes', 'do not ask')
    .action(
      connected<ClientOptions & { yes?: boolean }, [string]>(
        context,
        async ({ client, options, answer }, slug) => {
          const workspace = await client['workspace.show']({ workspace: slug });
          await confirm(
            context,
            options.yes,
            `Delete the workspace "${workspace.name}" and all that is in it?`,
          );
          await client['workspace.delete']({ workspace: slug, query: { confirm: workspace.slug } });
          await answer.object(workspace, columns);
        },
      ),
    );
}

function named(slug: string | undefined) {
  return slug === undefined ? {} : { workspace: slug };
}
