import type { Command } from 'commander';
import { fail } from '../../base/kit/errors.ts';
import type { Client } from '../../contract/client.ts';
import {
  addClient,
  addNoun,
  askSecret,
  type Call,
  type ClientOptions,
  type Context,
  confirm,
  connected,
} from './command.ts';
import { connectAsPerson } from './connect.ts';
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

interface Options extends ClientOptions {
  email: string;
}

/** Addresses and browsers of a person are for the person: no token may ask, so these commands sign in. */
export function register(program: Command, context: Context): void {
  const noun = addNoun(
    program,
    'session',
    'Browsers in which you are signed in; these commands ask for your password',
  );

  addSignedIn(noun, 'list', 'Where you are signed in')
    .addOption(limitOption())
    .action(
      asPerson<Options & { limit: number }>(context, async ({ client, options, answer }) => {
        await showList(answer, options.limit, query => client['sessions.list']({ query }), columns);
      }),
    );

  addSignedIn(noun, 'delete [id]', 'End one of your sessions, or with --all every one')
    .option('--all', 'every session of yours')
    .option('--yes', 'do not ask')
    .action(
      asPerson<Options & { all?: boolean; yes?: boolean }, [string?]>(context, async (call, id) => {
        const { client, options, answer } = call;
        if ((id === undefined) !== (options.all === true))
          throw fail('cli.usage', { reason: 'give an id or --all' });
        const question = id === undefined ? 'End all your sessions?' : `End the session ${id}?`;
        await confirm(context, options.yes, question);
        const ended = id === undefined ? await endAll(client) : await endOne(client, id);
        await answer.object({ ended }, [['ended', one => one.ended]]);
      }),
    );
}

function addSignedIn(noun: Command, usage: string, summary: string): Command {
  return addClient(noun, usage, summary).requiredOption(
    '--email <address>',
    'who you are; the password is asked for',
  );
}

function asPerson<O extends Options, Args extends (string | undefined)[] = string[]>(
  context: Context,
  work: (call: Call<O>, ...args: Args) => Promise<void>,
) {
  const connectTo = async (options: O) => {
    const password = await askSecret(context, `Password of ${options.email}`);
    return connectAsPerson(context.host, context.terminal, options, { email: options.email, password });
  };
  return connected<O, Args>(context, work, connectTo);
}

async function endOne(client: Client, id: string): Promise<number> {
  await client['sessions.delete']({ params: { id } });
  return 1;
}

/** The session of this command itself ends with it. */
async function endAll(client: Client): Promise<number> {
  const { ended } = await client['sessions.delete_others']();
  return ended;
}
