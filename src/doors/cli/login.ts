import type { Command } from 'commander';
import { fail } from '../../base/kit/errors.ts';
import { createClient } from '../../contract/client.ts';
import { type AnswerOptions, addAnswer, alone, askSecret, type Context } from './command.ts';
import { readProfiles, withProfile, writeProfiles } from './profiles.ts';
import { ownFolder } from './settings.ts';

interface Options extends AnswerOptions {
  profile: string;
  workspace?: string;
}

export function register(program: Command, context: Context): void {
  addAnswer(program, 'login <url>', 'Sign in to a server with a token; later commands talk to it')
    .option('--profile <name>', 'name of this sign-in, when there are several', 'default')
    .option('--workspace <slug>', 'workspace to act in; a token is bound to one anyway')
    .addHelpText(
      'after',
      '\nThe token is asked for, read from standard input, or taken from MOULIN_TOKEN.\nMake one under My account → My tokens, or on the server with: moulin token create.\n',
    )
    .action(
      alone<Options, [string]>(context, async ({ options, answer }, url) => {
        const token = context.terminal.env.MOULIN_TOKEN || (await askSecret(context, `Token for ${url}`));
        if (token === '') throw fail('cli.not_signed_in', { url });
        const me = await whoIs(url, token);
        const folder = ownFolder(context.terminal.env);
        const { profile: name, workspace } = options;
        writeProfiles(
          folder,
          withProfile(readProfiles(folder), name, { url, token, ...(workspace && { workspace }) }),
        );
        const memberships = me.memberships.map(one => `${one.workspace.slug} (${one.role})`);
        await answer.object({ profile: name, url, name: me.name, kind: me.kind, workspaces: memberships }, [
          ['profile', one => one.profile],
          ['url', one => one.url],
          ['name', one => one.name],
          ['kind', one => one.kind],
          ['workspaces', one => one.workspaces],
        ]);
      }),
    );
}

/** Nothing is kept that does not work. */
async function whoIs(url: string, token: string) {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
    throw fail('cli.usage', { reason: `"${url}" is no http or https address` });
  const client = createClient({ base_url: url, headers: () => ({ authorization: `Bearer ${token}` }) });
  return client['me.show']();
}
