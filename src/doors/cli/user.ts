import { type Command, Option } from 'commander';
import { fail } from '../../base/kit/errors.ts';
import type { Client } from '../../contract/client.ts';
import type { InstanceRight } from '../../contract/permissions.ts';
import { addClient, addNoun, type ClientOptions, type Context, connected } from './command.ts';
import { findOne, type ItemOf, limitOption, rightsOption, showList } from './lists.ts';
import { type Column, shortTime } from './present.ts';

type User = ItemOf<'users.list'>;

const columns: readonly Column<User>[] = [
  ['email', user => user.email],
  ['name', user => user.name],
  ['workspaces', user => user.workspaces],
  ['rights', user => user.instance_rights],
  ['disabled', user => user.disabled],
  ['created', user => shortTime(user.created_at)],
  ['id', user => user.id],
];

interface EditOptions extends ClientOptions {
  disable?: boolean;
  enable?: boolean;
  grant?: InstanceRight[];
  revoke?: InstanceRight[];
}

export function register(program: Command, context: Context): void {
  const noun = addNoun(program, 'user', 'People with an account on this installation');

  addClient(noun, 'list', 'Everybody with an account')
    .option('--search <text>', 'part of the name or of the e-mail address')
    .addOption(limitOption())
    .action(
      connected<ClientOptions & { search?: string; limit: number }>(
        context,
        async ({ client, options, answer }) => {
          const { search, limit } = options;
          const page = (query: object) =>
            client['users.list']({ query: { ...query, ...(search && { q: search }) } });
          await showList(answer, limit, page, columns);
        },
      ),
    );

  addClient(noun, 'show <email>', 'One account, by e-mail address or id').action(
    connected<ClientOptions, [string]>(context, async ({ client, answer }, email) => {
      await answer.object(await findUser(client, email), columns);
    }),
  );

  addClient(noun, 'edit <email>', 'Disable or enable an account, give or take instance rights')
    .addOption(new Option('--disable', 'no more sign-in, all sessions end').conflicts('enable'))
    .option('--enable', 'sign-in works again')
    .addOption(rightsOption('--grant', 'give these instance rights'))
    .addOption(rightsOption('--revoke', 'take these instance rights away'))
    .action(
      connected<EditOptions, [string]>(context, async ({ client, options, answer }, email) => {
        const user = await findUser(client, email);
        const body = changesOf(user, options);
        const { id, version } = user;
        await answer.object(await client['users.edit']({ params: { id }, body, version }), columns);
      }),
    );

  addClient(
    noun,
    'link <email>',
    'Make a one-time link: for the first admin, or to set a new password',
  ).action(
    connected<ClientOptions, [string]>(context, async ({ client, answer }, email) => {
      await answer.object(await client['users.link']({ body: { email } }), [
        ['url', link => link.url],
        ['expires', link => shortTime(link.expires_at)],
      ]);
    }),
  );
}

function changesOf(user: User, { disable, enable, grant, revoke }: EditOptions) {
  if (!disable && !enable && !grant && !revoke)
    throw fail('cli.usage', { reason: 'nothing to change: give --disable, --enable, --grant or --revoke' });
  const held = [...user.instance_rights, ...(grant ?? [])].filter(right => !revoke?.includes(right));
  return {
    ...((disable || enable) && { disabled: disable === true }),
    ...((grant || revoke) && { instance_rights: [...new Set(held)] }),
  };
}

function findUser(client: Client, name: string): Promise<User> {
  const isMeant = (user: User) => user.id === name || user.email.toLowerCase() === name.toLowerCase();
  const q = name.includes('@') ? { q: name } : {};
  return findOne('user', name, query => client['users.list']({ query: { ...query, ...q } }), isMeant);
}
