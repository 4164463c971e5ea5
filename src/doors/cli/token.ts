import { type Command, Option } from 'commander';
import { fail } from '../../base/kit/errors.ts';
import type { Client } from '../../contract/client.ts';
import { INSTANCE_RIGHTS, type Role, type Scope } from '../../contract/permissions.ts';
import {
  addClient,
  addNoun,
  type Call,
  type ClientOptions,
  type Context,
  confirm,
  connected,
} from './command.ts';
import {
  findOne,
  type ItemOf,
  limitOption,
  roleOption,
  scopeOption,
  showList,
  take,
  wholeNumber,
} from './lists.ts';
import { type Column, shortTime } from './present.ts';

type Token = ItemOf<'tokens.list'>;
type ServiceAccount = ItemOf<'service_accounts.list'>;

const columns: readonly Column<Token>[] = [
  ['name', token => token.name],
  ['prefix', token => token.prefix],
  ['owner', token => token.owner.name],
  ['scopes', token => token.scopes],
  ['expires', token => shortTime(token.expires_at) || 'never'],
  ['last used', token => shortTime(token.last_used_at) || 'never'],
  ['id', token => token.id],
];

interface AddOptions extends ClientOptions {
  name: string;
  role?: Role;
  instance?: boolean;
  scope?: Scope[];
  days: number;
  expiry: boolean;
}

export function register(program: Command, context: Context): void {
  const noun = addNoun(program, 'token', 'API tokens of a workspace');

  addClient(noun, 'list', 'All tokens of the workspace; --mine: those that act as you, everywhere')
    .option('--mine', 'only those that act as you, in all your workspaces')
    .addOption(limitOption())
    .action(
      connected<ClientOptions & { mine?: boolean; limit: number }>(
        context,
        async ({ client, options, answer }) => {
          const route = options.mine ? 'my_tokens.list' : 'tokens.list';
          await showList(answer, options.limit, query => client[route]({ query }), columns);
        },
      ),
    );

  addClient(noun, 'add', 'Make a token; it is shown once. With --role it belongs to a service account')
    .requiredOption('--name <name>', 'what it is for; with --role also the name of the service account')
    .addOption(roleOption('make or use the service account NAME with this role'))
    .option('--instance', 'also give all rights over the installation that you hold (with --role)')
    .addOption(scopeOption())
    .addOption(new Option('--days <number>', 'days until it expires').argParser(wholeNumber).default(90))
    .option('--no-expiry', 'it never expires')
    .action(
      connected<AddOptions>(context, async call => {
        const created = await (call.options.role === undefined
          ? makeMine(call)
          : makeForService(call, call.options.role));
        await call.answer.object(created, [
          ['token', one => one.token],
          ...columns.filter(([name]) => name !== 'last used'),
        ]);
        await call.answer.remark('This is the only time the token is shown.');
      }),
    );

  addClient(noun, 'delete <id>', 'Revoke a token, by id or visible prefix')
    .option('--yes', 'do not ask')
    .action(
      connected<ClientOptions & { yes?: boolean }, [string]>(
        context,
        async ({ client, options, answer }, name) => {
          const token = await findToken(client, name);
          await confirm(context, options.yes, `Revoke the token "${token.name}" (${token.prefix}…)?`);
          await client['tokens.delete']({ params: { id: token.id } });
          await answer.object(token, columns);
        },
      ),
    );
}

/** Acts as the person who asks; the local door and a service account are none, and then need --role. */
async function makeMine({ client, options, is_local }: Call<AddOptions>) {
  if (options.instance) throw fail('cli.usage', { reason: '--instance needs --role' });
  if (is_local) throw fail('cli.usage', { reason: 'through the data folder a token needs --role' });
  const workspace = options.workspace ?? (await client['workspace.show']()).id;
  return client['my_tokens.create']({ body: { ...bodyOf(options), workspace } });
}

async function makeForService({ client, options }: Call<AddOptions>, role: Role) {
  const account = await serviceAccount(client, options, role);
  const scopes: Scope[] = options.scope ?? ['*', ...account.instance_rights];
  return client['tokens.create']({ params: { id: account.id }, body: { ...bodyOf(options), scopes } });
}

/** Asked twice with the same words it is the same account; with another role it is somebody's mistake. */
async function serviceAccount(client: Client, options: AddOptions, role: Role): Promise<ServiceAccount> {
  const { name } = options;
  const instance_rights = options.instance ? await rightsHeld(client) : [];
  const found = await findServiceAccount(client, name);
  if (!found) return client['service_accounts.create']({ body: { name, role, instance_rights } });
  if (found.role !== role) throw fail('cli.role_differs', { name, role: found.role, wanted: role });
  const lacking = instance_rights.filter(right => !found.instance_rights.includes(right));
  if (lacking.length === 0) return found;
  const body = { instance_rights: [...found.instance_rights, ...lacking] };
  return client['service_accounts.edit']({ params: { id: found.id }, body, version: found.version });
}

async function rightsHeld(client: Client) {
  const { instance_rights } = await client['me.show']();
  if (instance_rights.length === 0) throw fail('auth.forbidden', { permission: INSTANCE_RIGHTS.join(', ') });
  return instance_rights;
}

async function findServiceAccount(client: Client, name: string): Promise<ServiceAccount | undefined> {
  const { items } = await take(Number.MAX_SAFE_INTEGER, query => client['service_accounts.list']({ query }));
  return items.find(account => account.name === name);
}

function bodyOf({ name, scope, days, expiry }: AddOptions) {
  return { name, ...(scope && { scopes: scope }), expires_in_days: expiry ? days : null };
}

function findToken(client: Client, name: string): Promise<Token> {
  const isMeant = (token: Token) => token.id === name || (name.length >= 6 && token.prefix === name);
  return findOne('token', name, query => client['tokens.list']({ query }), isMeant);
}
