import { setTimeout as delay } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { fail } from '../../base/kit/errors.ts';
import type { Client } from '../../contract/client.ts';
import { RUN_STATES, type Run, type Task } from '../../contract/runs.ts';
import { addClient, addNoun, askSecret, type ClientOptions, type Context, connected } from './command.ts';
import { given, limitOption, showList, take } from './lists.ts';
import { type Column, shortTime } from './present.ts';
import { followLog, logText } from './run-log.ts';

const columns: readonly Column<Run>[] = [
  ['title', run => run.title],
  ['kind', run => run.kind],
  ['state', run => run.state],
  ['tasks', run => `${run.tasks.total - run.tasks.open}/${run.tasks.total}`],
  ['by', run => run.run_as.name],
  ['made', run => shortTime(run.created_at)],
  ['ended', run => shortTime(run.ended_at)],
  ['error', run => run.error?.message ?? run.reason],
  ['id', run => run.id],
];

const taskColumns: readonly Column<Task>[] = [
  ['name', task => task.name],
  ['kind', task => task.kind],
  ['state', task => task.state],
  ['attempt', task => `${task.attempt}/${task.max_attempts}`],
  ['waits for', task => task.waits_for && [task.waits_for.what, ...task.waits_for.names].join(' ')],
  ['error', task => task.error?.message],
  ['id', task => task.id],
];

interface ListOptions extends ClientOptions {
  state?: string;
  kind?: string;
  search?: string;
  limit: number;
}

interface StartOptions extends ClientOptions {
  title?: string;
  input?: string;
  wait?: boolean;
}

export function register(program: Command, context: Context): void {
  const noun = addNoun(program, 'run', 'Work that was started: what it does, why it waits, what it wrote');

  addClient(noun, 'list', 'Runs of the workspace, newest first')
    .addOption(new Option('--state <state>', 'only runs in this state').choices(RUN_STATES))
    .option('--kind <kind>', 'only runs of this kind')
    .option('--search <text>', 'part of the title, of the reason or of the error')
    .addOption(limitOption())
    .action(
      connected<ListOptions>(context, async ({ client, options, answer }) => {
        const filter = given({ state: options.state, kind: options.kind, text: options.search });
        const page = (query: object) => client['runs.list']({ query: { ...query, ...filter } });
        await showList(answer, options.limit, page, columns);
      }),
    );

  addClient(noun, 'show <id>', 'One run').action(
    connected<ClientOptions, [string]>(context, async ({ client, answer }, id) => {
      await answer.object(await client['runs.show']({ params: { id } }), columns);
    }),
  );

  addClient(noun, 'tasks <id>', 'Tasks of a run, and what those that wait are waiting for')
    .addOption(limitOption())
    .action(
      connected<ClientOptions & { limit: number }, [string]>(
        context,
        async ({ client, options, answer }, id) => {
          const page = (query: object) => client['runs.tasks']({ params: { id }, query: { ...query } });
          await showList(answer, options.limit, page, taskColumns);
        },
      ),
    );

  addClient(noun, 'start <kind>', 'Start one task of a kind')
    .option('--input <json>', 'what the kind takes, as JSON; - reads it from standard input')
    .option('--title <text>', 'what the run is called; the kind, unless said')
    .option('--wait', 'until it has ended; exit code 1 when it did not succeed')
    .action(
      connected<StartOptions, [string]>(context, async ({ client, options, answer }, kind) => {
        const input = await readInput(context, options.input);
        const tasks = [{ name: 'task', kind, input }];
        const made = await client['runs.create']({ body: { title: options.title ?? kind, tasks } });
        const run = options.wait ? await untilEnded(client, made) : made;
        await answer.object(run, columns);
        if (options.wait && run.state !== 'succeeded') context.exit('failure');
      }),
    );

  addClient(noun, 'cancel <id>', 'Cancel what has not ended of a run')
    .option('--reason <text>', 'why')
    .action(
      connected<ClientOptions & { reason?: string }, [string]>(
        context,
        async ({ client, options, answer }, id) => {
          const body = given({ reason: options.reason });
          await answer.object(await client['runs.cancel']({ params: { id }, body }), columns);
        },
      ),
    );

  addClient(noun, 'retry <id>', 'Run again what failed')
    .option('--all', 'all of it, as a new run')
    .action(
      connected<ClientOptions & { all?: boolean }, [string]>(
        context,
        async ({ client, options, answer }, id) => {
          const body = { what: options.all ? ('all' as const) : ('failed' as const) };
          await answer.object(await client['runs.retry']({ params: { id }, body }), columns);
        },
      ),
    );

  addClient(noun, 'logs <id>', 'The log of a run: of its only task, or of the one that --task names')
    .option('--task <name>', 'whose log, when the run has several tasks')
    .option('-f, --follow', 'new lines as they come, until the task has ended')
    .action(
      connected<ClientOptions & { task?: string; follow?: boolean }, [string]>(
        context,
        async ({ client, options, answer }, id) => {
          const task = await findTask(client, id, options.task);
          if (options.follow) {
            for await (const line of followLog(client, task.id))
              await answer.text(answer.format === 'json' ? JSON.stringify(line) : logText(line));
            return;
          }
          const format = answer.format === 'json' ? ('ndjson' as const) : ('text' as const);
          const { body } = await client['logs.download']({ params: { id: task.id }, query: { format } });
          await answer.bytes(body);
        },
      ),
    );
}

async function readInput(context: Context, given_input: string | undefined) {
  if (given_input === undefined) return {};
  const text = given_input === '-' ? await askSecret(context, 'Input (JSON)') : given_input;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw fail('cli.usage', {
      reason: `the input is not JSON: ${error instanceof Error ? error.message : error}`,
    });
  }
}

const LOOK_MS = 500;

async function untilEnded(client: Client, made: Run): Promise<Run> {
  let run = made;
  while (run.ended_at === null) {
    await delay(LOOK_MS);
    run = await client['runs.show']({ params: { id: run.id } });
  }
  return run;
}

async function findTask(client: Client, id: string, name: string | undefined): Promise<Task> {
  const page = (query: object) => client['runs.tasks']({ params: { id }, query: { ...query } });
  const { items } = await take(Number.MAX_SAFE_INTEGER, page);
  const [task, second] = name === undefined ? items : items.filter(one => one.name === name);
  if (!task) throw fail('cli.not_found', { kind: 'task', name: name ?? '' });
  if (second && name === undefined)
    throw fail('cli.usage', { reason: `the run has ${items.length} tasks; say which with --task NAME` });
  return task;
}
