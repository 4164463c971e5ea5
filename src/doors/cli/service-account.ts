import type { Command } from 'commander';
import type { Client } from '../../contract/client.ts';
import type { InstanceRight, Role } from '../../contract/permissions.ts';
import { addClient, addNoun, type ClientOptions, type Context, confirm, connected } from './command.ts';
import {
  findOne,
  given,
  type ItemOf,
  limitOption,
  needSome,
  rightsOption,
  roleOption,
  showList,
} from './lists.ts';
import { type Column, shortTime } from './present.ts';

type ServiceAccount = ItemOf<'service_accounts.list'>;

const columns: readonly Column<ServiceAccount>[] = [
  ['name', account => account.name],
  ['role', account => account.role],
  ['rights', account => account.instance_rights],
  ['created', account => shortTime(account.created_at)],
  ['id', account => account.id],
];

interface EditOptions extends ClientOptions {
  name?: string;
  role?: Role;
  right?: InstanceRight[];
}

export function register(program: Command, context: Context): void {
  const noun = addNoun(
    program,
    'service-account',
    'Accounts for programs; moulin token add makes their tokens',
  );

  addClient(noun, 'list', 'Service accounts of the workspace')
    .addOption(limitOption())
    .action(
      connected<ClientOptions & { limit: number }>(context, async ({ client, options, answer }) => {
        await showList(answer, options.limit, query => client['service_accounts.list']({ query }), columns);
      }),
    );

  addClient(noun, 'show <name>', 'One service account, by name or id').action(
    connected<ClientOptions, [string]>(context, async ({ client, answer }, name) => {
      await answer.object(await findAccount(client, name), columns);
    }),
  );

  addClient(noun, 'add <name>', 'Make a service account')
    .addOption(roleOption().makeOptionMandatory())
    .addOption(rightsOption('--right', 'also give these instance rights'))
    .action(
      connected<EditOptions & { role: Role }, [string]>(
        context,
        async ({ client, options, answer }, name) => {
          const body = { name, role: options.role, instance_rights: options.right ?? [] };
          await answer.object(await client['service_accounts.create']({ body }), columns);
        },
      ),
    );

  addClient(noun, 'edit <name>', 'Rename a service account, change its role or its instance rights')
    .option('--name <name>', 'its new name')
    .addOption(roleOption('its new role'))
    .addOption(rightsOption('--right', 'the instance rights it shall have, all of them'))
    .option('--no-rights', 'take all instance rights away')
    .action(
      connected<EditOptions & { rights: boolean }, [string]>(
        context,
        async ({ client, options, answer }, name) => {
          const instance_rights = options.rights ? options.right : [];
          const body = given({ name: options.name, role: options.role, instance_rights });
          needSome(body, '--name, --role, --right or --no-rights');
          const { id, version } = await findAccount(client, name);
          await answer.object(
            await client['service_accounts.edit']({ params: { id }, body, version }),
            columns,
          );
        },
      ),
    );

  addClient(noun, 'delete <name>', 'Delete a service account and its tokens')
    .option('--yes', 'do not ask')
    .action(
      connected<ClientOptions & { yes?: boolean }, [string]>(
        context,
        async ({ client, options, answer }, name) => {
          const account = await findAccount(client, name);
          await confirm(context, options.yes, `Delete the service account "${account.name}" and its tokens?`);
          await client['service_accounts.delete']({ params: { id: account.id } });
          await answer.object(account, columns);
        },
      ),
    );
}

function findAccount(client: Client, name: string): Promise<ServiceAccount> {
  const isMeant = (account: ServiceAccount) => account.id === name || account.name === name;
  return findOne('service account', name, query => client['service_accounts.list']({ query }), isMeant);
}
