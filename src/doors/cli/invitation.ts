import type { Command } from 'commander';
import type { Role } from '../../contract/permissions.ts';
import { addClient, addNoun, type ClientOptions, type Context, confirm, connected } from './command.ts';
import { findOne, type ItemOf, limitOption, roleOption, showList } from './lists.ts';
import { type Column, shortTime } from './present.ts';

type Invitation = ItemOf<'invitations.list'>;

const columns: readonly Column<Invitation>[] = [
  ['email', invitation => invitation.email],
  ['role', invitation => invitation.role],
  ['by', invitation => invitation.created_by],
  ['expires', invitation => shortTime(invitation.expires_at)],
  ['id', invitation => invitation.id],
];

export function register(program: Command, context: Context): void {
  const noun = addNoun(program, 'invitation', 'Invitations to a workspace that wait');

  addClient(noun, 'list', 'Invitations that wait')
    .addOption(limitOption())
    .action(
      connected<ClientOptions & { limit: number }>(context, async ({ client, options, answer }) => {
        await showList(answer, options.limit, query => client['invitations.list']({ query }), columns);
      }),
    );

  addClient(noun, 'add <email>', 'Invite somebody; prints the link, once')
    .addOption(roleOption().makeOptionMandatory())
    .action(
      connected<ClientOptions & { role: Role }, [string]>(
        context,
        async ({ client, options, answer }, email) => {
          const created = await client['invitations.create']({ body: { email, role: options.role } });
          await answer.object(created, [['url', one => one.url], ...columns]);
        },
      ),
    );

  addClient(noun, 'delete <email>', 'Withdraw an invitation, by e-mail address or id')
    .option('--yes', 'do not ask')
    .action(
      connected<ClientOptions & { yes?: boolean }, [string]>(
        context,
        async ({ client, options, answer }, name) => {
          const isMeant = (one: Invitation) =>
            one.id === name || one.email.toLowerCase() === name.toLowerCase();
          const found = await findOne(
            'invitation',
            name,
            query => client['invitations.list']({ query }),
            isMeant,
          );
          await confirm(context, options.yes, `Withdraw the invitation of ${found.email}?`);
          await client['invitations.delete']({ params: { id: found.id } });
          await answer.object(found, columns);
        },
      ),
    );
}
