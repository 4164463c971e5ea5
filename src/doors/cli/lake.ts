import type { Command } from 'commander';
import { configKeys } from '../../contract/config.ts';
import type { LakeSummary } from '../../contract/lake.ts';
import {
  type AnswerOptions,
  addAnswer,
  addClient,
  addNoun,
  alone,
  type ClientOptions,
  type Context,
  connected,
} from './command.ts';
import { flagsOf, withConfigOptions } from './config-options.ts';
import { type Column, shortSize, shortTime } from './present.ts';
import { loadConfig } from './settings.ts';

const columns: readonly Column<LakeSummary>[] = [
  ['tables', ({ tables }) => tables],
  ['views', ({ views }) => views],
  ['rows', ({ rows }) => rows],
  ['size', ({ bytes }) => shortSize(bytes)],
  ['care is due', ({ due, poor }) => due + poor],
  [
    'last written',
    ({ newest }) => newest && `${newest.namespace}.${newest.name}, ${shortTime(newest.committed_at)}`,
  ],
  ['was moved from', ({ moved_from }) => moved_from],
];

interface Moved {
  from: string;
  to: string;
  tables: number;
  objects: number;
}

export function register(program: Command, context: Context): void {
  const noun = addNoun(program, 'lake', 'The lake as a whole');
  addClient(noun, 'show', 'How many tables it has, how large it is, what is due').action(
    connected<ClientOptions>(context, async ({ client, answer }) => {
      await answer.object(await client['lake.summary'](), columns);
    }),
  );
  const relocate = addAnswer(
    noun,
    'relocate',
    'Tell the tables where they are after the folder was moved, or bring them elsewhere; Moulin must be stopped',
  ).option('--to <address>', 'such as s3://bucket/lake or file:///srv/lake; then set storage.url to it');
  withConfigOptions(relocate, configKeys).action(
    alone<AnswerOptions & { to?: string }>(context, async ({ options, answer }) => {
      const { host, terminal } = context;
      const resolved = loadConfig(flagsOf(options, configKeys), {
        ...terminal,
        package_folder: host.package_folder,
      });
      const { to } = options;
      const told = (table: string) => void answer.remark(table);
      const moved = await host.relocateLake(resolved, { ...(to !== undefined && { to }), told });
      if (moved === undefined) return answer.remark('The lake is where its tables say it is.');
      await answer.object<Moved>(moved, [
        ['from', ({ from }) => from],
        ['to', one => one.to],
        ['tables', ({ tables }) => tables],
        ['objects', ({ objects }) => objects],
      ]);
      if (to !== undefined) await answer.remark(`Set storage.url to ${to} before the next start.`);
    }),
  );
}
