import type { Command } from 'commander';
import type { Incident } from '../../contract/alerts.ts';
import { addClient, addNoun, type ClientOptions, type Context, connected } from './command.ts';
import { limitOption, showList } from './lists.ts';
import { type Column, shortTime } from './present.ts';

const columns: readonly Column<Incident>[] = [
  ['title', incident => incident.title],
  ['kind', incident => incident.kind],
  ['count', incident => incident.count],
  ['since', incident => shortTime(incident.opened_at)],
  ['last', incident => shortTime(incident.last_at)],
  ['well again', incident => shortTime(incident.recovered_at)],
  ['error', incident => incident.error?.message],
  ['run', incident => incident.run_id],
];

export function register(program: Command, context: Context): void {
  const noun = addNoun(program, 'incident', 'What went wrong: once each, until it is well again');

  addClient(noun, 'list', 'Incidents of the workspace, newest first')
    .option('--open', 'only those that are not well again')
    .addOption(limitOption())
    .action(
      connected<ClientOptions & { open?: boolean; limit: number }>(
        context,
        async ({ client, options, answer }) => {
          const open = options.open ? { open: 'true' } : {};
          const page = (query: object) => client['incidents.list']({ query: { ...query, ...open } });
          await showList(answer, options.limit, page, columns);
        },
      ),
    );
}
