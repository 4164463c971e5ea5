import { type Command, Option } from 'commander';
import type { AuditEntry } from '../../contract/access.ts';
import { addClient, addNoun, type ClientOptions, type Context, connected } from './command.ts';
import { given, limitOption, showList } from './lists.ts';
import { type Column, shortTime } from './present.ts';

const columns: readonly Column<AuditEntry>[] = [
  ['at', entry => shortTime(entry.at)],
  ['actor', entry => entry.actor_name],
  ['action', entry => entry.action],
  ['object', entry => entry.object_name ?? entry.object_id],
  ['changed', entry => Object.keys(entry.changes)],
  ['address', entry => entry.ip],
];

interface FilterOptions extends ClientOptions {
  instance?: boolean;
  actor?: string;
  action?: string;
  from?: string;
  to?: string;
}

export function register(program: Command, context: Context): void {
  const noun = addNoun(program, 'audit', 'What was changed, by whom', 'audits');

  withFilters(addClient(noun, 'list', 'Entries of the workspace, newest first'))
    .addOption(limitOption())
    .action(
      connected<FilterOptions & { limit: number }>(context, async ({ client, options, answer }) => {
        const route = options.instance ? 'instance_audit.list' : 'audit.list';
        const page = (query: object) => client[route]({ query: { ...query, ...filterOf(options) } });
        await showList(answer, options.limit, page, columns);
      }),
    );

  withFilters(addClient(noun, 'export', 'All entries as a file (--output FILE)'))
    .addOption(new Option('--as <format>', 'format of the file').choices(['csv', 'ndjson']).default('csv'))
    .action(
      connected<FilterOptions & { as: 'csv' | 'ndjson' }>(context, async ({ client, options, answer }) => {
        const route = options.instance ? 'instance_audit.export' : 'audit.export';
        const { body } = await client[route]({ query: { ...filterOf(options), format: options.as } });
        await answer.bytes(body);
      }),
    );
}

function withFilters(command: Command): Command {
  return command
    .option('--instance', 'about the installation instead: sign-ins, workspaces, accounts, keys')
    .option('--actor <id>', 'only what this person or account did')
    .option('--action <name>', 'only this action')
    .option('--from <time>', 'not before, as 2026-11-21T00:00:00Z')
    .option('--to <time>', 'not after');
}

function filterOf({ actor, action, from, to }: FilterOptions) {
  return given({ actor_id: actor, action, from, to });
}
