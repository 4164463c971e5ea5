import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { parse } from 'yaml';
import { fail } from '../../base/kit/errors.ts';
import type { Client } from '../../contract/client.ts';
import { OVERLAPS } from '../../contract/runs.ts';
import type { NewSchedule, Schedule } from '../../contract/schedules.ts';
import { addClient, addNoun, type ClientOptions, type Context, confirm, connected } from './command.ts';
import { findOne, given, limitOption, needSome, showList, wholeNumber } from './lists.ts';
import { type Column, shortTime } from './present.ts';

const columns: readonly Column<Schedule>[] = [
  ['name', schedule => schedule.name],
  ['state', schedule => (schedule.enabled ? 'enabled' : 'paused')],
  ['when', schedule => whenOf(schedule)],
  ['zone', schedule => schedule.effective_time_zone],
  ['next', schedule => shortTime(schedule.next[0] ?? null) || 'never'],
  ['last run', schedule => schedule.last_run?.state ?? 'none'],
  ['id', schedule => schedule.id],
];

const details: readonly Column<Schedule>[] = [
  ...columns,
  ['next five', schedule => schedule.next.map(shortTime)],
  ['overlap', schedule => schedule.overlap],
  ['catch up', schedule => schedule.catch_up],
  ['tasks', schedule => schedule.definition.tasks.map(({ name }) => name)],
];

function whenOf({ cron, every_seconds, once_at }: Schedule): string {
  return cron ?? (every_seconds !== null ? `every ${every_seconds} s` : shortTime(once_at));
}

interface WhenOptions {
  cron?: string;
  every?: number;
  once?: string;
  zone?: string;
  jitter?: number;
  overlap?: NewSchedule['overlap'];
  catchUp?: NewSchedule['catch_up'];
  tasks?: string;
}

export function register(program: Command, context: Context): void {
  const noun = addNoun(program, 'schedule', 'Schedules: when which tasks run');

  addClient(noun, 'list', 'Schedules of the workspace')
    .addOption(limitOption())
    .action(
      connected<ClientOptions & { limit: number }>(context, async ({ client, options, answer }) => {
        await showList(answer, options.limit, query => client['schedules.list']({ query }), columns);
      }),
    );

  addClient(noun, 'show <schedule>', 'One schedule, with its next five fire times').action(
    connected<ClientOptions>(context, async ({ client, answer }, name = '') => {
      await answer.object(await find(client, name), details);
    }),
  );

  withWhen(addClient(noun, 'add <name>', 'Make a schedule'))
    .requiredOption('--tasks <file>', 'YAML or JSON file with title and tasks, as a run has them')
    .action(
      connected<ClientOptions & WhenOptions, [string]>(context, async ({ client, options, answer }, name) => {
        const settings = settingsOf(options);
        const { definition } = settings;
        if (!definition) throw fail('cli.usage', { reason: 'give --tasks FILE' });
        const body = { ...settings, definition, name };
        await answer.object(await client['schedules.create']({ body }), details);
      }),
    );

  withWhen(addClient(noun, 'edit <schedule>', 'Change a schedule'))
    .option('--tasks <file>', 'YAML or JSON file with title and tasks')
    .action(
      connected<ClientOptions & WhenOptions>(context, async ({ client, options, answer }, name = '') => {
        const body = settingsOf(options);
        needSome(body, '--cron, --every, --once, --zone, --jitter, --overlap, --catch-up or --tasks');
        await answer.object(await edit(client, name, body), details);
      }),
    );

  for (const [verb, enabled, summary] of [
    ['pause', false, 'Let a schedule fire nothing for now'],
    ['resume', true, 'Let it fire again, from its next time on'],
  ] as const)
    addClient(noun, `${verb} <schedule>`, summary).action(
      connected<ClientOptions>(context, async ({ client, answer }, name = '') => {
        await answer.object(await edit(client, name, { enabled }), columns);
      }),
    );

  addClient(noun, 'run <schedule>', 'Run it now, whatever its times say').action(
    connected<ClientOptions>(context, async ({ client, answer }, name = '') => {
      const { id } = await find(client, name);
      const run = await client['schedules.run']({ params: { id } });
      await answer.object(run, [['run', one => one.run_id]]);
    }),
  );

  addClient(noun, 'delete <schedule>', 'Delete a schedule; its runs stay')
    .option('--yes', 'do not ask')
    .action(
      connected<ClientOptions & { yes?: boolean }>(
        context,
        async ({ client, options, answer }, name = '') => {
          const schedule = await find(client, name);
          await confirm(context, options.yes, `Delete the schedule "${schedule.name}"?`);
          await client['schedules.delete']({ params: { id: schedule.id } });
          await answer.object({ name: schedule.name, deleted: true }, [
            ['name', one => one.name],
            ['deleted', one => one.deleted],
          ]);
        },
      ),
    );
}

function withWhen(command: Command): Command {
  return command
    .option('--cron <expression>', 'five fields (minute hour day month weekday), or six with seconds first')
    .addOption(new Option('--every <seconds>', 'every so many seconds').argParser(wholeNumber))
    .option('--once <time>', 'one time, such as 2026-12-24T18:00:00Z')
    .option('--zone <name>', "IANA time zone (the workspace's, unless said)")
    .addOption(
      new Option('--jitter <seconds>', 'move each fire by chance, at most so far').argParser(wholeNumber),
    )
    .addOption(new Option('--overlap <policy>', 'when the run before is still open').choices(OVERLAPS))
    .addOption(
      new Option('--catch-up <policy>', 'what was missed while nobody could fire').choices([
        'skip',
        'latest',
        'all',
      ]),
    );
}

function settingsOf({ cron, every, once, zone, jitter, overlap, catchUp, tasks }: WhenOptions) {
  return given({
    cron,
    every_seconds: every,
    once_at: once === undefined ? undefined : toTimestamp(once),
    time_zone: zone,
    jitter_seconds: jitter,
    overlap,
    catch_up: catchUp,
    definition: tasks === undefined ? undefined : readDefinition(tasks),
  });
}

/** The server reads it by its schema and says what is wrong with it. */
function readDefinition(file: string): NewSchedule['definition'] {
  try {
    return parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw fail('cli.usage', { reason: `${file} cannot be read: ${reason}` }, { cause: error });
  }
}

function toTimestamp(text: string): string {
  const ms = Date.parse(text);
  if (Number.isNaN(ms))
    throw fail('cli.usage', { reason: `"${text}" is no time such as 2026-12-24T18:00:00Z` });
  return new Date(ms).toISOString().replace('Z', '000Z');
}

function find(client: Client, wanted: string): Promise<Schedule> {
  return findOne(
    'schedule',
    wanted,
    query => client['schedules.list']({ query }),
    ({ id, name }) => id === wanted || name === wanted,
  );
}

async function edit(client: Client, name: string, body: Partial<NewSchedule>): Promise<Schedule> {
  const { id, version } = await find(client, name);
  return client['schedules.edit']({ params: { id }, version, body });
}
