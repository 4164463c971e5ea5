import type { Command } from 'commander';
import { fail } from '../../base/kit/errors.ts';
import type { Client } from '../../contract/client.ts';
import { addClient, addNoun, type ClientOptions, type Context, confirm, connected } from './command.ts';
import { type ItemOf, limitOption, showList } from './lists.ts';
import { type Column, shortTime } from './present.ts';

type Session = ItemOf<'sessions.list'>;

const columns: readonly Column<Session>[] = [
  ['id', session => session.id],
  ['current', session => session.current],
  ['address', session => session.ip],
  ['browser', session => session.user_agent],
  ['last seen', session => shortTime(session.last_seen_at)],
  ['expires', session => shortTime(session.expires_at)],
];

export function register(program: Command, context: Context): void {
  const noun = addNoun(program, 'session', 'Browsers in which you are signed in');

  addClient(noun, 'list', 'Where you are signed in')
    .addOption(limitOption())
    .action(
      connected<ClientOptions & { limit: number }>(context, async ({ client, options, answer }) => {
        await showList(answer, options.limit, query => client['sessions.list']({ query }), columns);
      }),
    );

  addClient(noun, 'delete [id]', 'End one of your sessions, or with --all every one')
    .option('--all', 'every session of yours')
    .option('--yes', 'do not ask')
    .action(
      connected<ClientOptions & { all?: boolean; yes?: boolean }, [string?]>(context, async (call, id) => {
        const { client, options, answer } = call;
        if ((id === undefined) !== (options.all === true))
          throw fail('cli.usage', { reason: 'give an id or --all' });
        await confirm(
          context,
          options.yes,
          id === undefined ? 'End all your sessions?' : `End the session ${id}?`,
        );
        const ended = id === undefined ? await endAll(client) : await endOne(client, id);
        await answer.object({ ended }, [['ended', one => one.ended]]);
      }),
    );
}

async function endOne(client: Client, id: string): Promise<number> {
  await client['sessions.delete']({ params: { id } });
  return 1;
}

async function endAll(client: Client): Promise<number> {
  const { ended } = await client['sessions.delete_others']();
  return ended;
}
