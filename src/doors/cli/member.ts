import type { Command } from 'commander';
import type { Member } from '../../contract/access.ts';
import type { Client } from '../../contract/client.ts';
import type { Role } from '../../contract/permissions.ts';
import { addClient, addNoun, type ClientOptions, type Context, confirm, connected } from './command.ts';
import { findOne, given, limitOption, roleOption, showList } from './lists.ts';
import { type Column, shortTime } from './present.ts';

const columns: readonly Column<Member>[] = [
  ['email', member => member.email],
  ['name', member => member.name],
  ['role', member => member.role],
  ['source', member => member.source],
  ['disabled', member => member.disabled],
  ['since', member => shortTime(member.created_at)],
  ['id', member => member.user_id],
];

interface ListOptions extends ClientOptions {
  search?: string;
  role?: Role;
  limit: number;
}

export function register(program: Command, context: Context): void {
  const noun = addNoun(program, 'member', 'Members of a workspace; moulin invitation add makes new ones');

  addClient(noun, 'list', 'Who belongs to the workspace')
    .option('--search <text>', 'part of the name or of the e-mail address')
    .addOption(roleOption('only those with this role'))
    .addOption(limitOption())
    .action(
      connected<ListOptions>(context, async ({ client, options, answer }) => {
        const filter = given({ q: options.search, role: options.role });
        const page = (query: object) => client['members.list']({ query: { ...query, ...filter } });
        await showList(answer, options.limit, page, columns);
      }),
    );

  addClient(noun, 'show <email>', 'One member, by e-mail address or id').action(
    connected<ClientOptions, [string]>(context, async ({ client, answer }, email) => {
      await answer.object(await findMember(client, email), columns);
    }),
  );

  addClient(noun, 'edit <email>', "Change a member's role")
    .addOption(roleOption('the new role').makeOptionMandatory())
    .action(
      connected<ClientOptions & { role: Role }, [string]>(
        context,
        async ({ client, options, answer }, email) => {
          const { user_id: id, version } = await findMember(client, email);
          const body = { role: options.role };
          await answer.object(await client['members.edit']({ params: { id }, body, version }), columns);
        },
      ),
    );

  addClient(noun, 'delete <email>', 'Remove a member from the workspace')
    .option('--yes', 'do not ask')
    .action(
      connected<ClientOptions & { yes?: boolean }, [string]>(
        context,
        async ({ client, options, answer }, email) => {
          const member = await findMember(client, email);
          await confirm(context, options.yes, `Remove ${member.email} from the workspace?`);
          await client['members.delete']({ params: { id: member.user_id } });
          await answer.object(member, columns);
        },
      ),
    );
}

function findMember(client: Client, name: string): Promise<Member> {
  const isMeant = (member: Member) =>
    member.user_id === name || member.email.toLowerCase() === name.toLowerCase();
  const q = name.includes('@') ? { q: name } : {};
  return findOne('member', name, query => client['members.list']({ query: { ...query, ...q } }), isMeant);
}
