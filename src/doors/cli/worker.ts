import { type Command, Option } from 'commander';
import { fail } from '../../base/kit/errors.ts';
import { configKeys } from '../../contract/config.ts';
import { addClient, type ClientOptions, type Context, connected } from './command.ts';
import { flagsOf, withConfigOptions } from './config-options.ts';
import type { LoneWorker } from './host.ts';
import { type ItemOf, wholeNumber } from './lists.ts';
import { type Column, shortTime } from './present.ts';
import { serveUntilStopped } from './process/serving.ts';
import { loadConfig } from './settings.ts';
import { sayings, write } from './terminal.ts';

type Worker = ItemOf<'workers.list'>;

const columns: readonly Column<Worker>[] = [
  ['name', worker => worker.name],
  ['host', worker => worker.host],
  ['state', worker => worker.state],
  ['tasks', worker => `${worker.tasks.length} of ${worker.concurrency}`],
  ['tags', worker => worker.tags],
  ['version', worker => worker.version],
  ['seen', worker => shortTime(worker.seen_at)],
  ['id', worker => worker.id],
];

type RunOptions = Record<string, unknown> & { concurrency?: number; tags?: string; name?: string };

export function register(program: Command, context: Context): void {
  const noun = program
    .command('worker')
    .alias('workers')
    .summary('Run tasks on this machine; or list and drain the workers')
    .description(
      'Runs tasks for the installation on the PostgreSQL of database.url, until Ctrl-C. With list or drain: the workers there are.',
    )
    // So that --data and its like after a verb are the verb's.
    .enablePositionalOptions()
    .addOption(new Option('--concurrency <number>', 'how many tasks at once').argParser(wholeNumber))
    .option('--tags <list>', 'what this machine has (a,b): tasks that ask for no other tags may come here')
    .option('--name <name>', 'what it is called on the workers page (this machine, unless said)');
  withConfigOptions(
    noun,
    configKeys.filter(key => !key.key.startsWith('worker.')),
  );
  noun.action(async (options: RunOptions) => runWorker(context, options));

  addClient(noun, 'list', 'Workers: those alive, and those that ended in the last day').action(
    connected<ClientOptions>(context, async ({ client, answer }) => {
      const { items } = await client['workers.list']();
      await answer.list(items, columns);
    }),
  );
  addClient(noun, 'drain <worker>', 'Let a worker finish what it has and take no more')
    .option('--undo', 'let it take tasks again')
    .action(
      connected<ClientOptions & { undo?: boolean }>(
        context,
        async ({ client, options, answer }, wanted = '') => {
          const { items } = await client['workers.list']();
          const [found, second] = items.filter(({ id, name }) => id === wanted || name === wanted);
          if (!found) throw fail('cli.not_found', { kind: 'worker', name: wanted });
          if (second)
            throw fail('cli.usage', { reason: `more than one worker is called "${wanted}"; use the id` });
          await client['workers.drain']({ params: { id: found.id }, body: { drain: options.undo !== true } });
          await answer.remark(
            options.undo
              ? `${found.name} takes tasks again.`
              : `${found.name} finishes what it has and takes no more.`,
          );
        },
      ),
    );
}

async function runWorker(context: Context, options: RunOptions): Promise<void> {
  const { terminal, host } = context;
  const { concurrency, tags, name } = options;
  const flags = {
    ...flagsOf(options, configKeys),
    ...(concurrency !== undefined && { 'worker.concurrency': concurrency }),
    ...(tags !== undefined && { 'worker.tags': tags }),
    ...(name !== undefined && { 'worker.name': name }),
  };
  const resolved = loadConfig(flags, { ...terminal, package_folder: host.package_folder });
  if (resolved.config.database.url === null) throw fail('half.no_database', { command: 'worker' });
  await serveUntilStopped(
    terminal,
    () => host.openWorker(resolved, sayings(terminal)),
    async worker => write(terminal.stdout, readyText(worker)),
  );
}

function readyText({ name, concurrency, tags }: LoneWorker): string {
  const said = tags.length === 0 ? '' : `, with the tags ${tags.join(', ')}`;
  return `Worker ${name} takes up to ${concurrency} tasks at once${said}.\n`;
}
